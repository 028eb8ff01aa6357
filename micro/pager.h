/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Far memory in user space: a region whose missing pages are filled from a second, resident one by
 * userfaultfd (Documentation/admin-guide/mm/userfaultfd.rst). A fault is resolved either in the
 * faulting thread, by a SIGBUS handler, or by handler threads that read messages.
 *
 * One pager a process: a signal handler has no argument.
 */
#ifndef MICRO_PAGER_H
#define MICRO_PAGER_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "micro/region.h"

#define PAGER_HANDLERS	"sigbus|poll|spin"
#define PAGER_EVICTS	"madvise|process_madvise"
#define PAGER_MAX_FDS	1024
#define PAGER_MAX_BATCH 1024 /* IOV_MAX */

struct pager_config {
	const char *handler; /* PAGER_HANDLERS; spin: handler threads that never sleep */
	const char *evict;   /* PAGER_EVICTS; the latter evicts a whole batch in one call */
	unsigned int fds;    /* each serves an equal part of the region */
	unsigned int handlers;
	bool track_writes; /* pages arrive write-protected: the first write is a fault of its own */
};

struct pager {
	const struct pager_config *config;
	const struct region *near;
	struct region far;
	uint64_t pages_per_fd;
	int fd[PAGER_MAX_FDS];
	int pidfd; /* of this process, for process_madvise() */
	struct pager_handler {
		alignas(128) struct pager *pager;
		unsigned int index;
		pthread_t thread;
		uint64_t filled;
	} * handlers;
	unsigned int running;
	atomic_bool stop;
};

/* Can this kernel, and may this user? ERR_MISSING says what to do. */
int pager_check(const struct pager_config *config, struct err *err);
/* Take over a filled region: its content moves to p->far, and every page is missing. *p zeroed;
 * pager_release() it whatever comes back. */
int pager_init(struct pager *p, const struct pager_config *config, const struct region *near,
	       struct err *err);
void pager_release(struct pager *p);

/* Missing pages that this thread fills are counted here: its own counter, on its own cache line. */
void pager_count_into(uint64_t *filled);

/* Operations on pages of one descriptor's part; -errno. first to first + nr - 1 in one call. */
int pager_copy_in(struct pager *p, uint64_t first, uint64_t nr);
int pager_protect(struct pager *p, uint64_t first, uint64_t nr, bool on);
/* Any pages, at most PAGER_MAX_BATCH. What was written is lost unless pager_write_back() came. */
int pager_evict(struct pager *p, const uint64_t *pages, size_t nr);
/* Protect the page, then copy it to far memory. */
int pager_write_back(struct pager *p, uint64_t page);

#endif
