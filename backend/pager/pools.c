// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/pools.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

const struct pool *pool_find(const char *text)
{
	size_t len = strcspn(text, ":");

	for (size_t i = 0; pager_pools[i]; i++) {
		const char *name = pager_pools[i]->name;

		if (strlen(name) == len && strncmp(name, text, len) == 0)
			return pager_pools[i];
	}
	return NULL;
}

static int parse(const struct pool *pool, const char *text, void *params, struct err *err)
{
	const char *at = strchr(text, ':');
	char what[32];
	int rc = 0;

	snprintf(what, sizeof(what), "pool %s", pool->name);
	while (!rc && at && *++at) {
		struct buf pair = BUF_INIT;
		size_t len = strcspn(at, ",");

		buf_addf(&pair, "%.*s", (int)len, at);
		rc = opt_set_pair(pool->opts, params, pair.data, what, err);
		buf_release(&pair);
		at = at[len] ? at + len : NULL;
	}
	return rc;
}

/* params: for opt_release(), also after a failure; unused while ctx->pool is NULL. */
static int choose(struct pool_ctx *ctx, const char *text, void *params, struct err *err)
{
	ctx->pool = pool_find(text);
	if (!ctx->pool)
		return err_usage(err, "no pool '%s': fmpager --help names them", text);
	assert(ctx->pool->params_size <= POOL_PARAMS_BYTES);
	if (ctx->pool->opts)
		opt_defaults(ctx->pool->opts, params);
	return parse(ctx->pool, text, params, err);
}

static int make(struct pool_ctx *ctx, const void *params, struct err *err)
{
	int rc = ctx->pool->create(ctx, params, err);

	if (!rc && ctx->pool->open)
		rc = ctx->pool->open(ctx, err);
	if (rc)
		pool_close(ctx);
	return rc;
}

int pool_check(const char *text, struct err *err)
{
	_Alignas(16) char params[POOL_PARAMS_BYTES] = { 0 };
	struct pool_ctx ctx = { .fd = -1 };
	int rc = choose(&ctx, text, params, err);

	if (ctx.pool && ctx.pool->opts)
		opt_release(ctx.pool->opts, params);
	return rc;
}

int pool_make(struct pool_ctx *ctx, const char *text, struct err *err)
{
	_Alignas(16) char params[POOL_PARAMS_BYTES] = { 0 };
	const struct opt *opts;
	int rc = choose(ctx, text, params, err);

	opts = ctx->pool ? ctx->pool->opts : NULL;
	if (!rc)
		rc = make(ctx, params, err);
	if (opts)
		opt_release(opts, params);
	if (rc)
		ctx->pool = NULL;
	return rc;
}

int pool_try(const char *text, struct err *err)
{
	struct pool_ctx ctx = { .shared = xcalloc(1, POOL_SHARED_BYTES),
				.nr_slots = 1024,
				.fd = -1 };
	int rc = pool_make(&ctx, text, err);

	if (!rc)
		pool_close(&ctx);
	free(ctx.shared);
	return rc;
}

void pool_close(struct pool_ctx *ctx)
{
	if (ctx->pool && ctx->pool->close)
		ctx->pool->close(ctx);
	if (ctx->fd >= 0)
		close(ctx->fd);
	ctx->fd = -1;
	ctx->pool = NULL;
}
