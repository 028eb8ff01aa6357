// SPDX-License-Identifier: GPL-2.0-or-later
/* A failed run's message names files: they are there, and named as they are on the host. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dirs.h"
#include "harness/run/artifacts.h"
#include "harness/run/saving.h"

static void make_empty(const char *dir, const char *name, char *path, size_t size)
{
	FILE *f;

	snprintf(path, size, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
}

static void test_named_file_stays(void **state)
{
	char place[] = "/tmp/fmbench-test.XXXXXX", db[64], dir[128], named[256], other[256];
	char message[300];
	struct store *store = NULL;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(place));
	snprintf(db, sizeof(db), "%s/x.db", place);
	assert_int_equal(artifacts_make_dir(db, "uuid", dir, sizeof(dir), &err), 0);
	assert_int_equal(store_open(db, STORE_WRITE, &store, &err), 0);
	make_empty(dir, "server.log", named, sizeof(named));
	make_empty(dir, "client.log", other, sizeof(other));
	snprintf(message, sizeof(message), "it does not answer; see %s", named);
	/* No such run: recording what stays fails, and names nothing less. */
	assert_int_not_equal(artifacts_record(store, 1, "uuid", dir, message, &err), 0);
	assert_int_equal(access(named, F_OK), 0);
	assert_int_equal(artifacts_record(store, 1, "uuid", dir, NULL, &err), 0);
	assert_int_not_equal(access(named, F_OK), 0);
	assert_int_not_equal(access(other, F_OK), 0);
	store_close(store);
	assert_int_equal(remove_tree(place, &err), 0);
}

static void test_named_as_on_the_host(void **state)
{
	struct err err = { .msg = "see /tmp/lab/artifacts/u/a.log and /tmp/lab/artifacts/u/b.log" };

	(void)state;
	unsetenv("FMBENCH_HOST_DIR");
	saving_name_files("/tmp/lab/x.db", &err);
	assert_string_equal(err.msg,
			    "see /tmp/lab/artifacts/u/a.log and /tmp/lab/artifacts/u/b.log");
	setenv("FMBENCH_HOST_DIR", "results", 1);
	saving_name_files("/tmp/lab/x.db", &err);
	assert_string_equal(err.msg, "see results/artifacts/u/a.log and results/artifacts/u/b.log");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named_file_stays),
		cmocka_unit_test(test_named_as_on_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
