// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/find_program.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/process.h"

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool find_program(const char *name, char *dst, size_t size)
{
	const char *dirs = getenv("PATH");
	struct buf path = BUF_INIT;
	bool found = false;

	if (!*name)
		return false;
	if (strchr(name, '/'))
		dirs = NULL;
	else if (!dirs)
		dirs = "/usr/local/bin:/usr/bin:/bin";

	if (!dirs) {
		buf_adds(&path, name);
		found = is_program(path.data);
	}
	for (const char *dir = dirs; dir && !found;) {
		size_t len = strcspn(dir, ":");

		buf_reset(&path);
		/* An empty entry is the current directory. */
		buf_addf(&path, "%.*s/%s", len ? (int)len : 1, len ? dir : ".", name);
		found = is_program(path.data);
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	if (found && size) {
		if (path.len < size)
			memcpy(dst, path.data, path.len + 1);
		else
			found = false;
	}
	buf_release(&path);
	return found;
}

bool find_own_program(const char *name, char *dst, size_t size)
{
	static const char *const places[] = { "", "../lib/fmbench/" };
	const char *built = getenv("FMLAB_BUILD");
	char path[PATH_MAX];

	if (built && (size_t)snprintf(dst, size, "%s/%s", built, name) < size && is_program(dst))
		return true;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", places[i], name);
		if (process_beside(dst, size, path) == 0 && is_program(dst))
			return true;
	}
	return find_program(name, dst, size);
}
