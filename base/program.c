// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/program.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/find_program.h"

#define PATIENCE_MS 2000

bool program_version(const char *program, char *dst, size_t size)
{
	char *const argv[] = { (char *)program, (char *)"-V", NULL };
	struct child child = CHILD_INIT;
	char text[256], *word;
	ssize_t len = -1;

	if (child_spawn(&child, argv, NULL, CHILD_PTY, "/dev/null", NULL) == 0 &&
	    child_wait(&child, PATIENCE_MS, NULL) == 1)
		len = read(child.out_fd, text, sizeof(text) - 1);
	child_release(&child);
	if (len <= 0)
		return false;
	text[len] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	word = strrchr(text, ' ');
	snprintf(dst, size, "%s", word ? word + 1 : text);
	return dst[0];
}

bool program_file(const char *program, char *dst, size_t size)
{
	char path[PATH_MAX], at[32];
	struct stat st;
	struct tm tm;

	if (!find_program(program, path, sizeof(path)) || stat(path, &st) != 0 ||
	    !gmtime_r(&st.st_mtime, &tm) || !strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return false;
	snprintf(dst, size, "%lld bytes of %s", (long long)st.st_size, at);
	return true;
}
