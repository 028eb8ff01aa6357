// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/dirs.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

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
