// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswap: compressed pages in local memory, before a swap area that takes what is left over
 * (Documentation/admin-guide/mm/zswap.rst). Its settings are the machine's: each is journaled, and set
 * back after the area is off. The compressed pool counts as the group's local memory.
 */
#include "backend/zswap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/sysfile.h"

#define PARAMETERS "/sys/module/zswap/parameters"

struct zswap_params {
	char *over; /* the inner backend */
	char *compressor;
	uint64_t max_pool_percent;
	char *shrinker;
	/* The inner backend's parameters follow. */
};

/* clang-format off: one option a line */
#define ZSWAP_OPTS                                                                                 \
	OPT_STRING("compressor", struct zswap_params, compressor, NULL,                            \
		   "as the kernel's crypto names it (lzo, lz4, zstd); unset: as it is set"),       \
		OPT_U64("max-pool", struct zswap_params, max_pool_percent, "20", 1, 100,           \
			"percent of the machine's memory that compressed pages may take"),         \
		OPT_CHOICE(                                                                        \
			"shrinker", struct zswap_params, shrinker, "keep", "keep|on|off",          \
			"write cold pages back before the pool is full (Linux 6.8); keep: as it is set")
/* clang-format on */

/* The rows that were asked for, for the program's life. */
static struct {
	struct backend *row;
	const struct backend *inner;
} * rows;
static size_t nr_rows;

struct zswap {
	const struct backend *inner;
	struct backend_ctx ctx; /* inner's own */
};

static const void *inner_params(const void *params)
{
	return (const struct zswap_params *)params + 1;
}

/* check() sees nothing but parameters, hence the option. */
static const struct backend *inner_of(const void *params)
{
	const char *name = ((const struct zswap_params *)params)->over;

	for (size_t i = 0; i < nr_rows; i++)
		if (strcmp(rows[i].inner->name, name) == 0)
			return rows[i].inner;
	return &backend_brd; /* plain zswap's */
}

static int zswap_check(const void *params, struct err *err)
{
	const struct zswap_params *p = params;

	if (!sysfile_exists(PARAMETERS "/enabled"))
		return err_missing(err, "this kernel has no zswap (CONFIG_ZSWAP): choose another "
					"--backend");
	if (strcmp(p->shrinker, "keep") != 0 && !sysfile_exists(PARAMETERS "/shrinker_enabled"))
		return err_missing(err, "zswap's shrinker came with Linux 6.8: leave out "
					"-o shrinker");
	return inner_of(params)->check(inner_params(params), err);
}

static int set(struct journal *j, const char *name, const char *value, struct err *err)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "/%s", name);
	return journal_write(j, path, value, err);
}

static int set_up(const struct zswap_params *p, struct journal *j, struct err *err)
{
	char percent[24];
	int rc = 0;

	snprintf(percent, sizeof(percent), "%" PRIu64, p->max_pool_percent);
	if (p->compressor) {
		rc = set(j, "compressor", p->compressor, err);
		if (rc)
			err_prefix(err, "zswap does not take compressor %s", p->compressor);
	}
	if (!rc)
		rc = set(j, "max_pool_percent", percent, err);
	if (!rc && strcmp(p->shrinker, "keep") != 0)
		rc = set(j, "shrinker_enabled", strcmp(p->shrinker, "on") == 0 ? "Y" : "N", err);
	return rc ? rc : set(j, "enabled", "Y", err);
}

/* The settings first: what is undone last. No page is left behind in the pool then. */
static int zswap_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	struct zswap *z = xcalloc(1, sizeof(*z));
	int rc;

	ctx->state = z;
	z->inner = inner_of(ctx->params);
	z->ctx = (struct backend_ctx){ .backend = z->inner,
				       .params = inner_params(ctx->params),
				       .need_bytes = ctx->need_bytes,
				       .state_dir = ctx->state_dir };
	rc = set_up(ctx->params, j, err);
	if (!rc)
		rc = z->inner->up(&z->ctx, j, err);
	return rc ? rc : swap_area_name(ctx, z->ctx.swap_device, err);
}

static void zswap_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	static const char *const names[] = { "compressor", "max_pool_percent", "shrinker_enabled",
					     "zpool", "accept_threshold_percent" };
	const struct zswap *z = ctx->state;

	z->inner->facts(&z->ctx, facts);
	facts_set(facts, "zswap_over", "%s", z->inner->name);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[128], fact[64], line[64];

		snprintf(path, sizeof(path), PARAMETERS "/%s", names[i]);
		snprintf(fact, sizeof(fact), "zswap_%s", names[i]);
		if (sysfile_read_line(path, line, sizeof(line)) == 0)
			facts_set(facts, fact, "%s", line);
	}
}

