/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing, always NUL-terminated byte buffer. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdarg.h>

struct buf {
	char *data; /* data[len] == '\0' once anything was added; NULL before */
	size_t len; /* without the NUL */
	size_t cap;
};

#define BUF_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

void buf_init(struct buf *b);
void buf_release(struct buf *b);
/* Forget the content, keep the memory. */
void buf_reset(struct buf *b);

/* Out of memory aborts: nothing in fmbench can go on without a few hundred bytes. */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap);
/* JSON string with quotes and escapes (RFC 8259). */
void buf_add_json(struct buf *b, const char *s);

/* Append everything up to end of file. Returns 0 or -errno. */
int buf_read_fd(struct buf *b, int fd);
/* The content as a heap string owned by the caller; b is empty afterwards. Never NULL. */
char *buf_steal(struct buf *b);

#endif
