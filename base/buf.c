// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

void buf_init(struct buf *b)
{
	*b = (struct buf)BUF_INIT;
}

void buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

/* Room for len more bytes and the NUL. */
static void reserve(struct buf *b, size_t len)
{
	size_t need = b->len + len + 1;

	if (need <= b->cap)
		return;
	if (need < len)
		abort();

	size_t cap = b->cap ? b->cap : 64;

	while (cap < need)
		cap *= 2;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	reserve(b, len);
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len < 0)
		abort();
	reserve(b, (size_t)len);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
	b->len += (size_t)len;
	va_end(again);
}

/* Length of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7); 0: none. */
static size_t utf8_sequence(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf; /* of the second byte */
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (s[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (s[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (s[0] == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return len;
}

void buf_add_json(struct buf *b, const char *s)
{
	static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* byte, letter, byte, … */
	const unsigned char *p = (const unsigned char *)s;

	buf_adds(b, "\"");
	while (*p) {
		size_t len = utf8_sequence(p);
		const char *escape = NULL;

		for (const char *e = escapes; *e && !escape; e += 2) {
			if (*e == (char)*p)
				escape = e + 1;
		}
		if (escape)
			buf_addf(b, "\\%c", *escape);
		else if (*p < 0x20)
			buf_addf(b, "\\u%04x", *p);
		else if (len)
			buf_add(b, p, len);
		else
			buf_adds(b, "\xef\xbf\xbd"); /* U+FFFD: JSON is UTF-8 */
		p += len ? len : 1;
	}
	buf_adds(b, "\"");
}

int buf_read_fd(struct buf *b, int fd)
{
	buf_add(b, "", 0);
	for (;;) {
		ssize_t n;

		reserve(b, 4096);
		n = read(fd, b->data + b->len, b->cap - b->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	}
}

char *buf_steal(struct buf *b)
{
	char *s;

	buf_add(b, "", 0);
	s = b->data;
	buf_init(b);
	return s;
}
