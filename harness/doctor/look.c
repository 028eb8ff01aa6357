// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/doctor/look.h"

#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sysfile.h"

bool setting_differs(const struct setting *s, const char *path, char *now, size_t size)
{
	return sysfile_read_choice(path, now, size) == 0 && strcmp(now, s->to) != 0 &&
	       (!s->from || strcmp(now, s->from) == 0);
}

void found(struct finding *f, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	f->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(f->found, sizeof(f->found), fmt, ap);
	va_end(ap);
}

void fix(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->fix, sizeof(f->fix), fmt, ap);
	va_end(ap);
}

unsigned int doctor_kernel(char *release)
{
	unsigned int major, minor;
	char line[128];

	if (sysfile_read_line("/proc/sys/kernel/osrelease", line, sizeof(line)) != 0)
		strcpy(line, "?");
	if (release)
		strcpy(release, line);
	return sscanf(line, "%u.%u", &major, &minor) == 2 ? major * 1000 + minor : 0;
}

bool doctor_has_word(const char *path, const char *word)
{
	struct buf b = BUF_INIT;
	bool has = false;
	char *save, *one;

	if (sysfile_read(path, &b) == 0) {
		for (one = strtok_r(b.data, " \t\n,", &save); one && !has;
		     one = strtok_r(NULL, " \t\n,", &save))
			has = strcmp(one, word) == 0;
	}
	buf_release(&b);
	return has;
}

bool doctor_value_of(const char *path, const char *key, char *dst, size_t size)
{
	struct buf b = BUF_INIT;
	bool has = false;
	char *save, *line;

	if (sysfile_read(path, &b) == 0) {
		for (line = strtok_r(b.data, "\n", &save); line && !has;
		     line = strtok_r(NULL, "\n", &save)) {
			char *colon = strchr(line, ':');
			size_t len = strlen(key);

			if (!colon || strncmp(line, key, len) != 0 ||
			    line + len + strspn(line + len, " \t") != colon)
				continue;
			snprintf(dst, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
			has = true;
		}
	}
	buf_release(&b);
	return has;
}

bool doctor_has_program(const char *name)
{
	const char *env = getenv("PATH");
	struct buf path = BUF_INIT, dirs = BUF_INIT;
	bool has = false;
	char *save, *dir;

	/* As fmlab: the tools of root are looked for whoever asks. */
	buf_addf(&dirs, "%s:/usr/sbin:/sbin", env ? env : "/usr/bin:/bin");
	for (dir = strtok_r(dirs.data, ":", &save); dir && !has; dir = strtok_r(NULL, ":", &save)) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, name);
		has = sysfile_exists(path.data);
	}
	buf_release(&path);
	buf_release(&dirs);
	return has;
}

size_t doctor_each_file(const char *pattern, void (*fn)(const char *path, void *arg), void *arg)
{
	char full[PATH_MAX];
	size_t nr = 0;
	glob_t found_files;

	if (sysfile_path(full, sizeof(full), pattern) != 0 ||
	    glob(full, 0, NULL, &found_files) != 0)
		return 0;
	for (; nr < found_files.gl_pathc; nr++)
		fn(found_files.gl_pathv[nr] + strlen(sysfile_root()), arg);
	globfree(&found_files);
	return nr;
}

bool doctor_modules_possible(void)
{
	uint64_t disabled;

	return sysfile_exists("/proc/modules") &&
	       (sysfile_read_u64("/proc/sys/kernel/modules_disabled", &disabled) != 0 || !disabled);
}

bool doctor_captured(void)
{
	return sysfile_root()[0] != '\0';
}

bool doctor_in_lab(void)
{
	return !doctor_captured() && getenv("FMLAB");
}
