/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pager of one process: libfmpager.so, which fmpager has the loader bring into every program of the
 * job (LD_PRELOAD). Threads and who touches what:
 *
 *	handler	 one thread. It serves faults and events in the order in which the kernel tells them, and
 *		 alone changes the space, the policy and the pool. It must never touch memory that is paged:
 *		 nobody would serve that fault. So it calls no malloc() and no stdio.
 *	helper	 does for the handler what may fault, or raises events that the handler must read first.
 *	program	 the program's threads, in hook.c: they only register new mappings.
 *
 * What keeps data right, whatever the program does meanwhile: the kernel lets UFFDIO_COPY, _MOVE and
 * _WRITEPROTECT fail with EAGAIN from the moment the layout changes until the handler has read of it.
 * So the handler reads one message at a time, and deals with each before it reads the next.
 */
#ifndef BACKEND_PAGER_PAGER_H
#define BACKEND_PAGER_PAGER_H

#include <linux/userfaultfd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/pager/board.h"
#include "backend/pager/policy.h"
#include "backend/pager/prefetch.h"
#include "backend/pager/space.h"

#define BATCH_PAGES   64u	  /* evicted together */
#define STAGING_PAGES 128u	  /* at least BATCH_PAGES */
#define LEAST_BYTES   (64u << 10) /* smaller mappings stay as they are: their sum is counted */

struct pager {
	atomic_bool attached; /* hooks register new mappings */
	pid_t pid;	      /* whose memory it is: a child of fork must not act on its parent's */
	dev_t proc_device;    /* of /proc, by which fmpager knows it */
	_Atomic pid_t helper_tid; /* 0: it has not begun */
	struct board *board;
	struct space space;
	struct pool_ctx pool;
	const struct policy *policy;
	struct policy_ctx policy_ctx;
	const struct prefetch *prefetch;
	struct prefetch_ctx prefetch_ctx;
	char *staging; /* STAGING_PAGES of private memory, registered, empty between evictions */
	char *buffer;  /* PREFETCH_MAX + 1 pages, not paged */
	char *zeros;   /* as many */
	int wake_fd;   /* eventfd: look up from poll() */
	int statm_fd, pagemap_fd;
	bool can_move, hooked;
	bool evicting; /* no second eviction within one */
	bool changing; /* the eviction met a change of layout, of which the handler has to read first */
	atomic_bool look;	 /* at /proc/self/maps */
	bool past_libc;		 /* the program changes its layout by system calls of its own */
	uint64_t discarded;	 /* the page that the helper takes away just now: see evict.c */
	_Atomic uint32_t rounds; /* of the handler, for pager_sync() */
};

extern struct pager pager;

#define COUNT(what, by) (pager.space.process->counters.what += (by))

/* --- state.c --- */
/* One sentence on stderr. */
void pager_say(const char *sentence);
/* One sentence on stderr; then the process ends by SIGBUS: its data can't be had. */
_Noreturn void pager_die(const char *sentence);
/* The same, and why the pool failed. */
_Noreturn void pager_die_of_pool(const char *sentence);
/* Returns when the handler has dealt with all that it had read before. */
void pager_sync(void);
/* Before pager_memory(); in a forked child, again. 0 or -errno */
int memory_start(void);

/* --- fault.c --- */
/* All stored pages are there for other processes, or this one ends. */
void pager_settle(void);
/* In a thread of its own; never returns. */
void handler_run(void);
/* Read a message, if there is one, and deal with it. False: there was none. */
bool handler_step(void);

/* Nothing was asked for: what the prefetcher wants meanwhile. True: some came. */
bool bring_meanwhile(void);

/* --- evict.c --- */
/* Take up to nr pages away. Returns how many went. */
size_t evict(size_t nr);
/* How many of nr pages, at most BATCH_PAGES, a forked process has, too. */
size_t pages_shared(uint64_t address, size_t nr);
/* Make room for nr more pages, if that can be. */
void evict_for(size_t nr);
/*
 * No room can be made while an eviction waits for the helper, which may take long where others want the CPUs. True:
 * one is under way at the limit, and this thread, which asks for the page, is woken when it is over, to ask again.
 */
bool evict_holds(uint64_t address, pid_t tid);
/* Between faults: keep a little room ready. True: some went. */
bool evict_ahead(void);

/* --- event.c --- */
void event_serve(struct space *s, const struct uffd_msg *m);

/* --- helper.c --- */
/* step: handler_step(), while the helper is at work. */
int helper_start(bool (*step)(void));
/* Have the helper call fn(arg), and deal with faults and events until that has returned. */
void helper_do(void (*fn)(void *arg), void *arg);

/* --- fork.c --- */
#define MAX_WARDS 32 /* children that have no handler yet */
/* in_child: starts a handler there, on the descriptor that the parent passes by the socket. */
void fork_init(void (*in_child)(int socket));
/* The kernel told of a child of that space, whose memory uffd serves. */
void fork_event(struct space *parent, int uffd);
/* The children that have no handler yet: what to poll, and what came. Returns how many there are. */
struct pollfd;
size_t fork_poll_fds(struct pollfd *fds, size_t nr);
void fork_serve(const struct pollfd *fds, size_t nr,
		void (*serve)(struct space *s, const struct uffd_msg *m));

/* --- adopt.c --- */
/* A new mapping, that nobody else knows of yet. In the program's threads. */
void adopt_mapping(uint64_t start, uint64_t bytes);
/* What /proc/self/maps has and no hook saw; scan: pages that are there already, too. In the handler. */
void adopt_maps(bool scan);
/* Every few milliseconds, in the handler: how much memory is not paged, and whether maps are to be read. */
void adopt_tick(void);

/* --- hook.c --- */
/* Have libc's mmap, mremap, brk and madvise pass by here, whoever calls them. False: it could not be. */
bool hook_libc(void);
/* Around a change of layout: waits while the handler holds. */
void hook_enter(void);
void hook_leave(void);
/* Has libc just changed the layout there? */
bool hook_knows(uint64_t address);
/* Keep libc's changes of layout out. False: one is under way. */
bool hook_hold(void);
void hook_release(void);
/* In a forked child: nobody changes anything. */
void hook_reset(void);

/* --- regions.c: what is registered, so that only the rest is looked at --- */
/* None yet; in a forked child, none again. 0 or -ENOMEM */
int regions_init(void);
void region_add(uint64_t start, uint64_t end);
void region_remove(uint64_t start, uint64_t end);
/* The first part of [start, end) that is not registered. False: all of it is. */
bool region_gap(uint64_t start, uint64_t end, uint64_t *ret_start, uint64_t *ret_end);
/* Stacks of threads stay: the kernel writes to them when a thread has ended, and would not be served. */
void region_keep_out(uint64_t start, uint64_t end);
bool region_is_kept_out(uint64_t start, uint64_t end);

#endif
