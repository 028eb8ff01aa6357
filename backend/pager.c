// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The user-space pager: a library in each of the job's programs serves their faults, on any kernel with
 * userfaultfd. fmbench keeps each job's board (backend/pager/board.h): its limit, and what is where.
 */
#include "backend/pager.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/memserver_local.h"
#include "backend/pager/job.h"
#include "backend/pager/pools.h"
#include "backend/pager/report.h"
#include "backend/pager/uffd.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/paging.h"

struct pager_params {
	char *pool, *policy, *prefetch, *record, *trace;
	uint64_t size_bytes;
};

static const struct opt pager_opts[] = {
	OPT_STRING(
		"pool", struct pager_params, pool, "dram",
		"where far pages are, NAME[:OPTION=VALUE[,...]]: fmpager --help names them; tcp or rdma "
		"without target: a memserver of this run on this machine"),
	OPT_STRING("policy", struct pager_params, policy, "refault",
		   "which page goes: a name, or a file of one's own (doc/PAGER.md)"),
	OPT_STRING("prefetch", struct pager_params, prefetch, "neighbours",
		   "which pages come along: a name, or a file of one's own"),
	OPT_STRING("record", struct pager_params, record, NULL,
		   "file for the order in which pages are asked for (doc/PAGER.md)"),
	OPT_STRING("trace", struct pager_params, trace, NULL,
		   "such a file, for policy belady and prefetcher recorded"),
	OPT_SIZE("size", struct pager_params, size_bytes, "0", 0, 16.0 * (1ull << 40),
		 "of the pool; 0: as much as this machine has memory"),
	OPT_END
};

static const struct backend_usage pager_usage[] = {
	{ USAGE_LOCAL, "pager", "local" },
	{ USAGE_FAR, "pager", "far" },
	{ USAGE_PAGE_INS, "pager", "pages_in" },
	{ USAGE_PAGE_OUTS, "pager", "pages_out" },
	{ NULL, NULL, NULL },
};

int pager_look(bool *ret_moves, struct err *err)
{
	int fd = uffd_open(UFFD_EVENTS, err);

	if (fd < 0)
		return fd;
	close(fd);
	*ret_moves = uffd_can_move();
	return 0;
}

/* What the text of a pool has after "NAME="; NULL: the user left that to this run. */
static const char *option_of(const struct pager_params *p, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strpbrk(p->pool, ":,"); at; at = strpbrk(at, ":,")) {
		at++;
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

static bool is_on_server(const struct pager_params *p)
{
	return opt_find(pool_find(p->pool)->opts, "target");
}

/* Where none is named the run starts one itself. */
static int check_server(const struct pager_params *p, struct err *err)
{
	return option_of(p, "target")
		       ? pool_try(p->pool, err)
		       : memserver_local_check(pool_find(p->pool) == &pool_rdma, err);
}

static int pager_check(const void *params, struct err *err)
{
	const struct pager_params *p = params;
	bool moves;
	int rc = pager_look(&moves, err);

	if (!rc)
		rc = pool_check(p->pool, err);
	return rc || !is_on_server(p) ? rc : check_server(p, err);
}

struct keeper;

/* ctx->state */
struct keepers {
	struct keeper *first; /* of the jobs that are prepared */
};

static int pager_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	int rc = pager_check(ctx->params, err);

	(void)j;
	ctx->swap_device[0] = '\0';
	if (!rc)
		ctx->state = xcalloc(1, sizeof(struct keepers));
	return rc;
}

static void pager_release(struct backend_ctx *ctx)
{
	free(ctx->state);
	ctx->state = NULL;
}

static void pager_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct pager_params *p = ctx->params;

	facts_set(facts, "pager_policy", "%s", p->policy);
	facts_set(facts, "pager_prefetch", "%s", p->prefetch);
	facts_set(facts, "pager_pool", "%s", p->pool);
	facts_set(facts, "pager_takes_pages_by", "%s",
		  uffd_can_move() ? "UFFDIO_MOVE" : "copying: no UFFDIO_MOVE before Linux 6.8");
}

/* --- one job ------------------------------------------------------------------------------------- */

struct keeper {
	struct keeper *next;
	struct pager_job job;
	struct memserver_local server; /* of this job's own, where the pool names none */
	struct paging paging;
	pthread_mutex_t
		burying; /* what a process counted moves to the past: not while that is read */
	uint64_t begin_ns;
	int personality; /* of this thread before */
};

static uint64_t bytes_of(int64_t pages)
{
	return pages > 0 ? (uint64_t)pages * PAGE_BYTES : 0;
}

