/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pushes pages out of memory, and out of the swap cache. Where swap writes asynchronously, MADV_PAGEOUT
 * leaves pages in the swap cache, where the next touch finds them: memory.reclaim of the caller's group takes
 * them from there (Linux 5.19; not of the root group, where it would take them from everybody). errno is set where this returns -1.
 */
#ifndef BENCH_PUSH_OUT_H
#define BENCH_PUSH_OUT_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The root group is nobody's own. */
static inline int own_group_file(const char *name, int flags)
{
	char line[512], path[600];
	FILE *file = fopen("/proc/self/cgroup", "re");
	int fd = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "0::/") == 0)
			break;
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s", line + 3, name);
		fd = open(path, flags | O_CLOEXEC);
	}
	if (file)
		fclose(file);
	return fd;
}

static inline int push_out(void *at, size_t bytes)
{
	char text[32];
	int fd, len;

	if (madvise(at, bytes, MADV_PAGEOUT))
		return -1;
	fd = own_group_file("memory.reclaim", O_WRONLY);
	if (fd < 0)
		return 0;
	len = snprintf(text, sizeof(text), "%zu", bytes);
	/* EAGAIN: there was less to take. */
	if (write(fd, text, len) < 0 && errno != EAGAIN)
		bytes = 0;
	close(fd);
	return bytes ? 0 : -1;
}

#endif