static int zswap_health(struct backend_ctx *ctx, struct err *err)
{
	struct zswap *z = ctx->state;

	return z->inner->health(&z->ctx, err);
}

static void zswap_release(struct backend_ctx *ctx)
{
	struct zswap *z = ctx->state;

	if (z && z->inner->release)
		z->inner->release(&z->ctx);
	free(z);
	ctx->state = NULL;
}

/* memory.swap.current counts what is in the pool, too, and refaults what comes from either. */
static const struct backend_usage zswap_usage[] = {
	{ USAGE_LOCAL, "memory_usage", "memory.current" },
	{ USAGE_FAR, "memory_usage", "memory.swap.current" },
	{ USAGE_PAGE_INS, "memory_stat", "workingset_refault_anon" },
	{ USAGE_PAGE_INS, "memory_stat", "pgmajfault" },
	{ USAGE_PAGE_OUTS, "memory_stat", "zswpout" },
	{ USAGE_PAGE_OUTS, "vmstat", "zswpout" },
	/* What comes from the pool is not among the kernel's pswpin. */
	{ USAGE_LOADS, "vmstat", "zswpin" },
	{ USAGE_LOADS, "vmstat", "pswpin" },
	{ USAGE_STORES, "vmstat", "zswpout" },
	{ USAGE_STORES, "vmstat", "pswpout" },
	{ NULL, NULL, NULL },
};

/* Plain zswap: over brd, whose parameters are those of any device. */
struct zswap_brd_params {
	struct zswap_params zswap;
	struct device_params device;
};

static const struct opt zswap_brd_opts[] = {
	OPT_CHOICE("over", struct zswap_params, over, "brd", "brd",
		   "the swap area's backend; of another: --backend zswap+NAME"),
	ZSWAP_OPTS,
	DEVICE_OPTS(struct zswap_brd_params, device),
	OPT_END,
};

const struct backend backend_zswap = {
	.name = "zswap",
	.summary = "compressed memory before a RAM disk; zswap+NAME: before another backend",
	.opts = zswap_brd_opts,
	.params_size = sizeof(struct zswap_brd_params),
	.caps = CAP_SWAP | CAP_ZSWAP,
	.usage = zswap_usage,
	.check = zswap_check,
	.up = zswap_up,
	.facts = zswap_facts,
	.health = zswap_health,
	.release = zswap_release,
};

/* --- over any other ------------------------------------------------------------------------- */

static size_t nr_opts(const struct opt *opts)
{
	size_t nr = 0;

	for_each_opt (o, opts)
		nr++;
	return nr;
}

/* zswap's, then inner's, whose fields lie behind zswap's. */
static struct opt *join_opts(const struct backend *inner)
{
	const struct opt own[] = { OPT_CHOICE("over", struct zswap_params, over, inner->name,
					      inner->name, "the swap area's backend"),
				   ZSWAP_OPTS };
	size_t nr_own = sizeof(own) / sizeof(*own), nr = nr_own;
	struct opt *opts = xcalloc(nr_own + nr_opts(inner->opts) + 1, sizeof(*opts));

	memcpy(opts, own, sizeof(own));
	for_each_opt (o, inner->opts) {
		opts[nr] = *o;
		opts[nr++].offset += sizeof(struct zswap_params);
	}
	return opts;
}

const struct backend *zswap_over(const struct backend *inner, struct err *err)
{
	struct backend *row;
	struct buf name = BUF_INIT, summary = BUF_INIT;

	if (!(inner->caps & CAP_SWAP) || inner->caps & (CAP_ANY_AREA | CAP_PAGE_HOOK | CAP_ZSWAP) ||
	    !inner->health || inner->prepare || inner->limit) {
		err_usage(err,
			  "zswap does not stand before backend %s: choose one whose swap area "
			  "is a device, such as zswap+nvme-tcp",
			  inner->name);
		return NULL;
	}
	for (size_t i = 0; i < nr_rows; i++) {
		if (rows[i].inner == inner)
			return rows[i].row;
	}
	buf_addf(&name, ZSWAP_OVER "%s", inner->name);
	buf_addf(&summary, "compressed memory before %s", inner->name);
	row = xcalloc(1, sizeof(*row));
	*row = backend_zswap;
	row->name = buf_steal(&name);
	row->summary = buf_steal(&summary);
	row->opts = join_opts(inner);
	row->params_size = sizeof(struct zswap_params) + inner->params_size;
	row->caps = inner->caps | CAP_ZSWAP;
	rows = xreallocarray(rows, nr_rows + 1, sizeof(*rows));
	rows[nr_rows].inner = inner;
	rows[nr_rows++].row = row;
	return row;
}
