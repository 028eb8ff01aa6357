/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel file that is opened once and read again and again: pread to its end, no
 * allocation, no lock, no state but the text of the last read.
 */
#ifndef COLLECTORS_KEPTFILE_H
#define COLLECTORS_KEPTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct keptfile {
	int fd;	    /* -1: this machine does not have it */
	char *data; /* text of the last read, NUL-terminated */
	size_t cap;
};

#define KEPTFILE_NONE                                                                              \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Open dir/name (below the sysroot) and read it once: some files exist and refuse to be read, as
 * pressure does with psi=0. -ENOENT (ERR_MISSING) for any reason why it can't be read, dir NULL
 * (the run has no control group) among them; *f is then KEPTFILE_NONE.
 */
int keptfile_open(struct keptfile *f, const char *dir, const char *name, struct err *err);
/* 0, or -errno: -ENODEV where its control group was removed; -EMSGSIZE when it outgrew the buffer,
 * which no change of its numbers can do. */
int keptfile_read(struct keptfile *f);
void keptfile_close(struct keptfile *f);

/*
 * The number at *text after blanks, on this line, followed by white space or the end; *text is then
 * behind it. False, *ret_value and *text unchanged, where there is none or it exceeds 64 bits.
 */
bool keptfile_parse_u64(const char **text, uint64_t *ret_value);
/*
 * Read a file that holds one number, or does not exist (*have false). A text that is no number is
 * absent too. Returns 0 or -errno.
 */
int keptfile_read_u64(struct keptfile *f, uint64_t *value, bool *have);

#endif
