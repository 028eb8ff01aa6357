// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/server_group.h"

#include <limits.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/swap_areas.h"
#include "base/sysfile.h"

/* "" where no hierarchy has the memory controller. */
static void find_memory_mount(char *dst, size_t size, bool *ret_v2)
{
	char file[PATH_MAX];
	struct mntent *m;
	FILE *mounts;

	dst[0] = '\0';
	sysfile_path(file, sizeof(file), "/proc/self/mounts");
	mounts = setmntent(file, "re");
	while (mounts && !dst[0] && (m = getmntent(mounts))) {
		char path[PATH_MAX], list[256] = "";

		*ret_v2 = strcmp(m->mnt_type, "cgroup2") == 0;
		snprintf(path, sizeof(path), "%.4000s/cgroup.controllers", m->mnt_dir);
		if (*ret_v2)
			sysfile_read_line(path, list, sizeof(list));
		if (strstr(list, "memory") ||
		    (strcmp(m->mnt_type, "cgroup") == 0 && hasmntopt(m, "memory")))
			snprintf(dst, size, "%s", m->mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
}

int server_group_make(struct server_group *g, struct journal *j, struct err *err)
{
	char mount[128], uuid[SWAP_UUID_SIZE], path[PATH_MAX];
	bool v2 = false;
	int rc;

	*g = (struct server_group){ .journal = j };
	find_memory_mount(mount, sizeof(mount), &v2);
	if (!mount[0])
		return 0;
	rc = swap_uuid(uuid, err);
	if (rc)
		return rc;
	/* As the run's own groups need it a moment later: the first of a boot turns it on for all. */
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", mount);
	if (v2)
		sysfile_write(path, "+memory", NULL);
	snprintf(g->dir, sizeof(g->dir), "%s/fmbench-server-%.8s", mount, uuid);
	rc = journal_add(j, err, "dir", g->dir, NULL);
	if (rc < 0)
		return rc;
	return mkdir(g->dir, 0755) == 0 ? 0 : err_failed(err, errno, "making group %s", g->dir);
}

int server_group_join(void *group, pid_t pid, struct err *err)
{
	const struct server_group *g = group;
	char number[16], path[PATH_MAX];
	int rc = journal_process(g->journal, pid, err);

	if (rc < 0)
		return rc;
	snprintf(number, sizeof(number), "%d", (int)pid);
	snprintf(path, sizeof(path), "%s/cgroup.procs", g->dir);
	return g->dir[0] ? sysfile_write(path, number, err) : 0;
}
