// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A slow memory node as far memory: pages there are used in place, at its speed, until something moves
 * them. The ratio is the share of the job's memory on the fast node. memory.high can't hold it: it limits
 * both nodes' sum, and demotion takes nothing off it. So a thread beside each job demotes what the
 * fast node has too much, by memory.reclaim, while promotion is the kernel's (numa_balancing=2) or
 * DAMON's; or pages are spread by weights as they are allocated, and stay.
 * doc/TIERS.md has what each method does, with figures.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/tier_damos.h"
#include "backend/tier_nodes.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/numa_stat.h"
#include "base/opt.h"
#include "base/sysfile.h"

#define DEMOTION  "/sys/kernel/mm/numa/demotion_enabled"
#define BALANCING "/proc/sys/kernel/numa_balancing"
#define RATE	  "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps"
#define SCAN	  "/sys/kernel/debug/sched/numa_balancing"
#define WEIGHTS	  "/sys/kernel/mm/mempolicy/weighted_interleave"

#define TOO_MUCH   0.01		  /* of the target: below that nothing is demoted */
#define LEAST	   (256ull << 10) /* nor below that */
#define SCAN_MS	   1000		  /* the default: the kernel's own where scans find much */
#define SCAN_MB	   256		  /* a scan looks at so much: the kernel's own */
#define SCANS	   16		  /* but that many have to do with all of the job's memory */
#define MAX_WEIGHT 32		  /* larger ones would put long runs of pages on one node */

struct params {
	char *method, *nodes;
	uint64_t hold_ns, rate_mb, scan_ms, move_bytes;
};

static const struct opt opts[] = {
	OPT_CHOICE(
		"method", struct params, method, "reclaim", "reclaim|damos|bind|none",
		"who moves pages: memory.reclaim demotes and NUMA balancing promotes; DAMON does "
		"both (Linux 6.19); nobody, as they are spread by weights when allocated (6.9); "
		"memory.reclaim demotes and nobody promotes"),
	OPT_STRING("nodes", struct params, nodes, NULL,
		   "fast nodes:slow nodes, as 0:1; unset: as the kernel's tiers say", .arg = "F:S"),
	OPT_DURATION("hold", struct params, hold_ns, "10ms", 1e6, 1e10,
		     "how often the fast node's surplus is looked at, and demoted"),
	OPT_U64("promote-rate", struct params, rate_mb, "0", 0, 65536,
		"method=reclaim: at most so many MB/s are promoted; 0: the kernel's setting",
		.unit = "MB/s"),
	OPT_U64("scan-ms", struct params, scan_ms, "1000", 0, 60000,
		"method=reclaim: CPU time of a thread in which its memory is looked at once for hot "
		"pages; 0: as the kernel adapts it, up to a minute where that finds little",
		.unit = "ms"),
	OPT_SIZE("move", struct params, move_bytes, "256M", 1 << 20, 1ull << 40,
		 "method=damos: at most so much a second and direction"),
	OPT_END
};

static const struct method {
	const char *name;
	const char *demotion, *balancing; /* what the kernel's switches must be */
	bool demotes;			  /* a limit is reached by memory.reclaim */
	bool holds;			  /* and is kept by it */
	bool ranked;			  /* needs nodes that the kernel ranks */
} methods[] = {
	{ "reclaim", "true", "2", true, true, true },
	{ "damos", "true", "0", true, false, true },
	{ "bind", "false", "0", false, false, false },
	{ "none", "true", "0", true, true, true },
};

struct tiering {
	const struct method *method;
	struct tier_sides sides;
	size_t nr_jobs;
	double share;  /* method bind: of the jobs so far; 0: none has one */
	bool damos;    /* DAMON was started */
	char rate[24]; /* method reclaim: what RATE is while promotion is open; "": there is none */
	pthread_mutex_t shutting;
	unsigned int full; /* jobs that have too much on fast nodes: promotion is shut meanwhile */
};

/* A job's keeper. */
struct keeper {
	struct tiering *tier;
	char stat[PATH_MAX], reclaim[PATH_MAX];
	uint64_t hold_ns;
	pthread_t thread;
	bool started, full;
	atomic_bool stop;
	pthread_mutex_t lock;
	uint64_t target; /* bytes on fast nodes; UINT64_MAX: no limit */
};

static const struct method *method_of(const struct params *p)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, p->method) == 0)
			return &methods[i];
	}
	abort();
}

/* --- could it work here? -------------------------------------------------------------------- */

