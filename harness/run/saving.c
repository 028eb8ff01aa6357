// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/saving.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/dirs.h"
#include "results/store.h"

/*
 * Saves every run newer than `after`, and its artifacts; then deletes the saved artifacts here. The
 * saved directory gets its name on the host last, when it is whole.
 */
static int save(const char *db_path, const char *to, int64_t after, int64_t run, struct err *err)
{
	char one[PATH_MAX], artifacts[PATH_MAX], fresh[PATH_MAX], saved[PATH_MAX];
	char *path = xstrdup(db_path), *dir = dirname(path);
	struct store_merged merged;
	struct store *store;
	bool any;
	int rc;

	snprintf(one, sizeof(one), "%s/" SAVED_DB, dir);
	snprintf(artifacts, sizeof(artifacts), "%s/artifacts", dir);
	snprintf(fresh, sizeof(fresh), "%s/%" PRId64 ".new", to, run);
	snprintf(saved, sizeof(saved), "%s/%" PRId64, to, run);
	free(path);
	any = access(artifacts, F_OK) == 0;

	const char *const made[] = { one, any ? artifacts : NULL, NULL };

	/* Made in the guest: the share is slow with many small writes. */
	unlink(one);
	rc = store_open(one, STORE_WRITE, &store, err);
	if (rc)
		return rc;
	rc = store_merge(store, db_path, after, "", &merged, err);
	store_close(store);
	if (!rc && mkdir(fresh, 0777) != 0)
		rc = err_failed(err, errno, "cannot make %s", fresh);
	if (!rc)
		rc = copy_into(fresh, made, err);
	if (!rc && rename(fresh, saved) != 0)
		rc = err_failed(err, errno, "cannot make %s", saved);
	if (rc)
		remove_tree(fresh, NULL);
	else if (any)
		rc = remove_tree(artifacts, err);
	return rc;
}

int saving_save(const char *db_path, int64_t run, struct err *err)
{
	static int64_t last; /* that is saved */
	const char *to = getenv("FMBENCH_SAVE_TO");
	int rc;

	if (!to)
		return 0;
	if (!last)
		last = run - 1;
	rc = save(db_path, to, last, run, err);
	if (rc)
		err_prefix(err, "run %" PRId64 " is not on the host, the next is to take it along",
			   run);
	else
		last = run;
	return rc;
}

void saving_name_files(const char *db_path, struct err *err)
{
	const char *host = getenv("FMBENCH_HOST_DIR"), *rest = err->msg, *at;
	char *path = xstrdup(db_path);
	struct buf here = BUF_INIT, msg = BUF_INIT;

	buf_addf(&here, "%s/artifacts/", dirname(path));
	while (host && (at = strstr(rest, here.data))) {
		buf_add(&msg, rest, (size_t)(at - rest));
		buf_addf(&msg, "%s/artifacts/", host);
		rest = at + here.len;
	}
	buf_adds(&msg, rest);
	snprintf(err->msg, sizeof(err->msg), "%s", msg.data);
	buf_release(&here);
	buf_release(&msg);
	free(path);
}
