// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/job.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "backend/pager/policy.h"
#include "backend/pager/pools.h"
#include "backend/pager/prefetch.h"
#include "backend/pager/trace.h"

static int set_name(char *dst, size_t size, const char *name, bool known, const char *what,
		    struct err *err)
{
	char path[PATH_MAX];

	if (!strchr(name, '/') && !known)
		return err_usage(err, "no %s '%s': fmpager --help names them", what, name);
	if (strchr(name, '/') && !realpath(name, path))
		return err_usage(err, "%s %s: %s", what, name, strerror(errno));
	if (strlen(strchr(name, '/') ? path : name) >= size)
		return err_usage(err, "the path of %s %s is too long", what, name);
	strcpy(dst, strchr(name, '/') ? path : name);
	return 0;
}

static int set_names(struct board *b, const struct pager_parts *parts, struct err *err)
{
	bool known = false;
	int rc;

	for (size_t i = 0; pager_policies[i]; i++)
		known |= strcmp(pager_policies[i]->name, parts->policy) == 0;
	rc = set_name(b->policy, sizeof(b->policy), parts->policy, known, "policy", err);
	if (rc)
		return rc;
	known = false;
	for (size_t i = 0; pager_prefetchers[i]; i++)
		known |= strcmp(pager_prefetchers[i]->name, parts->prefetch) == 0;
	return set_name(b->prefetch, sizeof(b->prefetch), parts->prefetch, known, "prefetcher",
			err);
}

static bool needs_trace(const struct board *b)
{
	bool needs = false;

	for (size_t i = 0; pager_policies[i]; i++)
		needs |= pager_policies[i]->needs_trace &&
			 strcmp(pager_policies[i]->name, b->policy) == 0;
	for (size_t i = 0; pager_prefetchers[i]; i++)
		needs |= pager_prefetchers[i]->needs_trace &&
			 strcmp(pager_prefetchers[i]->name, b->prefetch) == 0;
	return needs;
}

static int open_trace(struct board *b, const struct pager_parts *parts, struct err *err)
{
	if (parts->record && parts->trace)
		return err_usage(err,
				 "a run either records a trace (record) or follows one (trace)");
	if (parts->record) { /* each page is asked for, and none stays long */
		strcpy(b->policy, policy_fifo.name);
		strcpy(b->prefetch, prefetch_none.name);
		b->recording = true;
		b->trace_fd = trace_create(parts->record, err);
		return b->trace_fd < 0 ? b->trace_fd : 0;
	}
	if (!parts->trace && needs_trace(b))
		return err_usage(
			err,
			"policy %s with prefetcher %s needs a trace: have a run record one "
			"(record), then name it (trace)",
			b->policy, b->prefetch);
	if (!parts->trace)
		return 0;
	if (!needs_trace(b))
		return err_usage(err, "trace %s: only policy %s and prefetcher %s follow one",
				 parts->trace, policy_belady.name, prefetch_recorded.name);
	b->trace_fd = trace_open(parts->trace, err);
	return b->trace_fd < 0 ? b->trace_fd : 0;
}

int pager_job_fix_layout(const struct pager_job *job)
{
	int before = personality(0xffffffff);

	if (job->board->trace_fd >= 0)
		personality((unsigned long)before | ADDR_NO_RANDOMIZE);
	return before;
}

static int make_pool(struct board *b, const char *text, struct pool_ctx *pool, struct err *err)
{
	int rc;

	*pool = (struct pool_ctx){ .shared = b->pool_shared, .nr_slots = b->nr_slots, .fd = -1 };
	rc = pool_make(pool, text, err);
	if (rc)
		return rc;
	snprintf(b->pool, sizeof(b->pool), "%s", pool->pool->name);
	b->pool_fd = pool->fd;
	b->nr_usable = (uint32_t)(pool->nr_slots / BLOCK_PAGES);
	return 0;
}

static uint64_t memory_bytes(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

int pager_job_init(struct pager_job *job, const struct pager_parts *parts, struct err *err)
{
	int rc;

	*job = (struct pager_job){ .pool.fd = -1 };
	job->board_fd = board_create(parts->far_bytes ? parts->far_bytes : memory_bytes(),
				     &job->board, err);
	if (job->board_fd < 0)
		return job->board_fd;
	rc = set_names(job->board, parts, err);
	if (!rc)
		rc = open_trace(job->board, parts, err);
	if (!rc)
		rc = make_pool(job->board, parts->pool, &job->pool, err);
	if (rc)
		pager_job_release(job);
	return rc;
}

void pager_job_release(struct pager_job *job)
{
	pool_close(&job->pool);
	if (job->board)
		close(job->board_fd);
	if (job->board && job->board->trace_fd >= 0) {
		if (job->board->recording)
			trace_end(job->board->trace_fd);
		close(job->board->trace_fd);
	}
	board_close(job->board);
	job->board = NULL;
}

/* Beside this program, where it was built, or in ../lib/fmbench, where it was installed. */
static int find_library(char *dst, size_t size, struct err *err)
{
	static const char *const places[] = { "libfmpager.so", "../lib/fmbench/libfmpager.so" };
	char self[PATH_MAX], path[2 * PATH_MAX], found[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dir;

	self[n > 0 ? n : 0] = '\0';
	dir = dirname(self);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, places[i]);
		if (realpath(path, found) && strlen(found) < size) {
			strcpy(dst, found);
			return 0;
		}
	}
	return err_missing(err,
			   "libfmpager.so is neither in %s nor in ../lib/fmbench: `make pager` or "
			   "`make install` puts it there",
			   dir);
}

int pager_job_environment(const struct pager_job *job, const char *others, char *ret_preload,
			  char *ret_board, size_t size, struct err *err)
{
	char library[PATH_MAX];
	int rc = find_library(library, sizeof(library), err);

	if (rc)
		return rc;
	snprintf(ret_preload, size, "%s%s%s", library, others && *others ? ":" : "",
		 others && *others ? others : "");
	snprintf(ret_board, size, "/proc/%d/fd/%d", getpid(), job->board_fd);
	return 0;
}