static int check_switches(const struct params *p, const struct method *m, struct err *err)
{
	if (m->ranked && !sysfile_exists(DEMOTION))
		return err_missing(err, "this kernel demotes nothing (no " DEMOTION "): boot Linux "
					"6.1 or later, or take tier.method=bind");
	if (strcmp(m->name, "reclaim") == 0 && !sysfile_exists(BALANCING))
		return err_missing(err, "this kernel has no NUMA balancing (no " BALANCING
					"): take tier.method=none, or damos");
	if (p->rate_mb && !sysfile_exists(RATE))
		return err_missing(err, "this kernel has no " RATE ": leave out tier.promote-rate");
	if (p->scan_ms && p->scan_ms != SCAN_MS && !sysfile_exists(SCAN))
		return err_missing(err, "this kernel has no " SCAN " (debugfs, root): leave out "
					"tier.scan-ms");
	if (strcmp(m->name, "bind") == 0 && !sysfile_exists(WEIGHTS))
		return err_missing(err, "this kernel interleaves without weights (no " WEIGHTS
					"): tier.method=bind needs Linux 6.9");
	return 0;
}

static int check_rank(const struct tier_sides *s, const struct method *m, struct err *err)
{
	if (!m->ranked || s->ranked)
		return 0;
	return err_missing(
		err, "the kernel has the fast and the slow nodes in one tier, and demotes "
		     "nothing between them: tier.method=bind needs no tiers; `fmbench doctor` "
		     "says what makes two (or --in-lab --lab '--kernel 7.3 --tiers 1G,2G')");
}

static int tier_check(const void *params, struct err *err)
{
	const struct params *p = params;
	const struct method *m = method_of(p);
	struct tier_sides sides;
	int rc = tier_sides_find(p->nodes, &sides, err);

	if (!rc)
		rc = check_rank(&sides, m, err);
	if (!rc)
		rc = check_switches(p, m, err);
	if (!rc && strcmp(m->name, "damos") == 0)
		rc = damos_check(err);
	return rc;
}

/* --- up ------------------------------------------------------------------------------------- */

/* Only where it is another one: a kernel without it has nothing to turn off. */
static int set(struct journal *j, const char *path, const char *value, struct err *err)
{
	char now[64];

	if (sysfile_read_line(path, now, sizeof(now)) != 0 || strcmp(now, value) == 0)
		return 0;
	return journal_write(j, path, value, err);
}

static int set_number(struct journal *j, const char *path, uint64_t value, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return value ? journal_write(j, path, text, err) : 0;
}

/* As it stays is journaled, too: keepers shut promotion and open it again. */
static int set_rate(const struct params *p, struct tiering *t, struct journal *j, struct err *err)
{
	bool promotes = strcmp(t->method->balancing, "2") == 0;

	if (!promotes || sysfile_read_line(RATE, t->rate, sizeof(t->rate)) != 0)
		return 0;
	if (p->rate_mb)
		snprintf(t->rate, sizeof(t->rate), "%" PRIu64, p->rate_mb);
	return journal_write(j, RATE, t->rate, err);
}

/*
 * Since Linux 6.7 a look at a mapping in which this thread had no fault lately ends the scan, and the next scan
 * goes on behind it: with some 50 of a program's libraries, at two scans a second, the table's turn came each 25 s.
 * The kernel scans the more often the smaller a scan is, and looks at as much a second. The first scans are
 * scan_delay_ms apart whatever their size: hence not too small.
 * scan_delay_ms stays: after four of them without a fault the kernel leaves a mapping out of its scans.
 */
static int set_scans(const struct params *p, uint64_t peak_bytes, struct journal *j,
		     struct err *err)
{
	uint64_t size_mb = (peak_bytes >> 20) / SCANS + 1;
	const struct {
		const char *path;
		uint64_t value;
	} values[] = { { SCAN "/scan_size_mb",
			 peak_bytes && size_mb < SCAN_MB ? size_mb : SCAN_MB },
		       { SCAN "/scan_period_min_ms", p->scan_ms },
		       { SCAN "/scan_period_max_ms", p->scan_ms } };
	int rc = 0;

	if (strcmp(p->method, "reclaim") != 0 || !p->scan_ms || !sysfile_exists(SCAN))
		return 0;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && !rc; i++)
		rc = set_number(j, values[i].path, values[i].value, err);
	return rc;
}

