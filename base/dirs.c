// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int make_dirs(const char *path, mode_t mode, struct err *err)
{
	char dir[PATH_MAX];

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return err_usage(err, "the path '%s' is too long", path);
	for (char *c = dir + 1;; c++) {
		char kept = *c;

		if (kept != '/' && kept != '\0')
			continue;
		*c = '\0';
		if (mkdir(dir, mode) != 0 && errno != EEXIST)
			return err_failed(err, errno, "cannot make directory %s", dir);
		*c = kept;
		if (!kept)
			return 0;
	}
}

int check_writable(const char *path, struct err *err)
{
	char dir[PATH_MAX];
	struct stat st;
	bool made = false;

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return err_usage(err, "the path '%s' is too long", path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_failed(err, EISDIR, "cannot write %s", path);
	if (access(path, F_OK) == 0 && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
		return err_failed(err, errno, "cannot write %s", path);
	do {
		char *slash = strrchr(dir, '/');

		if (slash)
			slash[slash == dir] = '\0';
		else
			strcpy(dir, ".");
		made = stat(dir, &st) == 0;
		if (!made && errno != ENOENT)
			return err_failed(err, errno, "cannot write %s: %s", path, dir);
	} while (!made && strcmp(dir, "/") != 0 && strcmp(dir, ".") != 0);
	if (!S_ISDIR(st.st_mode))
		return err_failed(err, ENOTDIR, "cannot write %s: %s", path, dir);
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0)
		return err_failed(err, errno, "cannot write %s: directory %s", path, dir);
	return 0;
}

/* argv is only read: posix_spawnp(3) has it without const for history's sake. */
static int run_tool(const char *const argv[], struct err *err)
{
	pid_t pid;
	int status, rc = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);

	if (rc)
		return err_failed(err, rc, "cannot run %s", argv[0]);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_failed(err, errno, "cannot wait for %s", argv[0]);
	}
	return status ? err_failed(err, 0, "%s fails", argv[0]) : 0;
}

int copy_into(const char *dir, const char *const paths[], struct err *err)
{
	const char *argv[16] = { "cp", "-r", "-t", dir };
	size_t nr = 4;

	for (size_t i = 0; paths[i]; i++) {
		if (nr == sizeof(argv) / sizeof(argv[0]) - 1)
			abort();
		argv[nr++] = paths[i];
	}
	return run_tool(argv, err);
}

int remove_tree(const char *path, struct err *err)
{
	const char *const argv[] = { "rm", "-rf", "--", path, NULL };

	return run_tool(argv, err);
}
