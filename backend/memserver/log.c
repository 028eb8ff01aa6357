// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/memserver/log.h"

#include <stdarg.h>
#include <stdio.h>

void say(const char *fmt, ...)
{
	char line[1280];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "memserver: %s\n", line);
}
