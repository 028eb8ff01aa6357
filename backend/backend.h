/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends: where far memory is.
 *
 * To add one:
 *	1. write backend/NAME.c, ending in its one `const struct backend backend_NAME`;
 *	2. add its row to backend/table.c and its line to the list below.
 *
 * up() writes each step into the journal before it takes it; there is no down(): the journal
 * undoes. Only backend/ calls swapon and swapoff.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/journal.h"
#include "base/opt.h"
#include "base/result.h"

struct backend_ctx {
	const struct backend *backend;
	const void *params;
	uint64_t need_bytes;   /* how much may have to be far at once; 0: not known yet */
	const char *state_dir; /* for files of ours */
	char swap_device[128]; /* filled by up(): as /proc/swaps names it; "" for none or several */
	void *state;	       /* the backend's own, from up() to release() */
};

struct backend {
	const char *name, *summary;
	const struct opt *opts;
	size_t params_size;
	bool far; /* pages can go there: false for `none` */
	/* Could it work here? ERR_MISSING with the next step if not. Changes nothing. */
	int (*check)(const void *params, struct err *err);
	int (*up)(struct backend_ctx *ctx, struct journal *j, struct err *err);
	/* What a reader of the numbers must know: size, compressor, priority, module versions. */
	void (*facts)(const struct backend_ctx *ctx, struct facts *facts);
	/* Called about once a second in a run. <0: it is lost; err says how. NULL: can't be lost. */
	int (*health)(struct backend_ctx *ctx, struct err *err);
	/* Free ctx->state. NULL: there is none. */
	void (*release)(struct backend_ctx *ctx);
};

extern const struct backend *const backend_table[]; /* ended by NULL; in the order of `auto` */
const struct backend *backend_find(const char *name, struct err *err);
/* The first far one whose check() passes with default options; err says why none did. */
const struct backend *backend_auto(struct err *err);

/*
 * Journal kinds of backends: "swapon PATH UUID" (swap_areas.h), "zram N BOOT AFTER" (zram.h),
 * "module NAME BOOT" (module.h).
 */
extern const struct journal_op journal_ops_backend[];

/* One line a backend; the rows of table.c. */
extern const struct backend backend_fastswap_dram;
extern const struct backend backend_fastswap_rdma;
extern const struct backend backend_none;
extern const struct backend backend_swap;
extern const struct backend backend_swapfile;
extern const struct backend backend_zram;

#endif
