// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader of memaslap's statistics, on what it really printed. */
#include "tests/unit/test.h"

#include <math.h>

#include "base/clock.h"
#include "workloads/memaslap_config.h"
#include "workloads/memaslap_output.h"

#define S NSEC_PER_SEC

/* Block n of the file is read at n seconds, in pieces that end anywhere. */
static void feed_file(struct memaslap_output *out, const char *path, size_t piece)
{
	FILE *f = fopen(path, "r");
	struct buf b = BUF_INIT;
	uint64_t now_ns = 0;

	assert_non_null(f);
	assert_int_equal(buf_read_fd(&b, fileno(f)), 0);
	fclose(f);
	for (size_t at = 0; at < b.len;) {
		const char *next = memchr(b.data + at + 1, '\033', b.len - at - 1);
		size_t len = next ? (size_t)(next - b.data) - at : b.len - at;

		/* A block begins with two control sequences. */
		if (strncmp(b.data + at, "\033[1;1H", 6) == 0)
			now_ns += S;
		for (size_t done = 0; done < len; done += piece)
			memaslap_output_feed(out, b.data + at + done,
					     len - done < piece ? len - done : piece, now_ns);
		at += len;
	}
	buf_release(&b);
}

/* Of the three periods in mixed.out: from their own deviations and averages. */
static double hand_sd(void)
{
	const double n[] = { 93162, 63968, 71305 }, avg[] = { 169, 254, 224 };
	const double sd[] = { 3885.70, 899.95, 839.99 };
	double all = n[0] + n[1] + n[2];
	double mean = (n[0] * avg[0] + n[1] * avg[1] + n[2] * avg[2]) / all, sum2 = 0;

	for (int i = 0; i < 3; i++)
		sum2 += (n[i] - 1) * sd[i] * sd[i] + n[i] * (avg[i] - mean) * (avg[i] - mean);
	return sqrt(sum2 / (all - 1));
}

static void test_mixed(void **state)
{
	static const size_t pieces[] = { 1, 7, 4096 };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct memaslap_output out = MEMASLAP_OUTPUT_INIT;
		struct memaslap_sum sum;

		feed_file(&out, "tests/fixtures/memaslap/mixed.out", pieces[i]);
		assert_string_equal(out.bad_row, "");
		assert_int_equal(out.failed_sets, 0);
		assert_int_equal(out.nr, 4);

		/* Only "Total Statistics": neither the gets' nor the sets' rows. */
		assert_int_equal(out.periods[0].ops, 27491);
		assert_int_equal(out.periods[0].get_misses, 3);
		assert_int_equal(out.periods[0].read_ns, S);

		/* The first period began before its window. */
		sum = memaslap_output_sum(&out, 0, 4 * S);
		assert_int_equal(sum.periods, 3);
		assert_int_equal(sum.begin_ns, S);
		assert_int_equal(sum.end_ns, 4 * S);
		assert_int_equal(sum.ops, 93162 + 63968 + 71305);
		assert_int_equal(sum.get_misses, 9 + 4 + 0);
		assert_int_equal(sum.min_us, 4);
		assert_int_equal(sum.max_us, 253862);
		assert_float_equal(sum.avg_us,
				   (93162. * 169 + 63968. * 254 + 71305. * 224) /
					   (93162 + 63968 + 71305),
				   1e-6);

		assert_float_equal(sum.sd_us, hand_sd(), 1e-3);

		/* One nanosecond off at either end costs a period. */
		assert_int_equal(memaslap_output_sum(&out, S + 1, 4 * S).periods, 2);
		assert_int_equal(memaslap_output_sum(&out, S, 4 * S - 1).periods, 2);
		assert_int_equal(memaslap_output_sum(&out, S + 1, 3 * S - 1).periods, 0);
		memaslap_output_release(&out);
	}
}