static void read_paging(void *state, uint64_t values[NR_PAGING])
{
	struct keeper *k = state;
	struct board *b = k->job.board;
	struct counters sum;

	pthread_mutex_lock(&k->burying);
	sum = report_sum(b);
	values[PAGING_LOCAL] = bytes_of(b->resident + b->unpaged - b->shared);
	values[PAGING_FAR] = bytes_of(b->far);
	values[PAGING_UNPAGED] = bytes_of(b->unpaged);
	pthread_mutex_unlock(&k->burying);
	values[PAGING_ABOVE] = report_overshoot(b);
	values[PAGING_FAULTS] = sum.faults_far;
	values[PAGING_PAGES_IN] = sum.pages_in;
	values[PAGING_PAGES_OUT] = sum.pages_out + sum.pages_clean;
	values[PAGING_BARE] = b->nr_bare + (b->nr_seen == 0);
}

static void read_facts(void *state, struct facts *facts)
{
	const struct keeper *k = state;
	const struct pool_ctx *ctx = &k->job.pool;
	struct pool_fact values[POOL_FACTS];
	size_t nr = ctx->pool->facts ? ctx->pool->facts(ctx, values) : 0;
	char name[64];

	for (size_t i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "pager_pool.%s", values[i].name);
		facts_set(facts, name, "%.10g", values[i].value);
	}
	if (k->server.child.pid)
		facts_set(facts, "pager_server", "%s (this machine)", k->server.address);
	if (k->server.group.dir[0])
		facts_set(facts, "pager_server_group", "%s", k->server.group.dir);
}

/* Of the pool: pages that came back and were not written keep their slots, so that all may have one. */
static uint64_t far_bytes(const struct backend_ctx *ctx)
{
	return ctx->peak_bytes + ctx->peak_bytes / 8 + (64ull << 20);
}

static void set_env(struct backend_job *job, size_t i, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;

	job->env[i] = xcalloc(1, size);
	snprintf(job->env[i], size, "%s=%s", name, value);
}

static int set_environment(struct backend_job *job, const struct keeper *k, struct err *err)
{
	char preload[2 * PATH_MAX], board[2 * PATH_MAX];
	int rc = pager_job_environment(&k->job, getenv("LD_PRELOAD"), preload, board,
				       sizeof(preload), err);

	if (rc)
		return rc;
	job->env = xcalloc(3, sizeof(*job->env));
	set_env(job, 0, "LD_PRELOAD", preload);
	set_env(job, 1, BOARD_ENV, board);
	return 0;
}

/* Other than 0, which leaves it to this run. */
static bool is_set(const struct pager_params *p, const char *name)
{
	const char *value = option_of(p, name);

	return value && strtod(value, NULL) > 0;
}

static void add_option(struct buf *text, const char *name, const char *value)
{
	buf_addf(text, "%c%s=%s", strchr(text->data, ':') ? ',' : ':', name, value);
}

/* The pool with what this run knows better than its user: room for what may have to be far. */
static void pool_text(const struct backend_ctx *ctx, const struct memserver_local *server,
		      struct buf *text)
{
	const struct pager_params *p = ctx->params;
	const struct pool *pool = pool_find(p->pool);
	char bytes[24], timeout[24];

	snprintf(bytes, sizeof(bytes), "%" PRIu64, far_bytes(ctx));
	snprintf(timeout, sizeof(timeout), "%" PRIu64 "ms",
		 (uint64_t)(MEMSERVER_LOCAL_TIMEOUT_NS / NSEC_PER_MSEC));
	buf_addf(text, "%s", p->pool);
	/* Where slots are in memory it is taken beforehand, or it would be charged to the job. */
	if (pool && opt_find(pool->opts, "prealloc") && !option_of(p, "prealloc"))
		add_option(text, "prealloc", bytes);
	if (server->child.pid) {
		add_option(text, "target", server->address);
		add_option(text, "token-file", server->token_file);
		if (!is_set(p, "timeout"))
			add_option(text, "timeout", timeout);
	} else if (is_on_server(p) && !option_of(p, "size") && ctx->need_bytes) {
		add_option(text, "size", bytes); /* or it would be all that the server has */
	}
}

static uint64_t server_bytes(const struct backend_ctx *ctx)
{
	const struct pager_params *p = ctx->params;
	const char *size = option_of(p, "size");
	uint64_t bytes = 0, least = far_bytes(ctx);
	char word[24];

	if (size)
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(size, ","), size);
	return size && parse_size(word, &bytes) == 0 && bytes > least ? bytes : least;
}

