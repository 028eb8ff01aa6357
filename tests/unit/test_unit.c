// SPDX-License-Identifier: GPL-2.0-or-later
/* Units from files, below the command line: placeholders, words, what a section becomes. */
#include "tests/unit/test.h"

#include "backend/backend.h"
#include "backend/unit.h"
#include "base/unit_command.h"
#include "collectors/collector.h"
#include "collectors/unit.h"
#include "workloads/unit.h"
#include "workloads/workload.h"

static struct err err;

static void expect_expanded(const char *text, const char *expected)
{
	struct unit_values v = { 0 };
	struct buf b = BUF_INIT;

	unit_values_set(&v, "port", "%d", 80);
	unit_values_set(&v, "memory", "%s", "5000");
	unit_values_set(&v, "word", "%s", "a {port} b");
	if (expected) {
		assert_int_equal(unit_expand(text, &v, &b, &err), 0);
		assert_string_equal(b.data, expected);
	} else {
		assert_int_equal(unit_expand(text, &v, &b, &err), -EINVAL);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	buf_release(&b);
	unit_values_release(&v);
}

static void test_placeholders(void **state)
{
	(void)state;
	expect_expanded("", "");
	expect_expanded("a{port}b{port}", "a80b80");
	expect_expanded("{memory/1024}", "4");
	expect_expanded("{word}", "a {port} b"); /* a value is not looked at again */
	expect_expanded("{{port}", "{port}");
	expect_expanded("${HOME} {print $1} {} { port } {1,3} {",
			"${HOME} {print $1} {} { port } {1,3} {");
	expect_expanded("{prot}", NULL);
	assert_non_null(strstr(err.msg, "did you mean 'port'"));
	expect_expanded("{memory/0}", NULL);
	expect_expanded("{word/2}", NULL);
}

static void expect_words(const char *line, bool shell, const char *const *expected)
{
	struct unit_command c = { .text = (char *)(uintptr_t)line, .shell = shell };
	struct unit_values v = { 0 };
	char **argv;

	unit_values_set(&v, "two", "%s", "x y'\"");
	if (!expected) {
		assert_int_equal(unit_command_argv(&c, &v, &argv, &err), -EINVAL);
		unit_values_release(&v);
		return;
	}
	assert_int_equal(unit_command_argv(&c, &v, &argv, &err), 0);
	for (size_t i = 0; expected[i] || argv[i]; i++) {
		assert_non_null(expected[i]);
		assert_non_null(argv[i]);
		assert_string_equal(argv[i], expected[i]);
	}
	unit_argv_free(argv);
	unit_values_release(&v);
}

static void test_words(void **state)
{
	static const char *const plain[] = { "a", "b", "-c", "d e", "", "fg h", NULL };
	static const char *const one[] = { "p", "x y'\"", "=x y'\"=", NULL };
	static const char *const shell[] = { "sh", "-c", "a 'b' | c", NULL };

	(void)state;
	expect_words("  a\tb -c 'd e' \"\" f\"g h\" ", false, plain);
	expect_words("p {two} ={two}=", false, one);
	expect_words("a 'b' | c", true, shell);
	expect_words("a 'b", false, NULL);
	expect_words("a {three}", true, NULL);
}

/* The section of a text, read as kind reads it. */
static int read_unit(void **state, const char *text,
		     int (*read)(const char *name, const char *path, const struct ini_section *s,
				 struct err *e),
		     struct unit **ret)
{
	const char *path = scratch_path(state, "u.ini");
	struct inifile ini;
	int rc;

	write_text(path, text);
	rc = inifile_read(path, &ini, &err);
	if (!rc)
		rc = read(strchr(ini.sections[0].name, ' ') + 1, path, &ini.sections[0], &err);
	if (!rc)
		*ret = units_all[nr_units - 1];
	inifile_release(&ini);
	return rc;
}

static void test_workload(void **state)
{
	static const char text[] = "[workload mine]\n"
				   "summary = s\n"
				   "requires = sh:dash nosuch:its-package /etc/no*such:other\n"
				   "option.memory = size 64M how much\n"
				   "option.test = choice:get|set get which\n"
				   "command = true {memory} {test}\n"
				   "metric = ops,per_s:higher=ops: ([0-9]+)\n";
	const struct workload *w;
	struct unit *u, *again;
	struct buf json = BUF_INIT;
	void *params;

	assert_int_equal(read_unit(state, text, workload_unit_read, &u), 0);
	w = workload_find("mine", &err);
	assert_non_null(w);
	assert_int_equal(w->shape, WORKLOAD_BATCH);
	assert_string_equal(w->metrics[0].name, "ops");
	assert_string_equal(w->metrics[1].name, "elapsed");

	params = calloc(1, w->params_size);
	assert_non_null(params);
	opt_defaults(w->opts, params);
	assert_int_equal(opt_set_pair(w->opts, params, "test=get", "mine", &err), 0);
	assert_int_equal(opt_set_pair(w->opts, params, "test=put", "mine", &err), -EINVAL);
	assert_int_equal(w->check(params, NULL, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(
		strstr(err.msg, "needs nosuch, /etc/no*such; apt install its-package other"));
	opt_json(w->opts, params, &json);

	/* Another text is another stamp, which the parameters of a run hold. */
	assert_int_equal(read_unit(state, "[workload mine2]\nsummary = s\ncommand = true\n",
				   workload_unit_read, &again),
			 0);
	assert_string_not_equal(u->stamp, again->stamp);
	assert_non_null(strstr(json.data, u->stamp));
	assert_int_equal(opt_set_pair(w->opts, params, "unit=junk", "mine", &err), 0);
	assert_int_equal(w->check(params, NULL, &err), -EINVAL);
	opt_release(w->opts, params);
	free(params);
	buf_release(&json);
}

/* A script beside the unit's file is part of it. */
static void test_helper(void **state)
{
	static const char text[] = "[workload helped%c]\nsummary = s\n"
				   "command = sh '{unit_dir}/helper.sh' {unit_dir}/absent\n";
	const char *script = scratch_path(state, "helper.sh");
	char stamps[3][64], unit[sizeof(text)];
	struct unit *u;

	for (int i = 0; i < 3; i++) {
		write_text(script, i < 2 ? "echo 1\n" : "echo 2\n");
		snprintf(unit, sizeof(unit), text, 'a' + i);
		assert_int_equal(read_unit(state, unit, workload_unit_read, &u), 0);
		snprintf(stamps[i], sizeof(stamps[i]), "%s", strchr(u->stamp, ' '));
	}
	assert_string_equal(stamps[0], stamps[1]);
	assert_string_not_equal(stamps[1], stamps[2]);
}

static void test_backend(void **state)
{
	struct unit *u;
	const struct backend *b;

	assert_int_equal(read_unit(state,
				   "[backend far]\nsummary = s\ncaps = swap remote\n"
				   "kernel = ^0\\.0\\.0-none$\nneeds = its kernel\n",
				   backend_unit_read, &u),
			 0);
	b = backend_find("far", &err);
	assert_non_null(b);
	assert_int_equal(b->caps, CAP_SWAP | CAP_REMOTE);
	assert_null(b->limit); /* memory.high */
	assert_false(backend_unit_is_here(u));
	assert_int_equal(b->check(&(char *){ u->stamp }, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "a kernel of its own"));
	assert_non_null(strstr(err.msg, "It needs: its kernel"));
}

static void test_collector(void **state)
{
	const struct collector *const *c;
	struct collector_ctx ctx = { .reclaim_cpu = -1 };
	char text[400];
	uint64_t values[2];
	bool have[2];
	struct unit *u;
	void *open;

	write_text(scratch_path(state, "counts"), "pages_in 7\nother 1\nlevel 9\n");
	snprintf(text, sizeof(text),
		 "[collector counts]\nsummary = s\nfile = %s\nkey.ins = pages counter pages_in\n"
		 "key.level = bytes gauge\n",
		 scratch_path(state, "counts"));
	assert_int_equal(read_unit(state, text, collector_unit_read, &u), 0);
	c = collector_table;
	while (strcmp((*c)->name, "counts") != 0)
		c++;
	ctx.self = *c;
	assert_int_equal((*c)->open(&ctx, &open, &err), 0);
	assert_int_equal((*c)->read(open, values, have), 0);
	assert_true(have[0] && have[1]);
	assert_int_equal(values[0], 7);
	assert_int_equal(values[1], 9);
	(*c)->close(open);
	assert_int_equal((*c)->keys[0].kind, KEY_COUNTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_placeholders), cmocka_unit_test(test_words),
		cmocka_unit_test(test_workload),     cmocka_unit_test(test_helper),
		cmocka_unit_test(test_backend),	     cmocka_unit_test(test_collector),
	};

	return cmocka_run_group_tests_name("unit", tests, scratch_setup, scratch_teardown);
}
