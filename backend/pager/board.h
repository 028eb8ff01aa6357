/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The board: memory that fmpager makes and all of a job's processes share. It holds the job's limit,
 * what each process counts, who holds which slot of the pool, and the page tables of all of them. So
 * what a process leaves behind when it is killed is found and freed by fmpager.
 *
 * The board is a memfd; the environment names it as a file of /proc (BOARD_ENV), so that it is gone with
 * fmpager. Everything in it is changed by atomic operations, or by one owner alone: no lock can be left
 * held by a process that was killed.
 */
#ifndef BACKEND_PAGER_BOARD_H
#define BACKEND_PAGER_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/pager/pool.h"
#include "base/err.h"

#define BOARD_ENV	"FMPAGER_BOARD"
#define PAGE_BYTES	4096ull
#define BLOCK_PAGES	512u /* 2 MiB: how page tables and slots are handed out */
#define BOARD_PROCESSES 512u
#define NO_BLOCK	0u /* blocks, extents and slots are numbered from 1 */
#define NO_SLOT		0u
#define NO_LIMIT	UINT64_MAX

/* One row each makes the fields, the sum and the report. */
#define BOARD_COUNTERS(X)                                                                          \
	X(faults_new, "first touches that asked the pager")                                        \
	X(faults_far, "faults on far pages")                                                       \
	X(faults_write, "first writes to clean pages")                                             \
	X(pages_new, "pages filled with zeros")                                                    \
	X(pages_in, "pages that came back, read-ahead included")                                   \
	X(pages_out, "pages that left and were written")                                           \
	X(pages_clean, "pages that left unwritten: their slot still held them")                    \
	X(pool_full, "times that a page stayed because the pool had no room")                      \
	X(stuck, "times that a page could not leave: pinned, locked or shared")                    \
	X(events, "changes of the memory's layout: munmap, madvise, mremap, fork")                 \
	X(off_trace, "faults that the trace does not have there")                                  \
	X(again, "faults sent back because the layout was changing")                               \
	X(forks, "children that were forked")                                                      \
	X(handler_ns, "time in the handler, faults and evictions")                                 \
	X(evict_ns, "of that, evicting")

struct counters {
#define X(name, help) uint64_t name;
	BOARD_COUNTERS(X)
#undef X
};

enum page_state {
	PAGE_NEW = 0,  /* not touched, as far as the pager knows: zeros */
	PAGE_RESIDENT, /* in memory */
	PAGE_FAR,      /* in its slot. It may yet be in memory: see space.h */
};

#define PAGE_CLEAN   1u /* resident, write-protected, equal to its slot */
#define PAGE_LEAVING 2u /* being evicted where the kernel can't move pages: see evict.c */
#define PAGE_WATCHED 8u /* resident, write-protected so that the policy sees a write */
#define PAGE_SHARED                                                                                \
	4u /* resident, write-protected since a fork: the other process may have it, too */

struct page {
	uint32_t slot; /* NO_SLOT: never left */
	uint8_t state; /* enum page_state */
	uint8_t flags;
	uint16_t unused;
	uint64_t word; /* the policy's */
};

struct block {
	_Atomic uint32_t owner; /* index of the process + 1; 0: free */
	uint32_t next;		/* of the same owner */
	uint32_t extent;	/* slots for its pages; NO_BLOCK: none yet */
	uint32_t unused;
	uint64_t address;
	struct page pages[BLOCK_PAGES];
};

enum process_state { PROCESS_FREE = 0, PROCESS_MAKING, PROCESS_WARD, PROCESS_LIVE, PROCESS_DEAD };

struct process {
	_Atomic uint32_t state;
	_Atomic int32_t pid;
	uint32_t pool_owner; /* who it is to the pool: its bury() */
	uint64_t seen;	     /* the keeper's: pid << 32 | when it started, which tells pids apart */
	char name[32];
	uint32_t first_block;
	_Atomic int64_t resident; /* pages that the pager knows of */
	_Atomic int64_t unpaged;  /* anonymous pages beside these: stacks, small mappings, data */
	_Atomic int64_t far;
	_Atomic int64_t ask; /* pages that another process wants from this one */
	struct counters counters;
};