static int tier_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct params *p = ctx->params;
	struct tiering *t = xcalloc(1, sizeof(*t));
	int rc = tier_sides_find(p->nodes, &t->sides, err);

	pthread_mutex_init(&t->shutting, NULL);
	ctx->state = t;
	ctx->swap_device[0] = '\0';
	ctx->far_nodes = t->sides.slow;
	t->method = method_of(p);
	if (!rc)
		rc = check_rank(&t->sides, t->method, err);
	if (!rc)
		rc = set(j, DEMOTION, t->method->demotion, err);
	if (!rc)
		rc = set_rate(p, t, j, err);
	if (!rc)
		rc = set_scans(p, ctx->peak_bytes, j, err);
	return rc ? rc : set(j, BALANCING, t->method->balancing, err);
}

static void tier_release(struct backend_ctx *ctx)
{
	free(ctx->state);
	ctx->state = NULL;
}

static void fact_nodes(struct facts *facts, const char *name, uint64_t nodes)
{
	struct buf text = BUF_INIT;

	nodes_format(nodes, &text);
	facts_set(facts, name, "%s", text.data);
	buf_release(&text);
}

static void fact_of_node(struct facts *facts, const char *side, uint64_t nodes, const char *what)
{
	char path[128], name[48], value[32];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/access0/initiators/%s",
		 nodes_first(nodes), what);
	snprintf(name, sizeof(name), "tier_%s_%s", side, what);
	if (sysfile_read_line(path, value, sizeof(value)) == 0)
		facts_set(facts, name, "%s", value);
}

static void tier_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct tiering *t = ctx->state;
	struct buf ranks = BUF_INIT;
	struct tiers tiers;

	facts_set(facts, "tier_method", "%s", t->method->name);
	fact_nodes(facts, "tier_fast_nodes", t->sides.fast);
	fact_nodes(facts, "tier_slow_nodes", t->sides.slow);
	tiers_read(&tiers);
	for (size_t i = 0; i < tiers.nr; i++) {
		buf_addf(&ranks, "%s%u: ", i ? "; " : "", tiers.rows[i].rank);
		nodes_format(tiers.rows[i].nodes, &ranks);
	}
	facts_set(facts, "tier_ranks", "%s", ranks.len ? ranks.data : "none");
	buf_release(&ranks);
	/* A CPU's own memory is no CXL memory, but as far away. */
	if (tiers.cpus & t->sides.slow)
		facts_set(facts, "tier_stand_in", "the slow node has CPUs: remote NUMA memory");
	/* As the firmware tells (HMAT), in ns and MB/s. */
	fact_of_node(facts, "fast", t->sides.fast, "read_latency");
	fact_of_node(facts, "fast", t->sides.fast, "read_bandwidth");
	fact_of_node(facts, "slow", t->sides.slow, "read_latency");
	fact_of_node(facts, "slow", t->sides.slow, "read_bandwidth");
}

static int still_set(const char *path, const char *value, struct err *err)
{
	char now[64];

	if (sysfile_read_line(path, now, sizeof(now)) != 0 || strcmp(now, value) == 0)
		return 0;
	return err_failed(err, 0,
			  "%s is %s and was %s: somebody else set it, and pages no longer move as "
			  "the run says",
			  path, now, value);
}

static int tier_health(struct backend_ctx *ctx, struct err *err)
{
	const struct tiering *t = ctx->state;
	int rc = still_set(DEMOTION, t->method->demotion, err);

	if (!rc)
		rc = still_set(BALANCING, t->method->balancing, err);
	return rc || !t->damos ? rc : damos_health(err);
}

/* --- a job's ratio -------------------------------------------------------------------------- */

static int read_local(const struct keeper *k, uint64_t *ret_bytes, struct err *err)
{
	struct buf text = BUF_INIT;
	uint64_t far;
	int rc = sysfile_read(k->stat, &text);

	if (!rc)
		numa_stat_split(text.data, k->tier->sides.slow, &far, ret_bytes);
	buf_release(&text);
	return rc ? err_failed(err, -rc, "%s", k->stat) : 0;
}

/* Demote what is too much. -EBUSY: the kernel got part of the way. */
static int demote(const struct keeper *k, uint64_t too_much, struct err *err)
{
	uint64_t local;
	char amount[24];
	int rc = read_local(k, &local, err);

	if (rc || k->target == UINT64_MAX || local <= k->target + too_much)
		return rc;
	snprintf(amount, sizeof(amount), "%" PRIu64, local - k->target);
	rc = sysfile_write(k->reclaim, amount, err);
	return rc == -EAGAIN || rc == -EINTR ? -EBUSY : rc;
}

