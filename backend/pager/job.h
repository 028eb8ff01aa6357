/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper's part of a job, for fmpager and fmbench: the board, its pool, and what programs need to join. */
#ifndef BACKEND_PAGER_JOB_H
#define BACKEND_PAGER_JOB_H

#include <stddef.h>

#include "backend/pager/board.h"
#include "backend/pager/pool.h"
#include "base/err.h"

struct pager_job {
	struct board *board;
	int board_fd;
	struct pool_ctx pool;
};

/* Names as users give them: NAME, or a FILE with a '/'; pool: NAME[:OPTION=VALUE[,...]] */
struct pager_parts {
	const char *pool, *policy, *prefetch;
	const char *record,
		*trace;	    /* files: trace.h; NULL: none. Recording, policy and prefetch are set */
	uint64_t far_bytes; /* room of the pool; 0: as much as the machine has memory */
};

/* On failure there is nothing to release. */
int pager_job_init(struct pager_job *job, const struct pager_parts *parts, struct err *err);
void pager_job_release(struct pager_job *job);
/*
 * Before a program of the job is started, by the thread that does: with a trace, pages shall have the
 * numbers that the trace has. Returns the thread's personality(2) before.
 */
int pager_job_fix_layout(const struct pager_job *job);
/*
 * What a program's environment must have: its LD_PRELOAD, before what others (may be NULL) has there, and
 * its BOARD_ENV. Each at least 2 * PATH_MAX.
 */
int pager_job_environment(const struct pager_job *job, const char *others, char *ret_preload,
			  char *ret_board, size_t size, struct err *err);

#endif
