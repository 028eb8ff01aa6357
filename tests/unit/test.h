/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmocka wants before its header, and a scratch directory. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

/* A group's set-up and teardown: *state is the path of an empty directory. */
static inline int scratch_setup(void **state)
{
	char *dir = strdup("/tmp/fmbench-test.XXXXXX");

	*state = dir;
	return mkdtemp(dir) ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
	struct buf command = BUF_INIT;
	int ret;

	buf_addf(&command, "rm -rf '%s'", (char *)*state);
	ret = system(command.data);
	buf_release(&command);
	free(*state);
	return ret;
}

/* "DIR/NAME" in a buffer that the next three calls leave alone. */
static inline const char *scratch_path(void **state, const char *name)
{
	static char path[4][512];
	static unsigned int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", (char *)*state, name);
	return path[next];
}

static inline void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

#endif
