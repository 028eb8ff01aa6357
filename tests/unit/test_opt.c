// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <math.h>

#include "base/names.h"
#include "base/opt.h"

struct params {
	bool verify;
	uint64_t threads, memory_bytes, time_ns, any;
	double get_share;
	char *path, *order;
};

static const struct opt opts[] = {
	OPT_BOOL("verify", struct params, verify, "no", "check each value"),
	OPT_U64("threads", struct params, threads, "4", 1, 64, "client threads"),
	OPT_SIZE("value-size", struct params, memory_bytes, "512M", 1 << 20, 1ull << 40, "store"),
	OPT_DURATION("time", struct params, time_ns, "10s", 1e6, 3600e9, "measured"),
	OPT_DOUBLE("get-share", struct params, get_share, "0.95", 0, 1, "gets among requests"),
	OPT_STRING("path", struct params, path, NULL, "where"),
	OPT_CHOICE("order", struct params, order, "random", "random|sequential", "of keys"),
	{ .name = "any", .type = OPT_T_U64, .offset = offsetof(struct params, any) },
	OPT_END
};

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "4096B", 0, 4096 },
		{ "64K", 0, 65536 },
		{ "64k", 0, 65536 },
		{ "64KB", 0, 65536 },
		{ "64KiB", 0, 65536 },
		{ "1.5G", 0, 1610612736 },
		{ "0.3G", 0, 322122547 },
		{ "0.7K", 0, 717 },
		{ "2T", 0, 2ull << 40 },
		{ "15E", 0, 15ull << 60 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "16E", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1KK", -EINVAL, 0 },
		{ "1iB", -EINVAL, 0 },
		{ "1Q", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ "1.K", -EINVAL, 0 },
		{ ".5K", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1KiBs", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 0;
		int rc = parse_size(cases[i].text, &bytes);

		if (rc != cases[i].rc || bytes != cases[i].bytes)
			fail_msg("parse_size(\"%s\") = %d, %ju", cases[i].text, rc,
				 (uintmax_t)bytes);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t ns;
	} cases[] = {
		{ "500ms", 0, 500000000 },
		{ "10", 0, 10000000000 },
		{ "0.1", 0, 100000000 },
		{ "10s", 0, 10000000000 },
		{ "2m", 0, 120000000000 },
		{ "1.5h", 0, 5400000000000 },
		{ "3us", 0, 3000 },
		{ "7ns", 0, 7 },
		{ "18446744073709551615ns", 0, UINT64_MAX },
		{ "18446744074", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "1min", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = 0;
		int rc = parse_duration(cases[i].text, &ns);

		if (rc != cases[i].rc || ns != cases[i].ns)
			fail_msg("parse_duration(\"%s\") = %d, %ju", cases[i].text, rc,
				 (uintmax_t)ns);
	}
}

static void test_numbers(void **state)
{
	uint64_t u = 42;
	double d = 42;
	bool b = true;

	(void)state;
	assert_int_equal(parse_u64("18446744073709551615", &u), 0);
	assert_int_equal(u, UINT64_MAX);
	assert_int_equal(parse_u64("18446744073709551616", &u), -ERANGE);
	assert_int_equal(parse_u64("1x", &u), -EINVAL);
	assert_int_equal(parse_u64("-1", &u), -EINVAL);
	assert_int_equal(parse_u64("", &u), -EINVAL);
	assert_int_equal(u, UINT64_MAX);

	assert_int_equal(parse_double("-2.5e-1", &d), 0);
	assert_true(d == -0.25);
	assert_int_equal(parse_double("1e999", &d), -ERANGE);
	assert_int_equal(parse_double("nan", &d), -EINVAL);
	assert_int_equal(parse_double("inf", &d), -EINVAL);
	assert_int_equal(parse_double("0x1p3", &d), -EINVAL);
	assert_int_equal(parse_double("1.0.0", &d), -EINVAL);
	assert_int_equal(parse_double("e", &d), -EINVAL);
	assert_int_equal(parse_double("", &d), -EINVAL);
	assert_true(d == -0.25);

	assert_int_equal(parse_bool("Off", &b), 0);
	assert_false(b);
	assert_int_equal(parse_bool("yes", &b), 0);
	assert_true(b);
	assert_int_equal(parse_bool("2", &b), -EINVAL);
	assert_int_equal(parse_bool("", &b), -EINVAL);
}

static void test_format_size(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1023, "1023" },
		{ 1024, "1K" },
		{ 17715, "17.3K" },
		{ 512ull << 20, "512M" },
		{ 3ull << 29, "1.5G" },
		{ (1ull << 20) - 1, "1M" }, /* not 1024K */
		{ UINT64_MAX, "16E" },
	};
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		format_size(text, sizeof(text), cases[i].bytes);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_host_and_port(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} cases[] = {
		{ "10.0.0.2:50001", "10.0.0.2", "50001" },
		{ "10.0.0.2", "10.0.0.2", NULL },
		{ "50001", "50001", NULL },
		{ "[fd00::2]:50001", "fd00::2", "50001" },
		{ "[fd00::2]", "fd00::2", NULL },
		{ "host:", "host", "" },
	};
	char host[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *port = split_host_port(cases[i].text, host, sizeof(host));

		assert_string_equal(host, cases[i].host);
		assert_int_equal(port == NULL, cases[i].port == NULL);
		if (port)
			assert_string_equal(port, cases[i].port);
	}
}

