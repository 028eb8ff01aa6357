/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees of /proc, /sys and what else there is, read as if they were this machine's. */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

#include <limits.h>
#include <sys/stat.h>

#include "base/sysfile.h"
#include "tests/unit/test.h"

/* Captured ones: sysfile_set_root(FIXTURES "machine-…"). */
#define FIXTURES "tests/fixtures/"

/* A file in the tree, with the directories above it. */
static inline void put(const char *path, const char *text)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", sysfile_root(), path);
	for (char *slash = strchr(full + strlen(sysfile_root()) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	write_text(full, text);
}

/* An empty tree of the test's own: *state is its root. */
static inline int tree_setup(void **state)
{
	int rc = scratch_setup(state);

	sysfile_set_root(*state);
	return rc;
}

static inline int tree_teardown(void **state)
{
	sysfile_set_root("");
	return scratch_teardown(state);
}

#endif