/* A memserver for the job, where its pool is on one and none is named. */
static int start_server(const struct backend_ctx *ctx, struct keeper *k, struct journal *j,
			struct err *err)
{
	const struct pager_params *p = ctx->params;
	const struct memserver_wish wish = {
		.rdma = pool_find(p->pool) == &pool_rdma,
		.size_bytes = server_bytes(ctx),
		.advice = "name one that serves (-o pager.pool=NAME:target=HOST:PORT)",
	};

	k->server.child = (struct child)CHILD_INIT;
	if (!is_on_server(p) || option_of(p, "target"))
		return 0;
	return memserver_local_start(&k->server, &wish, ctx->state_dir, j, err);
}

static void keeper_free(struct keeper *k)
{
	memserver_local_release(&k->server);
	free(k);
}

static int pager_prepare(struct backend_ctx *ctx, struct backend_job *job, struct journal *j,
			 struct err *err)
{
	const struct pager_params *p = ctx->params;
	struct keeper *k = xcalloc(1, sizeof(*k));
	struct keepers *all = ctx->state;
	struct buf pool = BUF_INIT;
	struct pager_parts parts = { .policy = p->policy,
				     .prefetch = p->prefetch,
				     .record = p->record,
				     .trace = p->trace,
				     .far_bytes = p->size_bytes };
	int rc;

	rc = start_server(ctx, k, j, err);
	pool_text(ctx, &k->server, &pool);
	parts.pool = pool.data;
	k->begin_ns = clock_ns();
	if (!rc)
		rc = pager_job_init(&k->job, &parts, err);
	buf_release(&pool);
	if (rc) {
		keeper_free(k);
		err_prefix(err, "backend pager");
		return rc;
	}
	pthread_mutex_init(&k->burying, NULL);
	k->paging = (struct paging){ read_paging, k, read_facts };
	job->paging = &k->paging;
	job->state = k;
	k->next = all->first;
	all->first = k;
	k->personality = pager_job_fix_layout(&k->job);
	return set_environment(job, k, err);
}

static int pager_limit(struct backend_ctx *ctx, struct backend_job *job, uint64_t bytes,
		       struct err *err)
{
	struct keeper *k = job->state;

	(void)ctx, (void)err;
	board_set_limit(k->job.board, bytes == UINT64_MAX ? NO_LIMIT : bytes / PAGE_BYTES);
	return 0;
}

/* Ten times a second: also the time to free what ended processes held. */
static int pager_local(struct backend_ctx *ctx, struct backend_job *job, uint64_t *ret_bytes,
		       struct err *err)
{
	struct keeper *k = job->state;
	int64_t pages;

	(void)ctx, (void)err;
	pthread_mutex_lock(&k->burying);
	board_bury_dead(k->job.board, &k->job.pool);
	pthread_mutex_unlock(&k->burying);
	board_measure_shared(k->job.board);
	pages = board_local(k->job.board);
	*ret_bytes = pages > 0 ? (uint64_t)pages * PAGE_BYTES : 0;
	return 0;
}

static void write_report(const struct keeper *k, const char *dir)
{
	char path[PATH_MAX];
	FILE *out;

	snprintf(path, sizeof(path), "%s/pager.json", dir);
	out = fopen(path, "we");
	if (!out)
		return;
	report_json(k->job.board, &k->job.pool, clock_ns() - k->begin_ns, out);
	fclose(out);
}

static int pager_health(struct backend_ctx *ctx, struct err *err)
{
	const struct keepers *all = ctx->state;

	for (struct keeper *k = all->first; k; k = k->next) {
		struct pool_ctx *pool = &k->job.pool;
		const char *why = pool->pool->lost ? pool->pool->lost(pool) : NULL;

		if (why)
			return err_failed(err, 0, "pool %s: %s", pool->pool->name, why);
	}
	return 0;
}

static void leave(struct keepers *all, const struct keeper *gone)
{
	struct keeper **at = &all->first;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
}

static void pager_forget(struct backend_ctx *ctx, struct backend_job *job)
{
	struct keeper *k = job->state;

	if (!k)
		return;
	leave(ctx->state, k);
	personality((unsigned long)k->personality);
	write_report(k, job->dir);
	pager_job_release(&k->job);
	pthread_mutex_destroy(&k->burying);
	keeper_free(k);
	job->state = NULL;
	job->paging = NULL;
}

const struct backend backend_pager = {
	.name = "pager",
	.summary = "a user-space pager in unmodified programs, with pools of its own",
	.opts = pager_opts,
	.params_size = sizeof(struct pager_params),
	.caps = CAP_PAGER,
	.usage = pager_usage,
	.check = pager_check,
	.up = pager_up,
	.facts = pager_facts,
	.health = pager_health,
	.release = pager_release,
	.prepare = pager_prepare,
	.limit = pager_limit,
	.local = pager_local,
	.forget = pager_forget,
};
