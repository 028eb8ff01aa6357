/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collectors: one counter source each, read many times a second by the sampler.
 *
 * To add one:
 *	1. write collectors/NAME.c, ending in its one `const struct collector collector_NAME`;
 *	2. add its row to collectors/table.c and its line to the list below.
 *
 * open() finds the keys once and keeps its descriptors; read() is keptfile_read() and parse, allocates
 * nothing, and may be called from another thread than open(). A key that this kernel lacks is
 * absent (have[i] false), never zero.
 */
#ifndef COLLECTORS_COLLECTOR_H
#define COLLECTORS_COLLECTOR_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Whose counters: the sampler opens one instance a job for SCOPE_JOB, one in all for the others. */
enum collector_scope { SCOPE_MACHINE, SCOPE_JOB, SCOPE_BACKEND };

enum key_kind {
	KEY_COUNTER, /* only grows; reported as its delta within a phase */
	KEY_GAUGE,   /* a level; reported as mean, min and max within a phase */
};

struct collector_key {
	const char *name; /* cgroup v2's name where there is one, also on v1 */
	const char *unit; /* "pages", "bytes", "us", "events", "share" */
	enum key_kind kind;
	const char *alias; /* what the source calls it elsewhere (cgroup v1), or NULL */
};

#define NR_KEYS(keys) (sizeof(keys) / sizeof((keys)[0]))

struct reclaimer_counters;
struct moving_limit;
struct paging;
struct progress;

/* What a collector may look at; the job's fields only with SCOPE_JOB. Paths are without sysroot. */
struct collector_ctx {
	int cgroup_version;	 /* of the memory controller: 1 or 2; 0: no group */
	const char *memory_dir;	 /* the job's limited group, NULL: none */
	const char *cpu_dir;	 /* the same on v2; the job's of hierarchy cpu on v1; NULL: none */
	const char *cpuacct_dir; /* v1: the job's of hierarchy cpuacct; NULL: none */
	/* The job's load generators': as cpu_dir, and on v1 cpuacct_dir. */
	const char *client_cpu_dir;
	const cpu_set_t *cpus;	 /* which programs of the run may use; NULL: not known */
	const char *swap_device; /* the backend's swap area as /proc/swaps names it, or NULL */
	uint64_t far_nodes;	 /* bit i: node i is far memory */
	int reclaim_cpu;	 /* -1: none */
	struct reclaimer_counters *reclaimer; /* the job's; NULL: reclaim is not offloaded */
	struct moving_limit *limit;   /* a co-run's job's (limit.h); NULL: it does not move */
	struct progress *progress;    /* the job's (base/progress.h); NULL: none */
	const struct paging *paging;  /* the job's (base/paging.h); NULL: the kernel pages it */
	const struct collector *self; /* the one that is opened; built-in ones don't ask */
};

struct collector {
	const char *name, *summary;
	enum collector_scope scope;
	bool of_run; /* what it reads comes with a run: its group, its backend, its threads */
	const struct collector_key *keys;
	size_t nr_keys;
	/* -ENOENT: this machine (or this run) does not have it, *err says why; not an error for the
	 * caller. Any other -errno: it should be there, and can't be read. */
	int (*open)(const struct collector_ctx *ctx, void **ret_state, struct err *err);
	/* values[i] and have[i] for each key. 0, or -errno when the source vanished. */
	int (*read)(void *state, uint64_t *values, bool *have);
	void (*close)(void *state);
};

/* Gauges with fractions are stored in thousandths where the unit ends in "_milli". */

extern const struct collector *const *collector_table; /* ended by NULL */
/* One more row, that was read from a file (unit.h). */
void collector_add(const struct collector *c);

/* One line a collector; the rows of table.c. */
extern const struct collector collector_cgroup_cpu;    /* cpu.stat; cpuacct.*, too, on v1 */
extern const struct collector collector_cpu;	       /* /proc/stat: reclaim CPU, the run's CPUs */
extern const struct collector collector_damon;	       /* sysfs damon: moved between nodes */
extern const struct collector collector_fastswap;      /* debugfs fastswap/ (our modules) */
extern const struct collector collector_fastswap_rdma; /* debugfs fastswap/rdma */
extern const struct collector collector_frontswap;     /* debugfs frontswap/ */
extern const struct collector collector_ksm;	       /* /sys/kernel/mm/ksm: same-page merging */
extern const struct collector collector_limit;	       /* of a co-run's job: it moves */
extern const struct collector collector_memory_events; /* memory.events; failcnt, oom on v1 */
extern const struct collector collector_memory_stat;   /* memory.stat */
extern const struct collector collector_memory_usage;  /* memory.current, swap.current, peak */
extern const struct collector collector_numa;	       /* memory.numa_stat: memory by node */
extern const struct collector collector_nvme;	       /* /sys/class/nvme: paths under the area */
extern const struct collector collector_pager;	       /* of the backend that pages in user space */
extern const struct collector collector_pressure;      /* memory.pressure; /proc/pressure/memory */
extern const struct collector collector_progress;      /* operations, as the program tells */
extern const struct collector collector_rdma;	       /* RDMA port counters */
extern const struct collector collector_reclaimer;     /* the thread of --offload-reclaim */
extern const struct collector collector_swap_area;     /* /proc/swaps: the backend's and all */
extern const struct collector collector_swap_device;   /* /sys/class/block/X/stat */
extern const struct collector collector_thermal;       /* cpu/thermal_throttle: too hot */
extern const struct collector collector_thp;	       /* hugepages-SIZE/stats: large pages */
extern const struct collector collector_vmstat;	       /* /proc/vmstat */
extern const struct collector collector_zram;	       /* /sys/block/zramN/mm_stat, io_stat */
extern const struct collector collector_zswap;	       /* debugfs zswap/ */

#endif