/* The server stood still for 2.5 s: periods without an operation have the minimum -1. */
static void test_stalled(void **state)
{
	struct memaslap_output out = MEMASLAP_OUTPUT_INIT;
	struct memaslap_sum sum;

	(void)state;
	feed_file(&out, "tests/fixtures/memaslap/gets-stalled.out", 100);
	assert_string_equal(out.bad_row, "");
	/* The summary behind the last block has no period. */
	assert_int_equal(out.nr, 7);

	sum = memaslap_output_sum(&out, 3 * S, 5 * S);
	assert_int_equal(sum.periods, 2);
	assert_int_equal(sum.ops, 0);
	assert_true(sum.avg_us == 0);

	sum = memaslap_output_sum(&out, 3 * S, 7 * S);
	assert_int_equal(sum.periods, 4);
	assert_int_equal(sum.ops, 94982 + 108539);
	assert_int_equal(sum.min_us, 6);
	assert_int_equal(sum.max_us, 2500856);
	memaslap_output_release(&out);
}

static void feed_text(struct memaslap_output *out, const char *text)
{
	memaslap_output_feed(out, text, strlen(text), S);
}

static void test_unknown_rows(void **state)
{
	static const char *const bad[] = {
		"Period   1        10\n",
		"Period   1        10           10           1.0        0          7        5        6\n",
		"Period   1        many         10           1.0        0          1        5        3\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct memaslap_output out = MEMASLAP_OUTPUT_INIT;

		feed_text(&out, "Total Statistics\nType Time(s) Ops\n");
		feed_text(&out, bad[i]);
		assert_int_equal(out.nr, 0);
		assert_int_equal(strncmp(out.bad_row, bad[i], strlen(bad[i]) - 1), 0);
		memaslap_output_release(&out);
	}
}

static void test_failed_sets(void **state)
{
	struct memaslap_output out = MEMASLAP_OUTPUT_INIT;

	(void)state;
	feed_text(&out, "key: 1010101010101010 didn't set success\nkey: 10101");
	assert_int_equal(out.failed_sets, 1);
	feed_text(&out, "01010101011 didn't set success\n");
	assert_int_equal(out.failed_sets, 2);
	memaslap_output_release(&out);
}

static int read_config(void **state, const char *text, struct memaslap_config *c, struct err *err)
{
	const char *path = scratch_path(state, "config");

	write_text(path, text);
	return memaslap_config_read(path, c, err);
}

static void test_config(void **state)
{
	struct memaslap_config c;
	struct err err = { .kind = ERR_NONE };

	assert_int_equal(memaslap_config_read("units/cfm-etc.cnf", &c, &err), 0);
	assert_int_equal(c.key_bytes, 16);
	assert_int_equal(c.value_bytes, 238); /* 0.9 * 264 + 0.1 * 8 */
	assert_true(c.get_share > 0.949 && c.get_share < 0.951);
	assert_int_equal(read_config(state,
				     "generated keys\nkey\n8 8 1\nvalue\n4 4 3\n10 10 1\n"
				     "cmd\n0 1\n",
				     &c, &err),
			 0);
	assert_int_equal(c.value_bytes, 6);
	assert_true(c.get_share == 0);

	assert_int_equal(read_config(state, "key\n16 16 1\nvalue\n512 16 1\n", &c, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "config:4: a row"));
	assert_int_equal(read_config(state, "16 16 1\n", &c, &err), -EINVAL);
	assert_int_equal(read_config(state, "key\n16 16 1\nvalue\n16 16 1\n", &c, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "cmd are needed"));
	assert_int_equal(memaslap_config_read("/no/such/file", &c, &err), -EINVAL);
	assert_int_equal(err.kind, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config),	    cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_stalled),	    cmocka_unit_test(test_unknown_rows),
		cmocka_unit_test(test_failed_sets),
	};

	return cmocka_run_group_tests_name("memaslap", tests, scratch_setup, scratch_teardown);
}
