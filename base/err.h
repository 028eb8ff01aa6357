/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors: library code neither prints nor exits. It returns a negative errno and fills the
 * caller's struct err with one sentence that names the file or value and the next step. A cmd_*
 * reports it once and turns its kind into the exit code.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <errno.h>

enum err_kind {
	ERR_NONE = 0,
	ERR_FAILED = 1,	   /* it was tried and did not work: exit 1 */
	ERR_USAGE = 2,	   /* the caller asked for something senseless: exit 2 */
	ERR_MISSING = 3,   /* a program, device or right that is needed is not there: exit 3 */
	ERR_UNTRUSTED = 7, /* finished, but its numbers are not to be trusted: exit 7 */
};

struct err {
	enum err_kind kind;
	char msg[1024]; /* one line, no trailing newline */
};

/*
 * What err holds counts only where an error was returned: a callee may have filled it, and its
 * caller gone on all the same (a collector that this machine lacks). Ask the return value, never msg.
 *
 * Each fills *err (unless NULL) and returns the negative errno to pass on: err_failed() -errnum,
 * appending ": strerror" when errnum is above 0 (errnum 0 gives -EIO without a suffix);
 * err_usage() -EINVAL; err_missing() -ENOENT.
 */
int err_failed(struct err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int err_usage(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_missing(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " before the message that is already there. */
void err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
