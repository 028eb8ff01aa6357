/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures for papers.
 *
 * To add one:
 *	1. write plots/NAME.gp (gnuplot; reads the variables `data`, `out`, and what SQL names);
 *	2. add its row, with the SQL that makes its data, to plots/table.c.
 *
 * The figure's data file holds one gnuplot data block per query, tab-separated, with a header line;
 * it and the .gp are kept beside the picture so that it can be redrawn by hand.
 */
#ifndef PLOTS_FIGURE_H
#define PLOTS_FIGURE_H

#include <stdbool.h>

#include "base/err.h"

struct figure {
	const char *name, *summary;
	const char *gp; /* the script's text */
	/*
	 * NULL-ended; each query gives one data block (index 0, 1, … in gnuplot), tab-separated
	 * with a header line; text columns are quoted. ?1 is the run's id (0: the user chose none),
	 * ?2 the experiment (NULL: all).
	 */
	const char *const *queries;
	/* One row, or NULL: each column becomes a gnuplot variable before the script runs. */
	const char *variables;
	bool one_run; /* draws a single run: the latest when the user names none */
	/* Shown when the first query is empty: what to run to have data. */
	const char *empty_hint;
};

extern const struct figure *const figure_table[]; /* ended by NULL */
const struct figure *figure_find(const char *name, struct err *err);

/*
 * Draw: data_path already holds the blocks. Writes out_path's stem + ".gp", runs gnuplot on it.
 * The picture's kind follows out_path's ending: pdf, png, svg. vars: "name = value" lines.
 * ERR_USAGE for another ending, ERR_MISSING without gnuplot.
 */
int figure_draw(const struct figure *f, const char *data_path, const char *vars,
		const char *out_path, struct err *err);
/* Before anything is written: known ending? gnuplot there? */
int figure_check(const char *out_path, struct err *err);

#endif
