// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/recover.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/log.h"
#include "harness/group/cgroup.h"
#include "harness/run/around.h"

const struct journal_op *const recover_ops[] = {
	journal_ops_base, journal_ops_backend, journal_ops_cgroup, journal_ops_around, NULL,
};

void recover_journal_dir(const char *state_dir, char *dst, size_t size)
{
	snprintf(dst, size, "%s/journal", state_dir);
}

/* The janitor and `fmbench recover` may come for one journal at the same time: one undoes it, the
 * other waits and finds it gone. */
static int undo_alone(const char *path, bool even_kept, bool even_owned, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	struct journal *j = NULL;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_failed(err, errno, "cannot open %s", path);
	if (flock(fd, LOCK_EX) != 0 || access(path, F_OK) != 0)
		goto out;
	rc = journal_load(path, recover_ops, &j, err);
	if (rc || (!even_owned && journal_owned(j)) || (!even_kept && journal_kept(j)))
		goto out;
	rc = journal_undo_to(j, 0, err);
	rc = rc ? rc : 1;
out:
	journal_free(j);
	close(fd);
	return rc;
}

int recover_journal(const char *path, struct err *err)
{
	int rc = undo_alone(path, true, true, err);

	return rc < 0 ? rc : 0;
}

struct sweep {
	bool kept;
	int nr, rc;
	struct err *err;
};

static int recover_one(const char *path, void *arg)
{
	struct sweep *sweep = arg;
	int rc = undo_alone(path, sweep->kept, false, sweep->err);

	if (rc == 1) {
		log_info("undid what a dead run left behind (%s)", path);
		sweep->nr++;
	} else if (rc && !sweep->rc) {
		sweep->rc = rc;
	}
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
