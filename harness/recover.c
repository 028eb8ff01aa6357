// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/recover.h"

#include <stdio.h>

#include "backend/backend.h"
#include "base/log.h"
#include "harness/cgroup.h"

const struct journal_op *const recover_ops[] = {
	journal_ops_base,
	journal_ops_backend,
	journal_ops_cgroup,
	NULL,
};

void recover_journal_dir(const char *state_dir, char *dst, size_t size)
{
	snprintf(dst, size, "%s/journal", state_dir);
}

int recover_journal(const char *path, struct err *err)
{
	struct journal *j;
	int rc = journal_load(path, recover_ops, &j, err);

	if (rc)
		return rc;
	rc = journal_undo_to(j, 0, err);
	journal_free(j);
	return rc;
}

struct sweep {
	bool kept;
	int nr, rc;
	struct err *err;
};

static int recover_one(const char *path, void *arg)
{
	struct sweep *sweep = arg;
	struct journal *j;
	int rc = journal_load(path, recover_ops, &j, sweep->err);

	if (!rc && !journal_owned(j) && (sweep->kept || !journal_kept(j))) {
		log_info("undoing what a dead run left behind (%s)", path);
		rc = journal_undo_to(j, 0, sweep->err);
		sweep->nr += !rc;
	}
	if (!rc || !sweep->rc)
		sweep->rc = sweep->rc ? sweep->rc : rc;
	journal_free(j);
	return 0;
}

int recover_all(const char *state_dir, bool kept, int *ret_nr, struct err *err)
{
	struct sweep sweep = { .kept = kept, .err = err };
	char dir[4096];
	int rc;

	recover_journal_dir(state_dir, dir, sizeof(dir));
	rc = journal_each(dir, recover_one, &sweep);
	*ret_nr = sweep.nr;
	return rc ? rc : sweep.rc;
}
