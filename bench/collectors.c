// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one reading of each collector costs on this machine, and that it allocates nothing:
 *
 *	build/bench/collectors [SWAP_DEVICE [MEMORY_DIR CPU_DIR]]
 *
 * The group is the caller's own unless its directories are given. Exit 1 when a reading allocated.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stats.h"
#include "base/sysfile.h"
#include "collectors/collector.h"

#define MAX_KEYS 128
#define READS	 5000

/* glibc's allocator under other names, so that calls can be counted. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static size_t nr_allocations;

void *malloc(size_t size)
{
	nr_allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	nr_allocations++;
	return __libc_calloc(nr, size);
}

void *realloc(void *old, size_t size)
{
	nr_allocations++;
	return __libc_realloc(old, size);
}

/* Where distributions mount the hierarchy whose line in /proc/self/cgroup has this name: "" is
 * cgroup v2. False: there is no such line. */
static bool own_group(const char *controller, char *dst, size_t size)
{
	struct buf text = BUF_INIT;
	bool found = false;

	if (sysfile_read("/proc/self/cgroup", &text) == 0)
		for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n")) {
			char *name = strchr(line, ':') + 1, *path = strchr(name, ':');

			*path++ = '\0';
			if (strcmp(name, controller) != 0)
				continue;
			snprintf(dst, size, "/sys/fs/cgroup%s%s%s", *controller ? "/" : "",
				 controller, strcmp(path, "/") != 0 ? path : "");
			found = true;
		}
	buf_release(&text);
	return found;
}

static int bench(const struct collector *c, const struct collector_ctx *ctx)
{
	static double ns[READS];
	uint64_t values[MAX_KEYS];
	bool have[MAX_KEYS] = { false };
	struct err err;
	void *state;

	if (c->open(ctx, &state, &err) < 0) {
		printf("%-14s %s\n", c->name, err.msg);
		return 0;
	}

	size_t before = nr_allocations;

	for (size_t i = 0; i < READS; i++) {
		uint64_t begin_ns = clock_ns();
		int r = c->read(state, values, have);

		ns[i] = (double)(clock_ns() - begin_ns);
		if (r < 0) {
			printf("%-14s can't be read any more: %s\n", c->name, strerror(-r));
			c->close(state);
			return r;
		}
	}

	size_t allocations = nr_allocations - before, nr_have = 0;

	c->close(state);
	for (size_t i = 0; i < c->nr_keys; i++)
		nr_have += have[i];
	printf("%-14s %6.0f %6.0f %6zu %4zu/%zu\n", c->name, stats_median(ns, READS),
	       stats_quantile(ns, READS, 0.99), allocations, nr_have, c->nr_keys);
	return allocations ? -ENOMEM : 0;
}

int main(int argc, char **argv)
{
	char memory_dir[PATH_MAX], cpu_dir[PATH_MAX], cpuacct_dir[PATH_MAX];
	struct collector_ctx ctx = { .cgroup_version = 2, .reclaim_cpu = 0 };
	int failed = 0;

	if (own_group("memory", memory_dir, sizeof(memory_dir)) &&
	    own_group("cpuacct", cpuacct_dir, sizeof(cpuacct_dir))) {
		ctx.cgroup_version = 1;
		ctx.memory_dir = memory_dir;
		ctx.cpuacct_dir = cpuacct_dir;
		if (own_group("cpu", cpu_dir, sizeof(cpu_dir)))
			ctx.cpu_dir = cpu_dir;
	} else if (own_group("", memory_dir, sizeof(memory_dir))) {
		ctx.memory_dir = ctx.cpu_dir = memory_dir;
	}
	ctx.swap_device = argc > 1 ? argv[1] : NULL;
	if (argc > 3) {
		ctx.memory_dir = argv[2];
		ctx.cpu_dir = argv[3];
	}

	printf("%-14s %6s %6s %6s %s\n", "collector", "ns", "p99", "allocs", "keys");
	for (const struct collector *const *c = collector_table; *c; c++)
		failed |= bench(*c, &ctx) < 0;
	return failed;
}
