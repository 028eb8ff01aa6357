// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/artifacts.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

int artifacts_make_dir(const char *db_path, const char *uuid, char *dst, size_t size,
		       struct err *err)
{
	char *copy = xstrdup(db_path);
	char parent[PATH_MAX - 64];

	snprintf(parent, sizeof(parent), "%s/artifacts", dirname(copy));
	free(copy);
	snprintf(dst, size, "%s/%s", parent, uuid);
	if ((mkdir(parent, 0777) != 0 && errno != EEXIST) || mkdir(dst, 0777) != 0)
		return err_failed(err, errno, "cannot make directory %s", dst);
	return 0;
}

/* Nothing was written to it: it goes, but who reads the message looks for what is named there. */
static bool remove_empty(const char *path, const char *message)
{
	struct stat st;

	if (message && strstr(message, path))
		return false;
	return stat(path, &st) == 0 && st.st_size == 0 && unlink(path) == 0;
}

/* prefix: "" or "JOB/", before the names of what is in dir. */
static int record_below(struct store *store, int64_t run, const char *uuid, const char *dir,
			const char *prefix, const char *message, struct err *err)
{
	char name[PATH_MAX / 4], path[PATH_MAX];
	struct dirent *entry;
	DIR *d = opendir(dir);
	int rc = 0;

	if (!d)
		return 0;
	while (!rc && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR) {
			snprintf(name, sizeof(name), "%s%.200s/", prefix, entry->d_name);
			snprintf(path, sizeof(path), "%.3000s/%.200s", dir, entry->d_name);
			rc = record_below(store, run, uuid, path, name, message, err);
			continue;
		}
		snprintf(path, sizeof(path), "%.3000s/%.255s", dir, entry->d_name);
		if (remove_empty(path, message))
			continue;
		snprintf(name, sizeof(name), "%s%.255s", prefix, entry->d_name);
		snprintf(path, sizeof(path), "artifacts/%s/%s", uuid, name);
		rc = store_artifact(store, run, name, path, err);
	}
	closedir(d);
	rmdir(dir); /* only when empty */
	return rc;
}

int artifacts_record(struct store *store, int64_t run, const char *uuid, const char *dir,
		     const char *message, struct err *err)
{
	return record_below(store, run, uuid, dir, "", message, err);
}

void artifacts_remove(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "%.3000s/%.255s", dir, entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR)
			artifacts_remove(path);
		else
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}
