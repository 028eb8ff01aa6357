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

/* A value of `size` bytes at text + at, and the end of its line. */
static ssize_t take_value(const char *text, size_t len, size_t at, size_t size,
			  struct kv_answer *ret)
{
	if (len < at + size + 2)
		return 0;
	if (text[at + size] != '\r' || text[at + size + 1] != '\n')
		return -EPROTO;
	*ret = (struct kv_answer){ KV_VALUE, text + at, size, NULL };
	return (ssize_t)(at + size + 2);
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
	*ret = (struct kv_answer){ kind, text, (size_t)line, NULL };
	return (ssize_t)used;
}

/* A number in decimal. */
static void add_number(struct buf *b, size_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	buf_add(b, digits + at, sizeof(digits) - at);
}

#define ADD(b, text) buf_add(b, text, sizeof(text) - 1)

/* --- memcached ------------------------------------------------------------------------------ */

static void memcached_get(struct buf *b, const char *keys, size_t nr)
{
	ADD(b, "get");
	for (size_t i = 0; i < nr; i++) {
		ADD(b, " ");
		buf_add(b, keys + i * KV_KEY_BYTES, KV_KEY_BYTES);
	}
	ADD(b, "\r\n");
}

static void memcached_set(struct buf *b, const char key[KV_KEY_BYTES], size_t size)
{
	ADD(b, "set ");
	buf_add(b, key, KV_KEY_BYTES);
	ADD(b, " 0 0 ");
	add_number(b, size);
	ADD(b, "\r\n");
}

/* "VALUE key flags size", and the value. */
static ssize_t memcached_value(const char *text, size_t len, ssize_t line, size_t used,
			       struct kv_answer *ret)
{
	const size_t key_at = strlen("VALUE ");
	const char *last = memrchr(text, ' ', (size_t)line);
	size_t size;
	ssize_t n;

	if ((size_t)line < key_at + KV_KEY_BYTES || text[key_at + KV_KEY_BYTES] != ' ' ||
	    !parse_size_word(last + 1, (size_t)(text + line - last - 1), &size))
		return -EPROTO;
	n = take_value(text, len, used, size, ret);
	ret->key = text + key_at;
	return n;
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
		return answer(ret, KV_END, text, line, used);
	if (is(text, line, "ERROR") || is(text, line, "NOT_STORED") ||
	    begins(text, line, "SERVER_ERROR ") || begins(text, line, "CLIENT_ERROR "))
		return answer(ret, KV_REFUSED, text, line, used);
	return -EPROTO;
}

const struct kv_protocol kv_memcached = {
	.has_end = true,
	.get = memcached_get,
	.set = memcached_set,
	.parse = memcached_parse,
};

/* --- redis ---------------------------------------------------------------------------------- */

static void resp_add_bulk(struct buf *b, const char *bytes, size_t size)
{
	ADD(b, "$");
	add_number(b, size);
	ADD(b, "\r\n");
	buf_add(b, bytes, size);
	ADD(b, "\r\n");
}

static void resp_get(struct buf *b, const char *keys, size_t nr)
{
	ADD(b, "*");
	add_number(b, nr + 1);
	if (nr == 1)
		ADD(b, "\r\n$3\r\nGET\r\n");
	else
		ADD(b, "\r\n$4\r\nMGET\r\n");
	for (size_t i = 0; i < nr; i++)
		resp_add_bulk(b, keys + i * KV_KEY_BYTES, KV_KEY_BYTES);
}

static void resp_set(struct buf *b, const char key[KV_KEY_BYTES], size_t size)
{
	ADD(b, "*3\r\n$3\r\nSET\r\n");
	resp_add_bulk(b, key, KV_KEY_BYTES);
	ADD(b, "$");
	add_number(b, size);
	ADD(b, "\r\n");
}

static ssize_t resp_list(const char *text, ssize_t line, size_t used, struct kv_answer *ret)
{
	size_t nr;

	if (!parse_size_word(text + 1, (size_t)line - 1, &nr))
		return -EPROTO;
	*ret = (struct kv_answer){ KV_LIST, text, nr, NULL };
	return (ssize_t)used;
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
		return take_value(text, len, used, size, ret);
	if (text[0] == '*')
		return resp_list(text, line, used, ret);
	return -EPROTO;
}

const struct kv_protocol kv_resp = {
	.get = resp_get,
	.set = resp_set,
	.parse = resp_parse,
};
