/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel logs from some moment on. */
#ifndef BASE_KMSG_H
#define BASE_KMSG_H

/* More than any record takes (CONSOLE_EXT_LOG_MAX): a read into less fails. */
#define KMSG_RECORD_MAX 8192

/* From now on. A descriptor that the caller closes, or -1 where /dev/kmsg may not be read. */
int kmsg_open(void);

/* The next line, within record; NULL when there is none yet, or fd is -1. */
const char *kmsg_next(int fd, char record[KMSG_RECORD_MAX]);

#endif
