// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/follow.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

static bool is_output(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name &&
	       (strcmp(dot, ".out") == 0 || strcmp(dot, ".err") == 0 || strcmp(dot, ".log") == 0);
}

static struct followed *find(struct follow *f, const char *name)
{
	for (size_t i = 0; i < f->nr; i++) {
		if (strcmp(f->files[i].name, name) == 0)
			return &f->files[i];
	}
	f->files = xreallocarray(f->files, f->nr + 1, sizeof(*f->files));
	f->files[f->nr] = (struct followed){ .name = xstrdup(name) };
	return &f->files[f->nr++];
}

static void show(struct followed *file, const char *dir)
{
	char path[PATH_MAX], chunk[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.3000s/%.200s", dir, file->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while ((n = pread(fd, chunk, sizeof(chunk), file->at)) > 0) {
		log_output(chunk, (size_t)n);
		file->at += n;
	}
	close(fd);
}

void follow_look(struct follow *f, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		if (is_output(entry->d_name))
			show(find(f, entry->d_name), dir);
	}
	if (d)
		closedir(d);
}

void follow_release(struct follow *f)
{
	for (size_t i = 0; i < f->nr; i++)
		free(f->files[i].name);
	free(f->files);
	*f = (struct follow){ 0 };
}
