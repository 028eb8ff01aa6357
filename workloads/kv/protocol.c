// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Longer first lines are nobody's. */
#define LINE_MAX_BYTES 512

/* The first line without its end: its length, 0 where it is not whole, or -EPROTO. *ret_used: with it. */
static ssize_t first_line(const char *text, size_t len, size_t *ret_used)
{
	const char *end = memchr(text, '\n', len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES);

	if (!end)
		return len < LINE_MAX_BYTES ? 0 : -EPROTO;
	if (end < text + 2 || end[-1] != '\r')
		return -EPROTO;
	*ret_used = (size_t)(end - text) + 1;
	return end - text - 1;
}

/* All of the word is a number that fits a value's size. */
static bool parse_size_word(const char *word, size_t len, size_t *ret)
{
	size_t n = 0;

	if (!len || len > 7)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		n = n * 10 + (size_t)(word[i] - '0');
	}
	*ret = n;
	return n <= KV_VALUE_MAX;
}

/* A value of `size` bytes at text + at, and `tail` behind it. */
static ssize_t take_value(const char *text, size_t len, size_t at, size_t size, const char *tail,
			  struct kv_answer *ret)
{
	size_t tail_len = strlen(tail);

	if (len < at + size + tail_len)
		return 0;
	if (memcmp(text + at + size, tail, tail_len) != 0)
		return -EPROTO;
	*ret = (struct kv_answer){ KV_VALUE, text + at, size };
	return (ssize_t)(at + size + tail_len);
}

static bool is(const char *text, ssize_t len, const char *word)
{
	return (size_t)len == strlen(word) && memcmp(text, word, (size_t)len) == 0;
}

static bool begins(const char *text, ssize_t len, const char *word)
{
	return (size_t)len >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static ssize_t answer(struct kv_answer *ret, enum kv_kind kind, const char *text, ssize_t line,
		      size_t used)
{
	*ret = (struct kv_answer){ kind, text, (size_t)line };
	return (ssize_t)used;
}

/* --- memcached ------------------------------------------------------------------------------ */

static void memcached_get(struct buf *b, const char key[KV_KEY_BYTES])
{
	buf_add(b, "get ", 4);
	buf_add(b, key, KV_KEY_BYTES);
	buf_add(b, "\r\n", 2);
}

static void memcached_set(struct buf *b, const char key[KV_KEY_BYTES], size_t size)
{
	buf_addf(b, "set %.*s 0 0 %zu\r\n", KV_KEY_BYTES, key, size);
}

/* "VALUE key flags size", and the value, and "END". */
static ssize_t memcached_value(const char *text, size_t len, ssize_t line, size_t used,
			       struct kv_answer *ret)
{
	const char *last = memrchr(text, ' ', (size_t)line);
	size_t size;

	if (!parse_size_word(last + 1, (size_t)(text + line - last - 1), &size))
		return -EPROTO;
	return take_value(text, len, used, size, "\r\nEND\r\n", ret);
}

static ssize_t memcached_parse(const char *text, size_t len, struct kv_answer *ret)
{
	size_t used;
	ssize_t line = first_line(text, len, &used);

	if (line <= 0)
		return line;
	if (begins(text, line, "VALUE "))
		return memcached_value(text, len, line, used, ret);
	if (is(text, line, "STORED"))
		return answer(ret, KV_STORED, text, line, used);
	if (is(text, line, "END"))
		return answer(ret, KV_MISS, text, line, used);
	if (is(text, line, "ERROR") || is(text, line, "NOT_STORED") ||
	    begins(text, line, "SERVER_ERROR ") || begins(text, line, "CLIENT_ERROR "))
		return answer(ret, KV_REFUSED, text, line, used);
	return -EPROTO;
}

const struct kv_protocol kv_memcached = {
	.get = memcached_get,
	.set = memcached_set,
	.parse = memcached_parse,
};

/* --- redis ---------------------------------------------------------------------------------- */

static void resp_get(struct buf *b, const char key[KV_KEY_BYTES])
{
	static const char head[] = "*2\r\n$3\r\nGET\r\n$16\r\n";

	_Static_assert(KV_KEY_BYTES == 16, "stands in the request");
	buf_add(b, head, sizeof(head) - 1);
	buf_add(b, key, KV_KEY_BYTES);
	buf_add(b, "\r\n", 2);
}

static void resp_set(struct buf *b, const char key[KV_KEY_BYTES], size_t size)
{
	buf_addf(b, "*3\r\n$3\r\nSET\r\n$%d\r\n%.*s\r\n$%zu\r\n", KV_KEY_BYTES, KV_KEY_BYTES, key,
		 size);
}

static ssize_t resp_parse(const char *text, size_t len, struct kv_answer *ret)
{
	size_t used, size;
	ssize_t line = first_line(text, len, &used);

	if (line <= 0)
		return line;
	if (is(text, line, "+OK"))
		return answer(ret, KV_STORED, text, line, used);
	if (is(text, line, "$-1"))
		return answer(ret, KV_MISS, text, line, used);
	if (text[0] == '-')
		return answer(ret, KV_REFUSED, text + 1, line - 1, used);
	if (text[0] == '$' && parse_size_word(text + 1, (size_t)line - 1, &size))
		return take_value(text, len, used, size, "\r\n", ret);
	return -EPROTO;
}

const struct kv_protocol kv_resp = {
	.get = resp_get,
	.set = resp_set,
	.parse = resp_parse,
};
