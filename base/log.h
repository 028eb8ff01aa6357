/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to stderr; stdout carries results only. Used by harness/ and main programs, never by
 * library code (see err.h). One line a call, no trailing newline in fmt.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_QUIET = 0, LOG_NORMAL = 1, LOG_VERBOSE = 2 };

void log_set_level(enum log_level level);

/* Always shown, prefixed "fmbench: ". */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "fmbench: warning: "; every warning names a next step. Not with -q. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Only with -v. */
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * One line that rewrites itself, not with -q; NULL clears it. Any other message clears it first.
 * Where stderr is no terminal: a line of its own, once nothing was printed for a minute.
 */
void log_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* That minute, for who can't wait. */
void log_set_patience_ns(uint64_t ns);
/* Is there one who sees that line? */
bool log_progress_shown(void);

/* Bytes of another program's output, as they are. */
void log_output(const char *bytes, size_t len);

/* Colours on this stream? A terminal and no NO_COLOR (https://no-color.org). */
bool log_colour(int fd);

#endif
