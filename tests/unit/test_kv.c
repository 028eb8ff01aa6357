// SPDX-License-Identifier: GPL-2.0-or-later
/* Workload kv's values and protocols. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workloads/kv/connection.h"
#include "workloads/kv/protocol.h"
#include "workloads/kv/record.h"

#define KEY  0x123456789abull
#define SIZE 150

static void sizes_are_parsed(void **state)
{
	struct kv_sizes s;
	struct err err = { 0 };
	static const char *const bad[] = { "",	    "0",     "15",  "1M",  "16-",     "-16",
					   "4K-16", "1K-1M", "ETC", "1K ", "1K-2K-3K" };

	(void)state;
	assert_int_equal(kv_sizes_parse("1K", &s, &err), 0);
	assert_int_equal(kv_size(&s, 1, 7), 1024);
	assert_int_equal(kv_sizes_parse("16-4K", &s, &err), 0);
	for (uint64_t key = 0; key < 1000; key++)
		assert_in_range(kv_size(&s, 1, key), 16, 4096);
	assert_int_equal(kv_size(&s, 1, 5), kv_size(&s, 1, 5));
	assert_int_not_equal(kv_size(&s, 1, 5), kv_size(&s, 2, 5));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(kv_sizes_parse(bad[i], &s, &err) < 0);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void sizes_have_the_stated_mean(void **state)
{
	static const char *const texts[] = { "16-4K", "etc" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct kv_sizes s;
		double sum = 0;
		int n = 200000;

		assert_int_equal(kv_sizes_parse(texts[i], &s, NULL), 0);
		for (int key = 0; key < n; key++)
			sum += (double)kv_size(&s, 3, (uint64_t)key);
		sum /= n * kv_mean_size(&s);
		assert_true(sum > 0.97 && sum < 1.03);
	}
}

/* Whichever byte is wrong. */
static void a_wrong_byte_is_seen(void **state)
{
	static const double compressible[] = { 0, 0.5, 1 };

	(void)state;
	for (int k = 0; k < 3; k++) {
		unsigned char value[SIZE];
		uint32_t version = 0;

		kv_fill(value, SIZE, KEY, 77, compressible[k]);
		assert_true(kv_check(value, SIZE, KEY, compressible[k], &version));
		assert_int_equal(version, 77);
		assert_false(kv_check(value, SIZE, KEY + 1, compressible[k], &version));
		assert_false(kv_check(value, SIZE - 1, KEY, compressible[k], &version));
		for (int i = 0; i < SIZE; i++) {
			bool same_version;

			value[i] ^= 0x10;
			same_version = kv_check(value, SIZE, KEY, compressible[k], &version);
			/* Where all follows from the head a wrong version is a version. */
			assert_true(!same_version || version != 77);
			value[i] ^= 0x10;
		}
	}
}

/* The answer is whole with its last byte, not before, and what follows is not touched. */
static void takes(const struct kv_protocol *p, const char *text, enum kv_kind kind,
		  const char *words)
{
	struct kv_answer a = { 0 };
	size_t len = strlen(text);
	char more[256];

	for (size_t n = 0; n < len; n++)
		assert_int_equal(p->parse(text, n, &a), 0);
	assert_int_equal(p->parse(text, len, &a), len);
	assert_int_equal(a.kind, kind);
	assert_int_equal(a.size, strlen(words));
	assert_memory_equal(a.text, words, a.size);
	snprintf(more, sizeof(more), "%s%s", text, text);
	assert_int_equal(p->parse(more, 2 * len, &a), len);
}

static void garbage(const struct kv_protocol *p, const char *text)
{
	struct kv_answer a;

	assert_int_equal(p->parse(text, strlen(text), &a), -EPROTO);
}

static void memcached_answers(void **state)
{
	(void)state;
	takes(&kv_memcached, "STORED\r\n", KV_STORED, "STORED");
	takes(&kv_memcached, "END\r\n", KV_END, "END");
	takes(&kv_memcached, "VALUE k0000123456789ab 0 5\r\nab\r\nc\r\n", KV_VALUE, "ab\r\nc");
	takes(&kv_memcached, "SERVER_ERROR out of memory storing object\r\n", KV_REFUSED,
	      "SERVER_ERROR out of memory storing object");
	garbage(&kv_memcached, "VALUE k0000123456789ab 0 5\r\nabcdefghijklmnop");
	garbage(&kv_memcached, "VALUE k0000123456789ab 0 99999999\r\n");
	garbage(&kv_memcached, "VALUE k0000123456789ab 0 \r\n");
	garbage(&kv_memcached, "VALUE k000 0 5\r\nabcde\r\n");
	garbage(&kv_memcached, "VALUE k0000123456789abc 0 5\r\nabcde\r\n");
	garbage(&kv_memcached, "\r\n");
	garbage(&kv_memcached, "STORED\n");
	garbage(&kv_memcached, "HTTP/1.1 400 Bad Request\r\n");
}

