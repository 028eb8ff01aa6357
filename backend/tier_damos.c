// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/tier_damos.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/tier_nodes.h"
#include "base/sysfile.h"

#define ADMIN	"/sys/kernel/mm/damon/admin/kdamonds"
#define KDAMOND ADMIN "/0"
#define CONTEXT KDAMOND "/contexts/0"
#define STAT	"/sys/module/damon_stat/parameters/enabled"
#define CGROUP	"/sys/fs/cgroup"

/* Of physical memory, in its order; smaller pieces hold nothing of a program's. */
#define MAX_REGIONS 64
#define LEAST_BYTES (16ull << 20)

/* Goals overlap by so much: at one and the same share no scheme would have anything to do, and hot pages
 * on the slow node would stay there. */
#define OVERLAP 0.04

/* Regions are looked at every 5 ms and told apart every 100 ms; a scheme's quota is set anew as often, or
 * its goal would hardly move it. */
#define SAMPLE_US    "5000"
#define AGGREGATE_US "100000"
#define RESET_MS     "100"
#define RESETS_PER_S 10

int damos_check(struct err *err)
{
	uint64_t nr;

	if (sysfile_read_u64(ADMIN "/nr_kdamonds", &nr) != 0)
		return err_missing(err, "this kernel has no DAMON (" ADMIN "): boot Linux 6.19 or "
					"later with CONFIG_DAMON_SYSFS and CONFIG_DAMON_PADDR, or "
					"take tier.method=reclaim");
	if (nr)
		return err_missing(err,
				   "DAMON is in use by somebody else (" ADMIN "/nr_kdamonds "
				   "is %" PRIu64 "): end that (damo stop), or take "
				   "tier.method=reclaim",
				   nr);
	return 0;
}

static int put(const char *dir, const char *file, const char *value, struct err *err)
{
	char path[PATH_MAX];
	struct err why = { 0 };
	int rc;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	rc = sysfile_write(path, value, &why);
	if (rc == -ENOENT || rc == -EINVAL)
		return err_missing(err,
				   "this kernel's DAMON does not take %s in %s: method=damos needs "
				   "Linux 6.19 or later; take tier.method=reclaim",
				   value, path);
	if (rc)
		*err = why;
	return rc;
}

static int put_number(const char *dir, const char *file, uint64_t value, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return put(dir, file, text, err);
}

struct value {
	const char *file, *value;
};

static int put_all(const char *dir, const struct value *values, struct err *err)
{
	int rc = 0;

	for (; values->file && !rc; values++)
		rc = put(dir, values->file, values->value, err);
	return rc;
}

struct regions {
	size_t nr;
	struct {
		uint64_t start, end;
	} rows[MAX_REGIONS];
};

static int read_regions(struct regions *r, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = sysfile_read("/proc/iomem", &text);

	r->nr = 0;
	for (const char *p = rc ? "" : text.data; *p && r->nr < MAX_REGIONS;
	     p = strchrnul(p, '\n'), p += *p == '\n') {
		uint64_t start, last;
		int end = 0;

		/* "System RAM (kmem)" is what dax/kmem gave back to the kernel. */
		if (sscanf(p, "%" SCNx64 "-%" SCNx64 " : System RAM%n", &start, &last, &end) != 2 ||
		    !end || last - start < LEAST_BYTES)
			continue;
		r->rows[r->nr].start = start;
		r->rows[r->nr++].end = last + 1;
	}
	buf_release(&text);
	if (!r->nr)
		return err_missing(err, "/proc/iomem shows no System RAM: DAMON needs root");
	return 0;
}

static int put_regions(const struct regions *r, struct err *err)
{
	int rc = put(CONTEXT, "targets/nr_targets", "1", err);

	if (!rc)
		rc = put_number(CONTEXT "/targets/0/regions", "nr_regions", r->nr, err);
	for (size_t i = 0; i < r->nr && !rc; i++) {
		char dir[128];

		snprintf(dir, sizeof(dir), CONTEXT "/targets/0/regions/%zu", i);
		rc = put_number(dir, "start", r->rows[i].start, err);
		if (!rc)
			rc = put_number(dir, "end", r->rows[i].end, err);
	}
	return rc;
}

/* The group as DAMON names it: below the root of cgroup v2. */
static const char *group_path(const struct damos *d)
{
	size_t len = strlen(CGROUP);

	return strncmp(d->memory_dir, CGROUP, len) == 0 ? d->memory_dir + len : d->memory_dir;
}

