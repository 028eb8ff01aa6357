/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding and making the pool that a user names. */
#ifndef BACKEND_PAGER_POOLS_H
#define BACKEND_PAGER_POOLS_H

#include "backend/pager/pool.h"

/* NAME of NAME[:OPTIONS]. NULL: there is none. */
const struct pool *pool_find(const char *text);
/* Whether the text is right, as far as that is to be seen without making the pool. */
int pool_check(const char *text, struct err *err);
/* Make it for a moment, of the least size unless the text says one: is its server there, and willing? */
int pool_try(const char *text, struct err *err);
/* Of NAME[:OPTION=VALUE[,OPTION=VALUE]...], make ctx->pool: parse, create() and open(). ctx->shared and
 * ->nr_slots are set before. After a failure there is nothing to close. */
int pool_make(struct pool_ctx *ctx, const char *text, struct err *err);
/* In the keeper. */
void pool_close(struct pool_ctx *ctx);

#endif
