/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run's control groups, through libcgroup (made, joined, limited, removed) on cgroup v2 and,
 * where the memory controller is still there, v1:
 *
 *	ROOT/fmbench-XXXXXXXX/inside	the workload: limited
 *	ROOT/fmbench-XXXXXXXX/outside	load generators: no limit
 *
 * No process is ever in the top group (v2's no-internal-process rule). Reading counters is the
 * collectors' business: they get directories and keep their own descriptors.
 */
#ifndef HARNESS_CGROUP_H
#define HARNESS_CGROUP_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/journal.h"

/* Where controllers live on this machine, found through libmount. */
struct cgroup_machine {
	int memory_version;	      /* 1, 2; 0: no memory controller is mounted */
	char memory_mount[PATH_MAX];  /* mount point of the hierarchy with `memory` */
	char cpuset_mount[PATH_MAX];  /* "" where cpuset is not to be had */
	char cpu_mount[PATH_MAX];     /* "" where cpu is not to be had beside memory */
	char cpuacct_mount[PATH_MAX]; /* v1 only; "" elsewhere */
};

struct group {
	const struct cgroup_machine *machine;
	char name[PATH_MAX / 4];    /* relative to the mounts: "fmbench-1a2b3c4d/inside" */
	char memory_dir[PATH_MAX];  /* absolute */
	char cpu_dir[PATH_MAX];	    /* where cpu.stat is; "" if none */
	char cpuacct_dir[PATH_MAX]; /* v1; "" if none */
};

struct groups {
	struct cgroup_machine machine;
	char top[PATH_MAX / 8];
	struct group inside, outside;
};

/* ERR_MISSING where there is no memory controller. Changes nothing. */
int cgroup_detect(struct cgroup_machine *m, struct err *err);
/* May this process make groups below root ("/" or a delegated group)? ERR_MISSING says what to do. */
int cgroup_check(const struct cgroup_machine *m, const char *root, struct err *err);
/* The group below which fmbench makes its groups when the user names none: "/" for root, else the
 * process's own. */
int cgroup_default_root(const struct cgroup_machine *m, char *dst, size_t size, struct err *err);

/*
 * Make both groups, journaled as one entry. They take part in memory, cpuset, and cpu (for its count
 * of throttling), where these are to be had; on v2 cpu is turned on below root for as long. CPUs (NULL: no cpuset) and memory node (-1: all) bind
 * inside; outside gets its CPUs.
 */
int groups_create(struct groups *g, const char *root, const char *tag, const cpu_set_t *inside_cpus,
		  const cpu_set_t *outside_cpus, int mem_node, struct journal *j, struct err *err);

/* Other CPUs for what is to join the group; does nothing where there is no cpuset. */
int group_set_cpus(const struct group *g, const cpu_set_t *cpus, struct err *err);
/* Kill what a job has left in its group: processes that have got away from their parent. Returns how
 * many there were. */
unsigned int group_kill_rest(const struct group *g);
/* As struct place's join: arg is a struct group. */
int group_join(void *arg, pid_t pid, struct err *err);
#define LIMIT_NONE UINT64_MAX
/* memory.high (v2) or memory.limit_in_bytes (v1). -EBUSY: v1 could not reclaim that far
 * now, the old limit stands. */
int group_set_limit(const struct group *g, uint64_t bytes, struct err *err);
int group_usage(const struct group *g, uint64_t *ret_bytes, struct err *err);
/* A value of memory.stat by its name on v2 and v1. -ENODATA: no such row, *ret_value stays. */
int group_stat(const struct group *g, const char *v2_key, const char *v1_key, uint64_t *ret_value);
/* What of it can be far: its anonymous and shared memory, not page cache and the kernel's own. */
int group_far_able(const struct group *g, uint64_t *ret_bytes);
/* memory.peak (Linux 5.19) or memory.max_usage_in_bytes. -ENOENT where the kernel has none. */
int group_peak(const struct group *g, uint64_t *ret_bytes);

/*
 * Journal kind "cgroup NAME SINCE": kill what is in the group and below, remove it. What started
 * before SINCE (clock ticks since boot, when the run's fmbench did) was moved there by somebody: it
 * is named, and left alone. Kind "cgroup_cpu DIR": groups below DIR lose the controller cpu again,
 * unless another of them has passed it on by then.
 */
extern const struct journal_op journal_ops_cgroup[];

#endif
