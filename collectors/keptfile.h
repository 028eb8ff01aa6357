/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel file that is read again and again: no allocation, no lock, no state but the text
 * of the last read. It is opened once and read by pread, unless it refuses that (ESPIPE): debugfs's
 * attributes of one number (debugfs_create_u64() and its like) answer one descriptor once, and are
 * opened anew for each reading. Files of lines there (seq_file) are not of that kind.
 */
#ifndef COLLECTORS_KEPTFILE_H
#define COLLECTORS_KEPTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct keptfile {
	int fd;	    /* the file, or with a name its directory; -1: this machine does not have it */
	char *name; /* opened anew for each reading; NULL: the file is kept open */
	char *data; /* text of the last read, NUL-terminated */
	size_t cap;
};

#define KEPTFILE_NONE                                                                              \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Open dir/name (below the sysroot) and read it once: some files exist and refuse to be read, as
 * pressure does with psi=0. *f is KEPTFILE_NONE unless 0 is returned. -ENOENT (ERR_MISSING): the
 * machine or the run does not have it (dir NULL: no control group), or not for this user. Any other
 * -errno (ERR_FAILED): it should be there, and something is wrong.
 */
int keptfile_open(struct keptfile *f, const char *dir, const char *name, struct err *err);
/* The same for a file that not every machine has: 0 with KEPTFILE_NONE where keptfile_open() says
 * -ENOENT. */
int keptfile_open_if_there(struct keptfile *f, const char *dir, const char *name, struct err *err);
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
