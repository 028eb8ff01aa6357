/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a job did, from its board. */
#ifndef BACKEND_PAGER_REPORT_H
#define BACKEND_PAGER_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "backend/pager/board.h"

/* Over all processes, those that have ended included. */
struct counters report_sum(const struct board *b);
/* How far above the limit memory was, in bytes, beyond what is tolerated: 2 MiB or 1 %. 0: it held. */
uint64_t report_overshoot(const struct board *b);
void report_json(struct board *b, const struct pool_ctx *pool, uint64_t after_ns, FILE *out);
void report_text(struct board *b, const struct pool_ctx *pool, FILE *out);

#endif
