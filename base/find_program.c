// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/find_program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

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
