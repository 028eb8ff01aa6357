// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static enum log_level log_level = LOG_NORMAL;
static uint64_t patience_ns = 60 * NSEC_PER_SEC;
/* Under flockfile(stderr). */
static bool progress_shown;
static uint64_t last_ns; /* of the last line; 0: none yet */

void log_set_level(enum log_level level)
{
	log_level = level;
}

static void clear_progress(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

/* One fputs() a line, so that lines of several threads or processes stay whole. */
static void print(const char *prefix, const char *fmt, va_list ap)
{
	struct buf line = BUF_INIT;

	buf_adds(&line, prefix);
	buf_vaddf(&line, fmt, ap);
	buf_adds(&line, "\n");
	flockfile(stderr);
	clear_progress();
	fputs(line.data, stderr);
	fflush(stderr);
	last_ns = clock_ns();
	funlockfile(stderr);
	buf_release(&line);
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("fmbench: ", fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	print("fmbench: warning: ", fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	print("", fmt, ap);
	va_end(ap);
}

void log_verbose(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	print("", fmt, ap);
	va_end(ap);
}

/* A line that wraps could not be taken back. */
static int terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
		return 80;
	return size.ws_col;
}

void log_set_patience_ns(uint64_t ns)
{
	patience_ns = ns;
}

bool log_progress_shown(void)
{
	return log_level >= LOG_NORMAL && isatty(STDERR_FILENO);
}

/* Nobody sees a line that rewrites itself; a log that says nothing for long looks dead. */
static void progress_by_the_minute(const char *fmt, va_list ap)
{
	if (!last_ns)
		last_ns = clock_ns();
	if (fmt && clock_ns() - last_ns >= patience_ns)
		print("", fmt, ap);
}

void log_progress(const char *fmt, ...)
{
	if (log_level < LOG_NORMAL)
		return;
	if (!isatty(STDERR_FILENO)) {
		va_list ap;

		va_start(ap, fmt);
		progress_by_the_minute(fmt, ap);
		va_end(ap);
		return;
	}
	flockfile(stderr);
	clear_progress();
	if (fmt) {
		struct buf line = BUF_INIT;
		va_list ap;

		va_start(ap, fmt);
		buf_vaddf(&line, fmt, ap);
		va_end(ap);
		fprintf(stderr, "%.*s", terminal_columns() - 1, line.data);
		buf_release(&line);
		progress_shown = true;
	}
	fflush(stderr);
	funlockfile(stderr);
}

void log_output(const char *bytes, size_t len)
{
	flockfile(stderr);
	clear_progress();
	fwrite(bytes, 1, len, stderr);
	fflush(stderr);
	funlockfile(stderr);
}

bool log_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");

	return (!no_color || !*no_color) && isatty(fd);
}
