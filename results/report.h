/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report: what was run on which machine, what came out, what to know before trusting it, and
 * how to do it again, as one HTML page that needs nothing beside it.
 */
#ifndef RESULTS_REPORT_H
#define RESULTS_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "results/store.h"

struct report_figure {
	char *title, *command; /* what draws it alone */
	char *svg;	       /* gnuplot's, whole */
};

struct report_request {
	const char *experiment; /* NULL: all runs */
	const char *command;	/* that makes this report */
	const char *version;	/* git describe */
	const struct report_figure *figures;
	size_t nr_figures;
	const char *no_figures; /* why there are none, or NULL */
};

/* ERR_MISSING without a run. */
int report_page(struct store *s, const struct report_request *q, struct buf *page, struct err *err);

/*
 * Runs that stand for the others in figures of one run: of each workload, its parameters and
 * backend, the one of median performance at the ratio nearest to one half. Ascending, the
 * caller's to free.
 */
int report_representatives(struct store *s, const char *experiment, int64_t **ret_runs,
			   size_t *ret_nr, struct err *err);

#endif