/* Pages of this group alone. */
static int put_filter(const struct damos *d, const char *scheme, struct err *err)
{
	const struct value values[] = { { "ops_filters/nr_filters", "1" },
					{ "ops_filters/0/type", "memcg" },
					{ "ops_filters/0/memcg_path", group_path(d) },
					{ "ops_filters/0/matching", "Y" },
					{ "ops_filters/0/allow", "Y" },
					{ NULL, NULL } };

	return put_all(scheme, values, err);
}

static int put_goal(const struct damos *d, const char *scheme, const char *metric, uint64_t share,
		    struct err *err)
{
	char dir[128];
	int rc;

	snprintf(dir, sizeof(dir), "%s/quotas/goals/0", scheme);
	rc = put(scheme, "quotas/goals/nr_goals", "1", err);
	if (!rc)
		rc = put(dir, "target_metric", metric, err);
	if (!rc)
		rc = put_number(dir, "nid", d->fast_node, err);
	if (!rc)
		rc = put(dir, "path", group_path(d), err);
	return rc ? rc : put_number(dir, "target_value", share, err);
}

/* All regions, whatever their accesses: the quota takes the coldest, or the hottest, first. */
static int put_scheme(const struct damos *d, unsigned int nr, const char *action,
		      unsigned int to_node, const char *metric, uint64_t share, struct err *err)
{
	const struct value values[] = { { "action", action },
					{ "access_pattern/sz/min", "4096" },
					{ "access_pattern/sz/max", "18446744073709551615" },
					{ "access_pattern/nr_accesses/min", "0" },
					{ "access_pattern/nr_accesses/max", "4294967295" },
					{ "access_pattern/age/min", "0" },
					{ "access_pattern/age/max", "4294967295" },
					{ "quotas/reset_interval_ms", RESET_MS },
					{ "quotas/weights/nr_accesses_permil", "1000" },
					{ "quotas/weights/age_permil", "1000" },
					{ NULL, NULL } };
	char scheme[96];
	int rc;

	snprintf(scheme, sizeof(scheme), CONTEXT "/schemes/%u", nr);
	rc = put_all(scheme, values, err);
	if (!rc)
		rc = put_number(scheme, "target_nid", to_node, err);
	if (!rc)
		rc = put_number(scheme, "quotas/bytes", d->move_bytes / RESETS_PER_S, err);
	if (!rc)
		rc = put_goal(d, scheme, metric, share, err);
	return rc ? rc : put_filter(d, scheme, err);
}

static int describe(const struct damos *d, struct err *err)
{
	const struct value values[] = {
		{ "contexts/nr_contexts", "1" },
		{ "contexts/0/operations", "paddr" },
		{ "contexts/0/monitoring_attrs/intervals/sample_us", SAMPLE_US },
		{ "contexts/0/monitoring_attrs/intervals/aggr_us", AGGREGATE_US },
		{ "contexts/0/schemes/nr_schemes", "2" },
		{ "refresh_ms", RESET_MS },
		{ NULL, NULL }
	};
	uint64_t node = nodes_bytes(1ull << d->fast_node);
	double used = node ? (double)d->local_bytes / (double)node * 1e4 : 0;
	struct regions regions;
	int rc = read_regions(&regions, err);

	used = fmin(used, 9999 / (1 + OVERLAP));
	if (!rc)
		rc = put_all(KDAMOND, values, err);
	if (!rc)
		rc = put_regions(&regions, err);
	if (!rc)
		rc = put_scheme(d, 0, "migrate_cold", d->slow_node, "node_memcg_free_bp",
				(uint64_t)(10000 - used * (1 - OVERLAP)), err);
	return rc ? rc
		  : put_scheme(d, 1, "migrate_hot", d->fast_node, "node_memcg_used_bp",
			       (uint64_t)(used * (1 + OVERLAP)), err);
}

int damos_start(const struct damos *d, struct journal *j, struct err *err)
{
	int rc = damos_check(err);

	/* While it watches the whole machine, nobody else may. */
	if (!rc && sysfile_exists(STAT))
		rc = journal_write(j, STAT, "N", err);
	if (!rc)
		rc = journal_write(j, ADMIN "/nr_kdamonds", "1", err);
	if (!rc)
		rc = describe(d, err);
	return rc ? rc : journal_write(j, KDAMOND "/state", "on", err);
}

int damos_health(struct err *err)
{
	char state[16];

	if (sysfile_read_line(KDAMOND "/state", state, sizeof(state)) == 0 &&
	    strcmp(state, "on") == 0)
		return 0;
	return err_failed(err, 0,
			  "DAMON no longer runs (" KDAMOND "/state): somebody turned it "
			  "off, or took it for something else");
}
