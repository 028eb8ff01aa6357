/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every fastswap backend shares: fastswap.ko, one pool module beneath it, and /dev/fastswap0
 * as the swap area of highest priority. The modules' side is backend/fastswap/README.md.
 */
#ifndef BACKEND_FASTSWAP_AREA_H
#define BACKEND_FASTSWAP_AREA_H

#include "backend/backend.h"
#include "backend/swap_areas.h"

/* The first options of each fastswap backend; embed it as the first member of its parameters. */
struct fastswap_params {
	char *hook;    /* auto, none, swap_ops */
	char *inject;  /* fault injection, for tests */
	bool latency;  /* histograms of load and store times */
	char *modules; /* directory of the .ko files; NULL: searched for */
	uint64_t priority;
};

/* clang-format off: one option a line */
#define FASTSWAP_OPTS(S, m)                                                                                  \
	OPT_CHOICE(                                                                                          \
		"hook", S, m.hook, "auto", "auto|none|swap_ops",                                             \
		"none: all through the block device, to see what that costs; swap_ops: Linux 7.3's"),        \
		OPT_BOOL("latency", S, m.latency, "no",                                                      \
			 "take the time of each load and store (about 100 instructions a page)"),            \
		OPT_STRING("inject", S, m.inject, NULL,                                                      \
			   "fault injection, for tests: load_fail:N, store_fail:N, flip:N"),                 \
		OPT_STRING(                                                                                  \
			"modules", S, m.modules, NULL,                                                       \
			"directory of fastswap.ko and its pools; unset: beside the program, else modprobe"), \
		SWAP_PRIORITY_OPT(S, m.priority)
/* clang-format on */

/* Can fastswap.ko and that pool be loaded here? */
int fastswap_check(const struct fastswap_params *p, const char *pool, struct err *err);
/* An area of fastswap with that pool is on already, brought up by `fmbench backend up` or by hand:
 * a run uses it and leaves it up. */
bool fastswap_is_up(const char *pool);
/* Use it: fill ctx->swap_device and ctx->taken. ERR_MISSING: it has too little room. */
int fastswap_take(struct backend_ctx *ctx, struct err *err);
/* Load both (pool_options: "size=… node=…"), make the area, turn it on, fill ctx->swap_device. */
int fastswap_up(struct backend_ctx *ctx, const struct fastswap_params *p, const char *pool,
		const char *pool_options, struct journal *j, struct err *err);
void fastswap_facts(const struct backend_ctx *ctx, struct facts *facts);
/* Area still on, pool still healthy. */
int fastswap_health(struct backend_ctx *ctx, struct err *err);

/* Rows of a struct backend_usage array: what the modules themselves count. */
/* clang-format off */
#define FASTSWAP_ACCOUNT \
	{ USAGE_LOADS, "fastswap", "loads" }, \
	{ USAGE_LOADS, "fastswap", "loads_async" }, \
	{ USAGE_STORES, "fastswap", "stores" }, \
	{ USAGE_STORES, "fastswap", "stores_async" }, \
	{ USAGE_FAILED_LOADS, "fastswap", "failed_loads" }, \
	{ USAGE_FAILED_STORES, "fastswap", "failed_stores" }
/* clang-format on */

/* As swap_usage, but for what the page hook takes: the kernel does not count it as pswpin, pswpout. */
extern const struct backend_usage fastswap_usage[];

#endif
