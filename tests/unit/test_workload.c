// SPDX-License-Identifier: GPL-2.0-or-later
/* Every row of the table of workloads. */
#include "tests/unit/test.h"

#include <dirent.h>

#include "workloads/worker_host.h"
#include "workloads/workload.h"

static void test_rows(void **state)
{
	(void)state;
	assert_non_null(workload_table[0]);
	for (const struct workload *const *row = workload_table; *row; row++) {
		const struct workload *w = *row;

		for (const struct workload *const *other = workload_table; other < row; other++)
			assert_string_not_equal(w->name, (*other)->name);
		assert_ptr_equal(workload_find(w->name, NULL), w);
		assert_true(w->summary && *w->summary);
		assert_true(w->metrics && w->metrics[0].name);
		assert_true(!w->opts || w->params_size);

		if (w->start == worker_host_start) { /* WORKER_HOOKS */
			assert_non_null(w->main);
			assert_ptr_equal(w->release, worker_host_release);
			continue;
		}
		assert_true(w->start && w->poll && w->stop && w->parse && w->release);
		if (w->shape == WORKLOAD_SERVICE || w->loads)
			assert_true(w->load && w->go);
		else
			assert_true(!w->load && !w->go);
	}
}

static void test_metrics(void **state)
{
	static const char *const units[] = { "s",	 "us",	  "ns",	   "per_s", "g_per_s",
					     "gb_per_s", "bytes", "share", "count", NULL };

	(void)state;
	for (const struct workload *const *row = workload_table; *row; row++) {
		for (const struct metric *m = (*row)->metrics; m->name; m++) {
			const char *const *unit = units;

			while (*unit && strcmp(*unit, m->unit) != 0)
				unit++;
			assert_non_null(*unit);
			assert_true(m->help && *m->help);
			/* Both become part of a column's name. */
			assert_int_equal(strspn(m->name, "abcdefghijklmnopqrstuvwxyz_0123456789"),
					 strlen(m->name));
			for (const struct metric *other = (*row)->metrics; other < m; other++)
				assert_string_not_equal(m->name, other->name);
		}
	}
}

/* Defaults are within their own limits: what they format to can be set again. */
static void test_options(void **state)
{
	(void)state;
	for (const struct workload *const *row = workload_table; *row; row++) {
		const struct workload *w = *row;
		void *params = calloc(1, w->params_size + 1);
		struct buf before = BUF_INIT, after = BUF_INIT, value = BUF_INIT;

		assert_non_null(params);
		opt_defaults(w->opts, params);
		opt_json(w->opts, params, &before);
		for_each_opt (o, w->opts) {
			assert_true(o->help && *o->help);
			buf_reset(&value);
			opt_format(o, params, &value);
			assert_int_equal(
				opt_set(w->opts, params, o->name, value.data, w->name, NULL), 0);
		}
		opt_json(w->opts, params, &after);
		assert_string_equal(before.data, after.data);
		opt_release(w->opts, params);
		buf_release(&before);
		buf_release(&after);
		buf_release(&value);
		free(params);
	}
}

/* How many files of the folder are a workload's: each is named after it, and has a row. */
static size_t workloads_in(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t files = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);
		char path[300], definition[300];
		struct buf text = BUF_INIT;
		FILE *f;

		if (len < 3 || strcmp(entry->d_name + len - 2, ".c") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		f = fopen(path, "r");
		assert_non_null(f);
		assert_int_equal(buf_read_fd(&text, fileno(f)), 0);
		fclose(f);
		if (strstr(text.data, "\nconst struct workload workload_")) {
			snprintf(definition, sizeof(definition),
				 "\nconst struct workload workload_%.*s = {", (int)len - 2,
				 entry->d_name);
			assert_non_null(strstr(text.data, definition));
			entry->d_name[len - 2] = '\0';
			assert_non_null(workload_find(entry->d_name, NULL));
			files++;
		}
		buf_release(&text);
	}
	closedir(dir);
	return files;
}

/* One file per workload, one row per file. */
static void test_files(void **state)
{
	size_t rows = 0;

	(void)state;
	while (workload_table[rows])
		rows++;
	assert_int_equal(workloads_in("workloads") + workloads_in("workloads/kv"), rows);
}

static void test_find(void **state)
{
	struct err err = { .kind = ERR_NONE };

	(void)state;
	assert_null(workload_find("quicksrt", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, "'quicksort'"));
	assert_null(workload_find("", &err));
	assert_null(workload_find("Quicksort", NULL));
}

static int check(const char *name, const char *pairs[], struct err *err)
{
	const struct workload *w = workload_find(name, NULL);
	void *params = calloc(1, w->params_size + 1);
	int rc;

	assert_non_null(params);
	opt_defaults(w->opts, params);
	for (; *pairs; pairs++)
		assert_int_equal(opt_set_pair(w->opts, params, *pairs, name, NULL), 0);
	rc = w->check(params, NULL, err);
	opt_release(w->opts, params);
	free(params);
	return rc;
}

/* Nothing is found in an empty PATH: each missing program is named. */
static void test_missing_programs(void **state)
{
	char *path = strdup(getenv("PATH"));
	char *const argv[] = { (char[]){ "no-such-program" }, NULL };
	struct err err = { .kind = ERR_NONE };

	/* Neither looks at parameters. */
	assert_int_equal(workload_command.check(NULL, argv, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "no-such-program"));
	assert_int_equal(workload_command.check(NULL, NULL, &err), -EINVAL);
	assert_int_equal(err.kind, ERR_USAGE);

	setenv("PATH", (char *)*state, 1);
	assert_int_equal(check("memaslap", (const char *[]){ NULL }, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "memcaslap"));
	setenv("PATH", path, 1);
	free(path);
}

static void test_memaslap_options(void **state)
{
	static const char *const senseless[][3] = {
		{ "threads=3", NULL },
		{ "threads=32", NULL },
		{ "get-share=0.995", NULL },
		{ "get-share=0.9", "audit", NULL },
	};
	struct err err = { .kind = ERR_NONE };

	(void)state;
	if (check("memaslap", (const char *[]){ NULL }, &err) == -ENOENT)
		skip(); /* memcached or memaslap is not installed */
	for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++) {
		assert_int_equal(check("memaslap", (const char **)senseless[i], &err), -EINVAL);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	assert_int_equal(
		check("memaslap", (const char *[]){ "threads=4", "get-share=0.95", NULL }, &err),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_missing_programs),
		cmocka_unit_test(test_memaslap_options),
	};

	return cmocka_run_group_tests_name("workload", tests, scratch_setup, scratch_teardown);
}
