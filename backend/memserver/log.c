// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/memserver/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

#define SPARING_LINES 10
#define SPARING_NS    (10 * NSEC_PER_SEC)

static uint64_t sparing_since_ns;
static unsigned int told, left_out;

static void print(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static void print(const char *fmt, va_list ap)
{
	char line[1280];

	vsnprintf(line, sizeof(line), fmt, ap);
	flockfile(stderr);
	fputs("memserver: ", stderr);
	for (const char *at = line; *at; at++)
		fprintf(stderr, *at >= ' ' && *at <= '~' ? "%c" : "\\x%02x", (unsigned char)*at);
	fputc('\n', stderr);
	funlockfile(stderr);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
}

void say_left_out(void)
{
	if (clock_ns() - sparing_since_ns < SPARING_NS)
		return;
	if (left_out)
		say("%u more refused in these ten seconds", left_out);
	sparing_since_ns = clock_ns();
	told = left_out = 0;
}

void say_sparingly(const char *fmt, ...)
{
	va_list ap;

	say_left_out();
	if (told == SPARING_LINES) {
		left_out++;
		return;
	}
	told++;
	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
}
