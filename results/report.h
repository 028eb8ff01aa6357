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
	char *title, *about, *command; /* command: what draws it alone */
	char *svg;		       /* gnuplot's, whole */
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

/* A run that stands for others in figures of one run. */
struct report_run {
	int64_t run;
	char *label; /* "quicksort on zram at ratio 0.5" */
};

/*
 * One for each workload and backend: of those at the ratio nearest to one half, and of the
 * parameters that most runs have, the one of median performance. The caller's to release.
 */
int report_representatives(struct store *s, const char *experiment, struct report_run **ret_runs,
			   size_t *ret_nr, struct err *err);
void report_runs_free(struct report_run *runs, size_t nr);

#endif