/*
 * What has no room is not promoted, as on a node that is full: a scan may find all slow pages hot, and the kernel
 * promotes them faster than it finds cold ones to demote. 0 MB/s is none, unless the node has 1 GiB free.
 */
static void set_full(struct keeper *k, bool full)
{
	struct tiering *t = k->tier;
	unsigned int before;

	if (full == k->full)
		return;
	k->full = full;
	pthread_mutex_lock(&t->shutting);
	before = t->full;
	t->full += full ? 1 : -1;
	if (t->rate[0] && !before != !t->full)
		sysfile_write(RATE, full ? "0" : t->rate, NULL);
	pthread_mutex_unlock(&t->shutting);
}

static void hold(struct keeper *k)
{
	uint64_t local, too_much = (uint64_t)((double)k->target * TOO_MUCH);

	if (too_much < LEAST)
		too_much = LEAST;
	if (k->target == UINT64_MAX || read_local(k, &local, NULL) != 0)
		return;
	set_full(k, local > k->target + too_much);
	if (k->full)
		demote(k, too_much, NULL);
}

static void *keep(void *arg)
{
	struct keeper *k = arg;
	uint64_t next_ns = clock_ns();

	while (!atomic_load(&k->stop)) {
		pthread_mutex_lock(&k->lock);
		hold(k);
		pthread_mutex_unlock(&k->lock);
		next_ns += k->hold_ns;
		if (next_ns < clock_ns())
			next_ns = clock_ns() + k->hold_ns;
		clock_sleep_until(next_ns);
	}
	set_full(k, false);
	return NULL;
}

static int start_keeper(struct keeper *k, struct err *err)
{
	int rc = k->started ? 0 : pthread_create(&k->thread, NULL, keep, k);

	if (rc)
		return err_failed(err, rc, "cannot start the thread that holds the ratio");
	k->started = true;
	return 0;
}

/* The weights whose share is nearest to the one that is wanted. */
static void choose_weights(double share, unsigned int *ret_fast, unsigned int *ret_slow)
{
	double best = INFINITY;

	for (unsigned int fast = 1; fast <= MAX_WEIGHT; fast++) {
		for (unsigned int slow = 1; slow <= MAX_WEIGHT; slow++) {
			double miss = fabs((double)fast / (fast + slow) - share);

			if (miss < best - 0.0005) {
				best = miss;
				*ret_fast = fast;
				*ret_slow = slow;
			}
		}
	}
}

/* Each side's nodes share its weight. */
static int set_weights(const struct tiering *t, double share, struct journal *j, struct err *err)
{
	unsigned int weight[2] = { 1, 1 };
	const uint64_t nodes[2] = { t->sides.fast, t->sides.slow };
	unsigned int nr[2] = { (unsigned int)__builtin_popcountll(nodes[0]),
			       (unsigned int)__builtin_popcountll(nodes[1]) };
	int rc = 0;

	choose_weights(share, &weight[0], &weight[1]);
	/* Since Linux 6.16 the kernel may choose weights itself; undone last, it chooses them anew. */
	rc = set(j, WEIGHTS "/auto", "false", err);
	for (unsigned int i = 0; i < 2 * MAX_NODES && !rc; i++) {
		unsigned int side = i / MAX_NODES, node = i % MAX_NODES;
		char path[128];

		if (!(nodes[side] >> node & 1))
			continue;
		snprintf(path, sizeof(path), WEIGHTS "/node%u", node);
		rc = set_number(j, path, weight[side] * nr[!side], err);
	}
	return rc;
}

static int spread(struct tiering *t, struct backend_job *job, struct journal *j, struct err *err)
{
	double share = job->local_bytes && job->peak_bytes
			       ? (double)job->local_bytes / (double)job->peak_bytes
			       : 1;
	int rc = 0;

	if (t->share > 0 && fabs(t->share - share) > 0.001)
		return err_usage(err,
				 "tier.method=bind: the weights are the machine's, so that all "
				 "jobs of a run have one ratio: give them the same, or take "
				 "tier.method=reclaim");
	if (share < 1 && t->share <= 0)
		rc = set_weights(t, share, j, err);
	t->share = share;
	if (!rc && share < 1)
		job->spread_nodes = t->sides.fast | t->sides.slow;
	return rc;
}

