/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends: where far memory is.
 *
 * To add one:
 *	1. write backend/NAME.c, ending in its one `const struct backend backend_NAME`;
 *	2. add its row to backend/table.c and its line to the list below.
 *
 * up() writes each step into the journal before it takes it; there is no down(): the journal
 * undoes. Only backend/ calls swapon and swapoff. A backend whose pages a swap area carries needs
 * none of prepare, limit and local: memory.high does it.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/journal.h"
#include "base/opt.h"
#include "base/result.h"

struct backend_ctx {
	const struct backend *backend;
	const void *params;
	uint64_t need_bytes;   /* how much may have to be far at once; 0: not known yet */
	uint64_t peak_bytes;   /* the peaks together of the jobs that it is of */
	const char *state_dir; /* for files that fmbench keeps between runs */
	char swap_device[128]; /* filled by up(): as /proc/swaps names it; "" for none or several */
	bool taken;	       /* filled by up(): it was up before, and stays up */
	uint64_t far_nodes;    /* filled by up(): bit i: node i is far memory */
	void *state;	       /* the backend's own, from up() to release() */
};

/* What the harness must know of a backend, so that nobody compares its name. */
enum backend_caps {
	CAP_SWAP = 1,	    /* a swap area carries far pages */
	CAP_TIER = 2,	    /* far memory is addressable: a slow node */
	CAP_PAGER = 4,	    /* a process of fmbench's serves the faults */
	CAP_REMOTE = 8,	    /* somebody else holds the pages, and can be lost */
	CAP_PAGE_HOOK = 16, /* fmbench's kernel modules take the pages before the swap area does */
	CAP_RDMA = 32,	    /* an RDMA device is on the way */
	CAP_ANY_AREA = 64,  /* takes whatever swap areas are on: none is its own */
	CAP_ZSWAP = 128,    /* zswap stands before its area, and is meant to */
	CAP_HOST = 256,	    /* the host's memory, as a disk that fmlab gives a guest */
};
#define CAP_FAR (CAP_SWAP | CAP_TIER | CAP_PAGER)

struct paging;

/* One job, as a backend sees it. */
struct backend_job {
	const char *name;
	const char *dir;	/* existing, for files of this run */
	const char *memory_dir; /* its limited group, as struct group; NULL: none */
	int cgroup_version;	/* of the memory controller; 0: no group */
	char **env;   /* "NAME=VALUE" for its processes, NULL-ended; owned by the harness */
	int mem_node; /* its memory is bound there; -1: not bound. prepare() may set it */
	/* How much may stay local, of how much; 0: all of it, not known. */
	uint64_t local_bytes, peak_bytes;
	/* prepare() may set it: pages go to these nodes as they are allocated, by the kernel's weights, and
	 * no limit moves them later. Bit i is node i. */
	uint64_t spread_nodes;
	/* prepare() may set it: what the backend counts of the job; lives until forget() */
	const struct paging *paging;
	void *state; /* the backend's own; forget() frees it */
};

/*
 * Where pages are counted: rows of (what, collector, key), ended by an all-zero one. The first four say
 * how a job uses memory: of the rows with the same `what` the first that the run samples counts. The
 * others are the backend's own account, against which flags hold the kernel's: rows are added up.
 */
struct backend_usage {
	const char *what; /* one of USAGE_… */
	const char *collector, *key;
};
#define USAGE_LOCAL	"local"	    /* gauge, bytes in local memory */
#define USAGE_FAR	"far"	    /* gauge, bytes in far memory */
#define USAGE_PAGE_INS	"page_ins"  /* counter, pages that came back; never of files */
#define USAGE_PAGE_OUTS "page_outs" /* counter, pages that left */

#define USAGE_LOADS	    "loads" /* counters, pages, of everybody who uses the backend */
#define USAGE_STORES	    "stores"
#define USAGE_FAILED_LOADS  "failed_loads"
#define USAGE_FAILED_STORES "failed_stores"

