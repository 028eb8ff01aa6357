// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one reading of each collector costs on this machine, and that it allocates nothing:
 *
 *	build/bench/collectors [SWAP_DEVICE [MEMORY_DIR CPU_DIR]]
 *
 * Warm is one reading after another. Then all collectors are read in turn ten times a second: as the
 * sampler does, after a sleep, and after the same time in a loop that touches no memory, by turns. What
 * a tick costs more after the sleep than after the loop is the CPU's waking up; what it costs more after
 * the loop than warm is what others have put into the caches meanwhile. The group is the caller's own
 * unless its directories are given. Exit 1 when a reading allocated.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stats.h"
#include "base/sysfile.h"
#include "collectors/collector.h"

#define MAX_KEYS       128
#define MAX_COLLECTORS 32
#define READS	       5000
#define HZ	       10
#define TICKS	       50

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

struct row {
	const struct collector *collector;
	void *state;
	double warm_ns[READS], slept_ns[TICKS], looped_ns[TICKS];
	size_t nr_allocations, nr_have;
};

/* One reading. Returns its time; a collector that can't be read any more ends the program. */
static double read_one(struct row *row)
{
	static uint64_t values[MAX_KEYS];
	static bool have[MAX_KEYS];
	uint64_t begin_ns = clock_ns();
	int rc = row->collector->read(row->state, values, have);
	double ns = (double)(clock_ns() - begin_ns);

	if (rc < 0) {
		printf("%-14s can't be read any more: %s\n", row->collector->name, strerror(-rc));
		exit(1);
	}
	row->nr_have = 0;
	for (size_t i = 0; i < row->collector->nr_keys; i++)
		row->nr_have += have[i];
	return ns;
}

static void read_warm(struct row *row)
{
	size_t before = nr_allocations;

	for (size_t i = 0; i < READS; i++)
		row->warm_ns[i] = read_one(row);
	row->nr_allocations = nr_allocations - before;
}

static void loop_until(uint64_t end_ns)
{
	while (clock_ns() < end_ns)
		;
}

/* One tick of all rows. Returns the time of all. */
static double read_tick(struct row *rows, size_t nr, size_t i, bool slept)
{
	double sum_ns = 0;

	for (size_t k = 0; k < nr; k++) {
		double ns = read_one(&rows[k]);

		(slept ? rows[k].slept_ns : rows[k].looped_ns)[i] = ns;
		sum_ns += ns;
	}
	return sum_ns;
}

/* The times of whole ticks, after a sleep and after a loop. */
static void read_ticks(struct row *rows, size_t nr, double slept_ns[TICKS], double looped_ns[TICKS])
{
	for (size_t i = 0; i < TICKS; i++) {
		usleep(1000000 / HZ);
		slept_ns[i] = read_tick(rows, nr, i, true);
		loop_until(clock_ns() + NSEC_PER_SEC / HZ);
		looped_ns[i] = read_tick(rows, nr, i, false);
	}
}

static void print(const struct row *row)
{
	printf("%-14s %7.1f %7.1f %9.1f %9.1f %6zu %4zu/%zu\n", row->collector->name,
	       stats_median(row->warm_ns, READS) / 1e3,
	       stats_quantile(row->warm_ns, READS, 0.99) / 1e3,
	       stats_median(row->looped_ns, TICKS) / 1e3, stats_median(row->slept_ns, TICKS) / 1e3,
	       row->nr_allocations, row->nr_have, row->collector->nr_keys);
}

int main(int argc, char **argv)
{
	char memory_dir[PATH_MAX], cpu_dir[PATH_MAX], cpuacct_dir[PATH_MAX];
	struct collector_ctx ctx = { .cgroup_version = 2, .reclaim_cpu = 0 };
	static struct row rows[MAX_COLLECTORS];
	static double slept_ns[TICKS], looped_ns[TICKS];
	double warm_ns = 0;
	bool failed = false;
	size_t nr = 0;

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

	for (const struct collector *const *c = collector_table; *c && nr < MAX_COLLECTORS; c++) {
		struct err err;

		rows[nr].collector = *c;
		if ((*c)->open(&ctx, &rows[nr].state, &err) < 0)
			printf("%-14s %s\n", (*c)->name, err.msg);
		else
			nr++;
	}
	for (size_t i = 0; i < nr; i++)
		read_warm(&rows[i]);
	read_ticks(rows, nr, slept_ns, looped_ns);

	printf("%-14s %7s %7s %9s %9s %6s %s\n", "us, medians", "warm", "p99", "looped", "slept",
	       "allocs", "keys");
	for (size_t i = 0; i < nr; i++) {
		print(&rows[i]);
		warm_ns += stats_median(rows[i].warm_ns, READS);
		failed |= rows[i].nr_allocations > 0;
		rows[i].collector->close(rows[i].state);
	}
	printf("%-14s %7.1f %7s %9.1f %9.1f\n", "a tick", warm_ns / 1e3, "",
	       stats_median(looped_ns, TICKS) / 1e3, stats_median(slept_ns, TICKS) / 1e3);
	return failed;
}
