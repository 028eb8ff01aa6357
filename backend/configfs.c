// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/configfs.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/sysfile.h"

#define CONFIGFS_MAGIC 0x62656570 /* fs/configfs/mount.c; linux/magic.h has it not */

static bool is_configfs(const char *dir)
{
	struct statfs st;

	return statfs(dir, &st) == 0 && (unsigned long)st.f_type == CONFIGFS_MAGIC;
}

int configfs_mount(struct journal *j, struct err *err)
{
	int rc;

	if (is_configfs(CONFIGFS))
		return 0;
	rc = journal_add(j, err, "mount", CONFIGFS, NULL);
	if (rc < 0)
		return rc;
	/* EBUSY: somebody else (systemd) mounted it just now. */
	if (mount("configfs", CONFIGFS, "configfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0 &&
	    errno != EBUSY)
		return err_failed(err, errno, "mounting configfs on %s", CONFIGFS);
	return 0;
}

int configfs_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	if (!is_configfs(args[0]) || umount2(args[0], UMOUNT_NOFOLLOW) == 0 || errno == EBUSY)
		return 0;
	return err_failed(err, errno, "unmounting %s", args[0]);
}

int configfs_make(struct journal *j, const char *dir, struct err *err)
{
	int rc;

	if (access(dir, F_OK) == 0)
		return err_failed(err, EEXIST, "making %s", dir);
	rc = journal_add(j, err, "dir", dir, NULL);
	if (rc < 0)
		return rc;
	return mkdir(dir, 0755) == 0 ? 0 : err_failed(err, errno, "making %s", dir);
}

int configfs_link(struct journal *j, const char *target, const char *link, struct err *err)
{
	int rc = journal_add(j, err, "file", link, NULL);

	if (rc < 0)
		return rc;
	return symlink(target, link) == 0
		       ? 0
		       : err_failed(err, errno, "linking %s to %s (dmesg may say more)", link,
				    target);
}

int configfs_set(const char *dir, const struct configfs_value *values, struct err *err)
{
	char path[CONFIGFS_PATH];
	int rc = 0;

	for (; values->name && !rc; values++) {
		snprintf(path, sizeof(path), "%.200s/%.50s", dir, values->name);
		rc = sysfile_write(path, values->value, err);
	}
	return rc;
}