static void test_defaults(void **state)
{
	struct params p = { 0 };

	(void)state;
	opt_defaults(opts, &p);
	assert_false(p.verify);
	assert_int_equal(p.threads, 4);
	assert_int_equal(p.memory_bytes, 512 << 20);
	assert_int_equal(p.time_ns, 10000000000);
	assert_true(p.get_share == 0.95);
	assert_null(p.path);
	assert_string_equal(p.order, "random");
	assert_int_equal(p.any, 0);
	opt_release(opts, &p);
	assert_null(p.order);
}

static void test_set(void **state)
{
	struct params p = { 0 };
	struct err err;

	(void)state;
	opt_defaults(opts, &p);
	assert_int_equal(opt_set_pair(opts, &p, "value_size=2G", "w", &err), 0);
	assert_int_equal(p.memory_bytes, 2ull << 30);
	assert_int_equal(opt_set_pair(opts, &p, "verify", "w", &err), 0);
	assert_true(p.verify);
	assert_int_equal(opt_set_pair(opts, &p, "path=a=b", "w", &err), 0);
	assert_string_equal(p.path, "a=b");
	assert_int_equal(opt_set_pair(opts, &p, "path=", "w", &err), 0);
	assert_null(p.path);
	assert_int_equal(opt_set(opts, &p, "order", "sequential", "w", &err), 0);
	assert_string_equal(p.order, "sequential");
	assert_int_equal(opt_set(opts, &p, "any", "18446744073709551615", "w", &err), 0);
	assert_int_equal(p.any, UINT64_MAX);
	opt_release(opts, &p);
}

/* What is refused changes nothing and says why. */
static void test_refused(void **state)
{
	static const struct {
		const char *pair, *says;
	} cases[] = {
		{ "threads=4x", "'4x' is not a whole number" },
		{ "threads=0", "out of range: give 1 to 64" },
		{ "threads=65", "out of range: give 1 to 64" },
		{ "threads=99999999999999999999", "too large" },
		{ "threads=", "not a whole number" },
		{ "threads", "needs a value" },
		{ "value-size=1K", "give 1M to 1T" },
		{ "value-size=2Q", "512M" },
		{ "time=2h", "give 1ms to 1h" },
		{ "get-share=1.01", "give 0 to 1" },
		{ "get-share=nan", "not a number" },
		{ "verify=maybe", "yes or no" },
		{ "order=rand", "none of random|sequential" },
		{ "order=random|sequential", "none of random|sequential" },
		{ "order=", "none of random|sequential" },
		{ "order", "order=random|sequential" },
		{ "tread=1", "did you mean 'threads'?" },
		{ "THREADS=1", "did you mean 'threads'?" },
		{ "zzzzzz=1", "it has verify, threads, value-size, " },
		{ "", "has no option ''" },
	};
	struct params p = { 0 };
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct err err;

	(void)state;
	opt_defaults(opts, &p);
	opt_json(opts, &p, &before);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(opt_set_pair(opts, &p, cases[i].pair, "workload w", &err),
				 -EINVAL);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_memory_equal(err.msg, "workload w", 10);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].pair, err.msg,
				 cases[i].says);
	}
	opt_json(opts, &p, &after);
	assert_string_equal(before.data, after.data);
	buf_release(&before);
	buf_release(&after);
	opt_release(opts, &p);

	assert_int_equal(opt_set_pair(NULL, NULL, "x=1", "workload null", &err), -EINVAL);
	assert_string_equal(err.msg, "workload null has no options, so no 'x' either");
}

static void test_json(void **state)
{
	struct params p = { 0 };
	struct buf b = BUF_INIT;
	struct err err;

	(void)state;
	opt_defaults(opts, &p);
	assert_int_equal(opt_set_pair(opts, &p, "time=1.25s", "w", &err), 0);
	opt_json(opts, &p, &b);
	assert_string_equal(b.data, "{\"verify\":false,\"threads\":4,\"value-size\":536870912,"
				    "\"time\":1.25,\"get-share\":0.95,\"path\":null,"
				    "\"order\":\"random\",\"any\":0}");
	buf_reset(&b);
	p.time_ns = 10000000000;
	assert_int_equal(opt_set_pair(opts, &p, "path=a\"b", "w", &err), 0);
	opt_json(opts, &p, &b);
	assert_non_null(strstr(b.data, "\"time\":10,"));
	assert_non_null(strstr(b.data, "\"path\":\"a\\\"b\""));
	buf_reset(&b);
	opt_json(NULL, NULL, &b);
	assert_string_equal(b.data, "{}");
	buf_release(&b);
	opt_release(opts, &p);
}