static void redis_answers(void **state)
{
	(void)state;
	takes(&kv_resp, "+OK\r\n", KV_STORED, "+OK");
	takes(&kv_resp, "$-1\r\n", KV_MISS, "$-1");
	takes(&kv_resp, "$5\r\nab\r\nc\r\n", KV_VALUE, "ab\r\nc");
	takes(&kv_resp, "-OOM command not allowed\r\n", KV_REFUSED, "OOM command not allowed");
	garbage(&kv_resp, "$5\r\nabcdefghijk");
	garbage(&kv_resp, "$-2\r\n");
	garbage(&kv_resp, ":1\r\n");
	garbage(&kv_resp, "*\r\n");
}

static void a_line_has_an_end(void **state)
{
	char line[1024];
	struct kv_answer a;

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(kv_resp.parse(line, 100, &a), 0);
	assert_int_equal(kv_resp.parse(line, sizeof(line), &a), -EPROTO);
}

static void requests_are_what_the_protocols_say(void **state)
{
	char keys[2 * KV_KEY_BYTES];
	struct buf b = BUF_INIT;

	(void)state;
	kv_key(keys, KEY);
	kv_key(keys + KV_KEY_BYTES, 1);
	kv_memcached.get(&b, keys, 1);
	kv_memcached.set(&b, keys, 300);
	kv_memcached.get(&b, keys, 2);
	assert_string_equal(b.data, "get k0000123456789ab\r\nset k0000123456789ab 0 0 300\r\n"
				    "get k0000123456789ab k000000000000001\r\n");
	buf_reset(&b);
	kv_resp.get(&b, keys, 1);
	assert_string_equal(b.data, "*2\r\n$3\r\nGET\r\n$16\r\nk0000123456789ab\r\n");
	buf_reset(&b);
	kv_resp.get(&b, keys, 2);
	assert_string_equal(b.data, "*3\r\n$4\r\nMGET\r\n$16\r\nk0000123456789ab\r\n"
				    "$16\r\nk000000000000001\r\n");
	buf_reset(&b);
	kv_resp.set(&b, keys, 300);
	assert_string_equal(b.data, "*3\r\n$3\r\nSET\r\n$16\r\nk0000123456789ab\r\n$300\r\n");
	buf_release(&b);
}

/* --- a connection --------------------------------------------------------------------------- */

/* What the client is told, as text: "3=value ", "3 missing ", "done ". */
static char told[512];

static void tell_key(void *arg, const struct kv_request *r, const struct kv_answer *a)
{
	size_t len = strlen(told);

	(void)arg;
	if (a->kind == KV_VALUE)
		snprintf(told + len, sizeof(told) - len, "%d=%.*s ", (int)r->key, (int)a->size,
			 a->text);
	else
		snprintf(told + len, sizeof(told) - len, "%d %s ", (int)r->key,
			 a->kind == KV_MISS	? "missing"
			 : a->kind == KV_STORED ? "stored"
						: "refused");
}

static void tell_done(void *arg, const struct kv_request *r, uint64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "done%d ", (int)r->meant_ns);
}

/* A get of keys 1, 2 and 3, a set of 4 and a get of 5 are asked, and that is answered, in two halves
 * cut anywhere. `how` is what the client is told, or NULL: that is no answer. */
