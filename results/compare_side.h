/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One side of a comparison, from its selector to its runs. For results/compare*.c alone. */
#ifndef RESULTS_COMPARE_SIDE_H
#define RESULTS_COMPARE_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "results/store.h"

struct compare_side {
	const char *name, *selector; /* "A"; selector NULL: all runs */
	struct buf terms;	     /* JSON: [["backend",["zram"]],["memory",["48M",50331648]]] */
	int64_t *runs;		     /* those that count, ascending */
	size_t nr_runs;
	struct buf left_out; /* a line for each that does not, and why */
	size_t nr_left_out;
	bool by_number;	 /* chosen by run numbers alone */
	bool of_several; /* a comparison's: messages say of which side a run is */
};

#define COMPARE_SIDE_INIT(name, selector, of_several)                                              \
	{                                                                                          \
		name, selector, BUF_INIT, NULL, 0, BUF_INIT, 0, false, of_several                  \
	}

int compare_side_select(struct compare_side *side, struct store *s, bool untrusted,
			struct err *err);
void compare_side_release(struct compare_side *side);
/* The runs as a JSON array. */
void compare_side_json(const struct compare_side *side, struct buf *json);

/*
 * ERR_USAGE, naming what differs, unless each side is of one kind and they may be compared. Who chose both
 * by run numbers has named each run: what they differ in is added to told.
 */
int compare_sides_check(struct store *s, const struct compare_side *a, const struct compare_side *b,
			struct buf *told, struct err *err);

#endif
