// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "backend/backend.h"
#include "base/opt.h"
#include "base/secret.h"
#include "micro/micro.h"
#include "workloads/workload.h"

struct params {
	char *token_file;
};

static const struct opt opts[] = { OPT_STRING("token-file", struct params, token_file, NULL,
					      "where"),
				   OPT_SECRET("token", "token-file"), OPT_END };

static void refused_without_repeating_it(void **state)
{
	struct params p = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(opt_set_pair(opts, &p, "token=sesame", "backend b", &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, "token-file=FILE"));
	assert_null(strstr(err.msg, "sesame"));
	assert_true(opt_set_pair(opts, &p, "token", "backend b", &err) < 0);
	assert_non_null(strstr(err.msg, "token-file=FILE"));
}

static void not_among_the_parameters(void **state)
{
	struct params p = { 0 };
	struct buf b = BUF_INIT;

	(void)state;
	opt_json(opts, &p, &b);
	assert_string_equal(b.data, "{\"token-file\":null}");
	buf_release(&b);
}

static void check_names(const struct opt *table)
{
	for_each_opt (o, table) {
		const char *const *name = secret_names;

		if (o->type != OPT_T_SECRET)
			continue;
		while (*name && strcmp(*name, o->name) != 0)
			name++;
		if (!*name)
			fail_msg("%s is not in secret_names", o->name);
	}
}

static void every_row_has_a_known_name(void **state)
{
	(void)state;
	for (size_t i = 0; backend_table[i]; i++)
		check_names(backend_table[i]->opts);
	for (size_t i = 0; workload_table[i]; i++)
		check_names(workload_table[i]->opts);
	for (size_t i = 0; micro_table[i]; i++)
		check_names(micro_table[i]->opts);
}

static void old_texts_are_hidden(void **state)
{
	static const char *const rows[][2] = {
		{ "fmbench run x -o fastswap-rdma.token=abc -o y=1",
		  "fmbench run x -o fastswap-rdma.token=(hidden) -o y=1" },
		{ "run -o token=abc", "run -o token=(hidden)" },
		{ "run '-ofastswap-rdma.token=a b' next",
		  "run '-ofastswap-rdma.token=(hidden)' next" },
		{ "run 'f.token=a'\\''b c' next", "run 'f.token=(hidden)' next" },
		{ "run f.token='a b' next", "run f.token=(hidden) next" },
		{ "{\"far\":\"h\",\"token\":\"a\\\"b\",\"nq\":1}",
		  "{\"far\":\"h\",\"token\":\"(hidden)\",\"nq\":1}" },
		{ "{\"token\":null,\"nq\":1}", "{\"token\":null,\"nq\":1}" },
		{ "run -o token-file=/etc/t -- ./mytoken=1",
		  "run -o token-file=/etc/t -- ./mytoken=1" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = BUF_INIT;

		secret_hide(rows[i][0], &b);
		assert_string_equal(b.data, rows[i][1]);
		buf_release(&b);
	}
}

static void files_give_their_first_line(void **state)
{
	const char *path = scratch_path(state, "token");
	struct err err = { 0 };
	char token[7];

	write_text(path, "sesame\nmore\n");
	assert_int_equal(secret_read(path, token, sizeof(token), "token-file", &err), 0);
	assert_string_equal(token, "sesame");
	write_text(path, "sesames\n");
	assert_true(secret_read(path, token, sizeof(token), "token-file", &err) < 0);
	assert_null(strstr(err.msg, "sesames"));
	assert_non_null(strstr(err.msg, "1 to 6 characters"));
	write_text(path, "\n");
	assert_true(secret_read(path, token, sizeof(token), "token-file", &err) < 0);
	assert_true(secret_read("/nowhere/token", token, sizeof(token), "token-file", &err) < 0);
	assert_non_null(strstr(err.msg, "token-file /nowhere/token"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_without_repeating_it),
		cmocka_unit_test(not_among_the_parameters),
		cmocka_unit_test(every_row_has_a_known_name),
		cmocka_unit_test(old_texts_are_hidden),
		cmocka_unit_test_setup_teardown(files_give_their_first_line, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