struct board {
	uint32_t magic, version;
	uint64_t bytes;
	uint32_t nr_slots, nr_extents, nr_blocks;
	uint32_t nr_usable; /* extents that the pool has room for */
	pid_t keeper;
	int pool_fd; /* in the keeper; -1: none */
	char pool[256], policy[256], prefetch[256];
	_Alignas(64) char pool_shared[POOL_SHARED_BYTES]; /* the pool's own */
	int trace_fd;					  /* in the keeper; -1: none */
	bool recording;					  /* else it is followed */
	_Atomic uint64_t trace_rows;			  /* those that are followed: trace.h */
	bool no_move, no_hooks; /* for tests: as if the kernel, or libc, did not allow it */

	_Atomic uint64_t limit_pages; /* NO_LIMIT: none */
	_Atomic uint32_t limit_ppm;   /* of what the job has touched; 0: limit_pages counts */
	_Atomic bool lowered; /* the limit was set, and memory has not been below it since */
	_Atomic int64_t resident, unpaged, far; /* sums over processes */
	_Atomic int64_t shared;	   /* how much resident + unpaged count more than once: fork */
	_Atomic uint32_t sharings; /* how often that became more */
	_Atomic int64_t peak, overshoot; /* in pages: of what is in memory; above the limit */
	_Atomic int64_t unpaged_peak;
	_Atomic uint32_t nr_freed; /* extents */
	_Atomic uint32_t full_at;  /* nr_freed + 1 when the pool had no room; 0: it had */
	_Atomic bool full_told;
	_Atomic uint64_t refused; /* bytes of mappings that are shared, locked, or too small */
	_Atomic uint32_t nr_seen; /* processes that were ever paged */
	_Atomic uint32_t nr_bare; /* programs that ran unpaged: static, set-user-ID and the like */
	_Atomic uint32_t extent_hint, block_hint;
	struct counters past; /* of processes that have ended */
	struct process processes[BOARD_PROCESSES];
};

/* In fmpager. Returns its descriptor, whose file is 0600, or -errno. */
int board_create(uint64_t far_bytes, struct board **ret, struct err *err);
/* In a process of the job. */
int board_open(const char *path, struct board **ret, struct err *err);
void board_close(struct board *b);

struct block *board_block(struct board *b, uint32_t number);

/* From now on; what is above it then is no overshoot. NO_LIMIT: none. */
void board_set_limit(struct board *b, uint64_t pages);
/* How many pages may be in memory, all processes together. */
uint64_t board_limit(const struct board *b);
/* How many are. Notes the peak and the overshoot, too. */
int64_t board_local(struct board *b);

/* Memory of several processes that is there once: so many pages more, or fewer as one copied or left them. */
void board_share(struct board *b, int64_t pages);
/*
 * Shares are counted as the handlers see them begin and end; now and then the kernel is asked how much
 * there is in truth (/proc/PID/smaps_rollup). In the keeper, at each of its ticks.
 */
void board_measure_shared(struct board *b);

/* A free row, in state MAKING. NULL: all are taken. */
struct process *board_add_process(struct board *b);
uint32_t board_index(const struct board *b, const struct process *p);
/* Frees its blocks and slots, and adds its counters to those of the past. Its row becomes free. */
void board_bury(struct board *b, struct pool_ctx *pool, struct process *p);
/* Bury all whose program has ended, or was replaced by exec. In fmpager alone. */
void board_bury_dead(struct board *b, struct pool_ctx *pool);

/* For owner's new block at address, or NO_BLOCK when all are taken. */
uint32_t board_take_block(struct board *b, struct process *owner, uint64_t address);
/*
 * A slot for page number i of the block, held by nobody else: the page's own, or a new one, which the
 * page then holds. NO_SLOT: the pool is full.
 */
uint32_t board_take_slot(struct board *b, struct pool_ctx *pool, struct block *block,
			 unsigned int i);
/* The pool had no room when it was asked last, and has freed none since. */
bool board_is_full(const struct board *b);
void board_share_slot(struct board *b, uint32_t slot);
/* Its page holds it no more. Where that frees a whole extent, the pool drops it. */
void board_put_slot(struct board *b, struct pool_ctx *pool, uint32_t slot);

void counters_add(struct counters *sum, const struct counters *c);

#endif
