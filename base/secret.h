/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets, such as a memory server's token: read from a file, never from a command line, never
 * stored, never shown. In option tables they are rows OPT_SECRET (opt.h).
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

#include "buf.h"
#include "err.h"

/* Names of secret options, NULL-ended. Every OPT_SECRET row has one of them (a test holds that). */
extern const char *const secret_names[];

/*
 * The first line of the file at path, of 1 to size - 1 characters, into dst. what: the option that
 * named the file, for messages.
 */
int secret_read(const char *path, char *dst, size_t size, const char *what, struct err *err);

/*
 * Text with the value of each secret replaced by "(hidden)", onto b: in `token=VALUE` to the end of
 * the word, quotes respected, and in the JSON "token":"VALUE". Older versions stored both.
 */
void secret_hide(const char *text, struct buf *b);

#endif