static int start_damos(const struct backend_ctx *ctx, struct tiering *t,
		       const struct backend_job *job, struct journal *j, struct err *err)
{
	const struct params *p = ctx->params;
	const struct damos d = { .fast_node = nodes_first(t->sides.fast),
				 .slow_node = nodes_first(t->sides.slow),
				 .memory_dir = job->memory_dir,
				 .local_bytes = job->local_bytes,
				 .move_bytes = p->move_bytes };

	if (t->nr_jobs > 1)
		return err_usage(err,
				 "tier.method=damos holds one job's ratio: run one job, or take "
				 "tier.method=reclaim");
	t->damos = job->local_bytes;
	return t->damos ? damos_start(&d, j, err) : 0;
}

/* Far memory is the slow node alone: a swap area that is on gets none of the job's pages. */
static int keep_off_swap(const struct backend_job *job, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/memory.swap.max", job->memory_dir);
	return sysfile_exists(path) ? sysfile_write(path, "0", err) : 0;
}

static int tier_prepare(struct backend_ctx *ctx, struct backend_job *job, struct journal *j,
			struct err *err)
{
	const struct params *p = ctx->params;
	struct tiering *t = ctx->state;
	struct keeper *k;
	int rc;

	if (!job->memory_dir || job->cgroup_version != 2)
		return err_missing(err, "backend tier holds a ratio by cgroup v2's memory.reclaim "
					"and memory.numa_stat: mount the memory controller on v2 "
					"(`fmbench doctor`), or use --in-lab");
	k = xcalloc(1, sizeof(*k));
	*k = (struct keeper){ .tier = t, .hold_ns = p->hold_ns, .target = UINT64_MAX };
	pthread_mutex_init(&k->lock, NULL);
	snprintf(k->stat, sizeof(k->stat), "%s/memory.numa_stat", job->memory_dir);
	snprintf(k->reclaim, sizeof(k->reclaim), "%s/memory.reclaim", job->memory_dir);
	job->state = k;
	t->nr_jobs++;
	rc = keep_off_swap(job, err);
	if (!rc && strcmp(t->method->name, "bind") == 0)
		rc = spread(t, job, j, err);
	if (!rc && strcmp(t->method->name, "damos") == 0)
		rc = start_damos(ctx, t, job, j, err);
	return rc;
}

static int tier_limit(struct backend_ctx *ctx, struct backend_job *job, uint64_t bytes,
		      struct err *err)
{
	const struct tiering *t = ctx->state;
	struct keeper *k = job->state;
	int rc;

	if (!t->method->demotes)
		return 0;
	pthread_mutex_lock(&k->lock);
	k->target = bytes;
	rc = demote(k, 0, err);
	pthread_mutex_unlock(&k->lock);
	return rc || !t->method->holds ? rc : start_keeper(k, err);
}

static int tier_local(struct backend_ctx *ctx, struct backend_job *job, uint64_t *ret_bytes,
		      struct err *err)
{
	(void)ctx;
	return read_local(job->state, ret_bytes, err);
}

static void tier_forget(struct backend_ctx *ctx, struct backend_job *job)
{
	struct keeper *k = job->state;

	(void)ctx;
	if (!k)
		return;
	atomic_store(&k->stop, true);
	if (k->started)
		pthread_join(k->thread, NULL);
	pthread_mutex_destroy(&k->lock);
	free(k);
	job->state = NULL;
}

/* DAMON's moves are counted by DAMON alone, and only where it runs. */
static const struct backend_usage tier_usage[] = {
	{ USAGE_LOCAL, "numa", "local" },
	{ USAGE_FAR, "numa", "far" },
	{ USAGE_PAGE_INS, "damon", "migrate_hot_pages" },
	{ USAGE_PAGE_INS, "memory_stat", "pgpromote_success" },
	{ USAGE_PAGE_INS, "vmstat", "pgpromote_success" },
	{ USAGE_PAGE_OUTS, "damon", "migrate_cold_pages" },
	{ USAGE_PAGE_OUTS, "memory_stat", "pgdemote_proactive" },
	{ USAGE_PAGE_OUTS, "memory_stat", "pgdemote_direct" },
	{ USAGE_PAGE_OUTS, "vmstat", "pgdemote_proactive" },
	{ USAGE_PAGE_OUTS, "vmstat", "pgdemote_direct" },
	{ .what = NULL },
};

const struct backend backend_tier = {
	.name = "tier",
	.summary = "a slow memory node: CXL memory, or a remote node in its place",
	.opts = opts,
	.params_size = sizeof(struct params),
	.caps = CAP_TIER,
	.usage = tier_usage,
	.check = tier_check,
	.up = tier_up,
	.facts = tier_facts,
	.health = tier_health,
	.release = tier_release,
	.prepare = tier_prepare,
	.limit = tier_limit,
	.local = tier_local,
	.forget = tier_forget,
};
