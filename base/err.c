// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line, whatever text went into it. */
static void store_message(struct err *err, const char *text)
{
	snprintf(err->msg, sizeof(err->msg), "%s", text);
	for (char *p = err->msg; *p; p++) {
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	}
}

/* Formatted aside first: the arguments may point into err->msg. */
static void set(struct err *err, enum err_kind kind, int errnum, const char *fmt, va_list ap)
{
	char text[sizeof(err->msg)];
	int len = vsnprintf(text, sizeof(text), fmt, ap);

	if (len < 0)
		len = snprintf(text, sizeof(text), "%s", fmt);
	if (errnum > 0 && (size_t)len < sizeof(text)) {
		char reason[128];

		snprintf(text + len, sizeof(text) - (size_t)len, ": %s",
			 strerror_r(errnum, reason, sizeof(reason)));
	}
	err->kind = kind;
	store_message(err, text);
}

int err_failed(struct err *err, int errnum, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		set(err, ERR_FAILED, errnum, fmt, ap);
		va_end(ap);
	}
	return errnum > 0 ? -errnum : -EIO;
}

int err_usage(struct err *err, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		set(err, ERR_USAGE, 0, fmt, ap);
		va_end(ap);
	}
	return -EINVAL;
}

int err_missing(struct err *err, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		set(err, ERR_MISSING, 0, fmt, ap);
		va_end(ap);
	}
	return -ENOENT;
}

void err_prefix(struct err *err, const char *fmt, ...)
{
	char prefix[256], text[sizeof(err->msg)];
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	/* Cut at the end on purpose where both together are too long. */
	if (snprintf(text, sizeof(text), "%s: %s", prefix, err->msg) >= 0)
		store_message(err, text);
}
