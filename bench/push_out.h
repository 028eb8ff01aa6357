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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
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

/* How many of the pages are in memory, or in the swap cache; SIZE_MAX where that can't be told. */
static inline size_t still_near(void *at, size_t bytes)
{
	size_t pages = bytes / 4096, near = 0;
	unsigned char *is_near = malloc(pages);

	if (!is_near || mincore(at, bytes, is_near)) {
		free(is_near);
		return SIZE_MAX;
	}
	for (size_t i = 0; i < pages; i++)
		near += is_near[i] & 1;
	free(is_near);
	return near;
}

/* Pages that are on their way out can't be taken: tried again until none is left, for two seconds at most. */
static inline int push_out(void *at, size_t bytes)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	char text[32];
	int fd, len, rc = 0;

	if (madvise(at, bytes, MADV_PAGEOUT))
		return -1;
	fd = own_group_file("memory.reclaim", O_WRONLY);
	if (fd < 0)
		return 0;
	len = snprintf(text, sizeof(text), "%zu", bytes);
	for (int tries = 0; tries < 100 && !rc; tries++) {
		size_t near;

		/* EAGAIN: there was less to take. */
		if (write(fd, text, len) < 0 && errno != EAGAIN)
			rc = -1;
		near = still_near(at, bytes);
		if (near == 0 || near == SIZE_MAX)
			break;
		nanosleep(&pause, NULL);
	}
	close(fd);
	return rc;
}

#endif