static void answered(const struct kv_protocol *p, const char *text, const char *how)
{
	const struct kv_request three[] = { { .key = 1, .meant_ns = 7 },
					    { .key = 2 },
					    { .key = 3 } };
	const struct kv_request four = { .key = 4, .meant_ns = 8, .set = true };
	const struct kv_request five = { .key = 5, .meant_ns = 9 };
	const struct kv_taker taker = { tell_key, tell_done, NULL };

	for (size_t cut = 1; cut < strlen(text); cut++) {
		struct kv_request ring[64];
		struct kv_connection c = { .protocol = p, .ring = ring, .depth = 64 };
		struct kv_inbox in;
		struct err err;
		int fds[2], rc;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		c.fd = fds[0];
		kv_inbox_init(&in, 1024);
		kv_write_get(&c, three, 3);
		kv_write_set(&c, &four, "value", 5);
		kv_write_get(&c, &five, 1);
		assert_int_equal(c.waiting, 3);
		*told = '\0';
		assert_int_equal(write(fds[1], text, cut), cut);
		rc = kv_receive(&c, &in, &taker, &err);
		assert_int_equal(write(fds[1], text + cut, strlen(text) - cut), strlen(text) - cut);
		if (!rc)
			rc = kv_receive(&c, &in, &taker, &err);
		assert_int_equal(rc, how ? 0 : -EPROTO);
		if (how) {
			assert_string_equal(told, how);
			assert_true(c.waiting == 0 && c.head == c.tail);
		}
		c.ring = NULL;
		kv_disconnect(&c);
		close(fds[1]);
		kv_inbox_release(&in);
	}
}

#define K(n) "k00000000000000" #n

static void several_keys_are_answered(void **state)
{
	(void)state;
	answered(&kv_memcached,
		 "VALUE " K(1) " 0 1\r\na\r\nVALUE " K(3) " 0 1\r\nc\r\nEND\r\nSTORED\r\nEND\r\n",
		 "1=a 2 missing 3=c done7 4 stored done8 5 missing done9 ");
	answered(&kv_memcached,
		 "VALUE " K(2) " 0 1\r\nb\r\nEND\r\nSERVER_ERROR full\r\nVALUE " K(
			 5) " 0 1\r\ne\r\nEND\r\n",
		 "1 missing 2=b 3 missing done7 4 refused done8 5=e done9 ");
	answered(&kv_resp, "*3\r\n$1\r\na\r\n$-1\r\n$1\r\nc\r\n+OK\r\n$1\r\ne\r\n",
		 "1=a 2 missing 3=c done7 4 stored done8 5=e done9 ");
	answered(&kv_resp, "-OOM\r\n+OK\r\n$-1\r\n",
		 "1 refused done7 4 stored done8 5 missing done9 ");
	/* A key that nobody asked for goes to the next, whose value it is not. */
	answered(&kv_memcached, "VALUE " K(9) " 0 1\r\nx\r\nEND\r\nSTORED\r\nEND\r\n",
		 "1=x 2 missing 3 missing done7 4 stored done8 5 missing done9 ");
	/* More values than keys, fewer in the list, an answer to something else. */
	answered(&kv_memcached,
		 "VALUE " K(1) " 0 1\r\na\r\nVALUE " K(2) " 0 1\r\na\r\nVALUE " K(
			 3) " 0 1\r\na\r\nVALUE " K(4) " 0 1\r\na\r\n",
		 NULL);
	answered(&kv_resp, "*2\r\n$1\r\na\r\n", NULL);
	answered(&kv_resp, "+OK\r\n$1\r\na\r\n", NULL);
}

static void seconds_add_up(void **state)
{
	struct kv_record r = { .origin_ns = 5000000000 };
	struct kv_second sum = kv_second_new();

	(void)state;
	for (uint64_t at = 0; at < 40; at++) {
		struct kv_second *s = kv_record_at(&r, r.origin_ns + at * 100000000);

		s->offered++;
		hist_add(s->latency, 1000 * at);
	}
	kv_record_sum(&r, 1, 2, &sum);
	assert_int_equal(sum.offered, 20);
	assert_int_equal(sum.latency->min, 10000);
	assert_int_equal(sum.latency->max, 29000);
	/* As far as there are any. */
	kv_record_sum(&r, 3, 9, &sum);
	assert_int_equal(sum.offered, 30);
	kv_second_release(&sum);
	kv_record_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_parsed),
		cmocka_unit_test(sizes_have_the_stated_mean),
		cmocka_unit_test(a_wrong_byte_is_seen),
		cmocka_unit_test(memcached_answers),
		cmocka_unit_test(redis_answers),
		cmocka_unit_test(a_line_has_an_end),
		cmocka_unit_test(requests_are_what_the_protocols_say),
		cmocka_unit_test(several_keys_are_answered),
		cmocka_unit_test(seconds_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