/* Setting what opt_format() says gives the same value. */
static void test_format_is_exact(void **state)
{
	static const struct opt plain[] = {
		OPT_SIZE("size", struct params, memory_bytes, NULL, 0, 0, ""),
		OPT_DURATION("time", struct params, time_ns, NULL, 0, 0, ""),
		OPT_DOUBLE("share", struct params, get_share, NULL, 0, 0, ""), OPT_END
	};
	const uint64_t values[] = { 0,		1,	    999,	   1000,
				    1024,	1025,	    3600000000000, 90000000000,
				    1ull << 40, UINT64_MAX, UINT64_MAX - 1 };
	const double doubles[] = { 0, 1, 0.1, 1.0 / 3, 1e300, -2.5e-17, 123456789012345680.0 };
	struct params p = { 0 }, q = { 0 };
	struct buf b = BUF_INIT;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (const struct opt *o = plain; o < plain + 2; o++) {
			p.memory_bytes = p.time_ns = values[i];
			buf_reset(&b);
			opt_format(o, &p, &b);
			assert_int_equal(opt_set(plain, &q, o->name, b.data, "w", &err), 0);
		}
		assert_int_equal(q.memory_bytes, values[i]);
		assert_int_equal(q.time_ns, values[i]);
	}
	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
		p.get_share = doubles[i];
		buf_reset(&b);
		opt_format(&plain[2], &p, &b);
		assert_int_equal(opt_set(plain, &q, "share", b.data, "w", &err), 0);
		assert_true(q.get_share == doubles[i]);
	}
	p.memory_bytes = 3ull << 29;
	buf_reset(&b);
	opt_format(&plain[0], &p, &b);
	assert_string_equal(b.data, "1536M");
	buf_release(&b);
}

static char *help_text(const struct opt *table, enum opt_style style)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(opt_print_help(table, style, 2, out) > 0);
	fclose(out);
	return text;
}

static void test_help(void **state)
{
	static const struct opt switches[] = {
		OPT_U64("repeat", struct params, threads, "1", 1, 1000, "runs", .letter = 'n'),
		OPT_U64("most", struct params, threads, NULL, 1, 1e18, "of them"),
		OPT_BOOL("quiet", struct params, verify, "no", "less", .letter = 'q'),
		OPT_STRING("db", struct params, path, NULL, "where", .arg = "FILE"), OPT_END
	};
	char *text = help_text(opts, OPT_KEYS);

	(void)state;
	assert_non_null(
		strstr(text, "  value-size=SIZE          store (default 512M; 1M to 1T)\n"));
	assert_non_null(strstr(text, "  order=random|sequential  of keys (default random)\n"));
	assert_non_null(strstr(text, "  path=TEXT                where\n"));
	free(text);
	text = help_text(switches, OPT_FLAGS);
	assert_string_equal(text, "  -n, --repeat N  runs (default 1; 1 to 1000)\n"
				  "      --most N    of them (1 or more)\n"
				  "  -q, --quiet     less\n"
				  "      --db FILE   where\n");
	free(text);
}

static void test_did_you_mean(void **state)
{
	static const char *const names[] = { "memaslap", "quicksort", "redis", "null", NULL };

	(void)state;
	assert_string_equal(did_you_mean("memslap", names), "memaslap");
	assert_string_equal(did_you_mean("mem", names), "memaslap");
	assert_string_equal(did_you_mean("quikcsort", names), "quicksort");
	assert_string_equal(did_you_mean("REDIS", names), "redis");
	assert_string_equal(did_you_mean("nul", names), "null");
	assert_null(did_you_mean("swap", names));
	assert_null(did_you_mean("none", names));
	assert_null(did_you_mean("", names));
	assert_null(did_you_mean("a name that is far longer than any name of any option or unit "
				 "could ever reasonably be",
				 names));
}

/* A word that stands for a time is kept, shown and stored as the word. */
static void test_word(void **state)
{
	static const struct opt table[] = {
		OPT_DURATION("warmup", struct params, time_ns, "auto", 0, 60e9, "", .word = "auto"),
		OPT_DURATION("time", struct params, any, "1s", 0, 60e9, ""), OPT_END
	};
	struct params p = { 0 };
	struct err err = { 0 };
	struct buf b = BUF_INIT;

	(void)state;
	opt_defaults(table, &p);
	assert_true(p.time_ns == OPT_WORD);
	opt_format(&table[0], &p, &b);
	assert_string_equal(b.data, "auto");
	buf_reset(&b);
	opt_json(table, &p, &b);
	assert_string_equal(b.data, "{\"warmup\":\"auto\",\"time\":1}");
	assert_int_equal(opt_set(table, &p, "warmup", "2s", "test", &err), 0);
	assert_int_equal(p.time_ns, 2000000000);
	assert_int_equal(opt_set(table, &p, "warmup", "auto", "test", &err), 0);
	assert_true(p.time_ns == OPT_WORD);
	assert_int_equal(opt_set(table, &p, "warmup", "61s", "test", &err), -EINVAL);
	assert_int_equal(opt_set(table, &p, "warmup", "soon", "test", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "1h, nor auto"));
	assert_int_equal(opt_set(table, &p, "time", "auto", "test", &err), -EINVAL);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_format_size),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_host_and_port),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_format_is_exact),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_did_you_mean),
	};

	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