struct backend {
	const char *name, *summary;
	const struct opt *opts;
	size_t params_size;
	unsigned int caps; /* of enum backend_caps; without any of CAP_FAR no page can leave */
	const struct backend_usage *usage;
	/* Could it work here? ERR_MISSING with the next step if not. Changes nothing. */
	int (*check)(const void *params, struct err *err);
	int (*up)(struct backend_ctx *ctx, struct journal *j, struct err *err);
	/* What a reader of the numbers must know: size, compressor, priority, module versions. */
	void (*facts)(const struct backend_ctx *ctx, struct facts *facts);
	/* Called about once a second in a run. <0: it is lost; >0: it does not answer, and may yet; err
	 * says how. NULL: can't be lost. */
	int (*health)(struct backend_ctx *ctx, struct err *err);
	/* Free ctx->state. NULL: there is none. */
	void (*release)(struct backend_ctx *ctx);

	/* For each job, after up() and before its processes start: environment, memory node, a
	 * process beside it (journaled). NULL: nothing to do. */
	int (*prepare)(struct backend_ctx *ctx, struct backend_job *job, struct journal *j,
		       struct err *err);
	/* Keep the job's local memory at bytes; UINT64_MAX: no limit. -EBUSY: not that far now, the old
	 * limit stands. NULL: memory.high. */
	int (*limit)(struct backend_ctx *ctx, struct backend_job *job, uint64_t bytes,
		     struct err *err);
	/* How much is local now. Goes with limit(). */
	int (*local)(struct backend_ctx *ctx, struct backend_job *job, uint64_t *ret_bytes,
		     struct err *err);
	/* After the job's processes have ended. NULL: nothing to free. */
	void (*forget)(struct backend_ctx *ctx, struct backend_job *job);
};

/* Can pages go there? */
static inline bool backend_is_far(const struct backend *b)
{
	return b->caps & CAP_FAR;
}

extern const struct backend *const *backend_table; /* ended by NULL; in the order of `auto` */
/* One more row, that was read from a file (unit.h): `auto` never takes it. */
void backend_add(const struct backend *b);
const struct backend *backend_find(const char *name, struct err *err);
/* What follows "NAME." in a key, or in a pair key=value, that names this backend's option. NULL: it
 * doesn't. */
const char *backend_key(const struct backend *b, const char *key);
/* The first far one whose check() passes with default options; err says why none did. */
const struct backend *backend_auto(struct err *err);

/*
 * Journal kinds of backends: "swapon PATH UUID" (swap_areas.h), "zram N BOOT AFTER" (zram.h),
 * "signature PATH UUID" (swap_areas.h), "module NAME", "dependency NAME" (module.h), "mount DIR" (configfs.h),
 * "nvme HOSTNQN NQN" (nvme_area.h), "nbd N IDENTIFIER" (nbd.h), "ublk N COOKIE",
 * "ublk_answer N COOKIE PID START" (ublk.h), "command NAME LOG WORDS"
 * (base/unit_command.h).
 */
extern const struct journal_op journal_ops_backend[];

/* One line a backend; the rows of table.c. */
extern const struct backend backend_brd;
extern const struct backend backend_delay;
extern const struct backend backend_disk;
extern const struct backend backend_fastswap_dram;
extern const struct backend backend_fastswap_rdma;
extern const struct backend backend_host;
extern const struct backend backend_nbd;
extern const struct backend backend_none;
extern const struct backend backend_nvme_loop;
extern const struct backend backend_nvme_rdma;
extern const struct backend backend_nvme_tcp;
extern const struct backend backend_pager;
extern const struct backend backend_swap;
extern const struct backend backend_swapfile;
extern const struct backend backend_tier;
extern const struct backend backend_ublk;
extern const struct backend backend_zram;
extern const struct backend backend_zswap;

#endif
