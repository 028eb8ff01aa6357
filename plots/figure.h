/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures for papers.
 *
 * To add one:
 *	1. write plots/NAME.sql, which makes its data (see plots/head.sql, which runs before it);
 *	2. write plots/NAME.gp, which draws it (see plots/head.gp, which runs before it);
 *	3. add its row to plots/table.c, and tests/unit/test_figure_NAME.c.
 *
 * The figure's data file holds one gnuplot data block per SELECT, tab-separated, with a header line;
 * it and the .gp are kept beside the picture so that it can be redrawn by hand.
 */
#ifndef PLOTS_FIGURE_H
#define PLOTS_FIGURE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Which runs a figure draws. */
enum figure_scope {
	FIGURE_ONE_RUN, /* one: the chosen run, else the latest */
	FIGURE_RUNS,	/* the chosen run, else all of them */
	FIGURE_CURVE,	/* all of them: one run is no curve, so none can be chosen */
};

#define FIGURE_MAX_SQL 4

struct figure {
	const char *name, *summary;
	enum figure_scope scope;
	const char *gp; /* the script's text */
	/* Programs that run one after another, as plots/head.sql says. NULL: no more. */
	const char *sql[FIGURE_MAX_SQL + 1];
	/* What --y may name: words with '|' between, METRIC for any result. NULL: nothing. */
	const char *ys;
	bool overlays; /* published curves can be drawn over it (overlay.h) */
	/* Shown when the first block is empty: what to run to have data. */
	const char *empty_hint;
};

extern const struct figure figure_table[]; /* ended by a row without a name */
const struct figure *figure_find(const char *name, struct err *err);
/* ERR_USAGE where a run was chosen and the figure can't draw one run alone. */
int figure_check_choice(const struct figure *f, bool run_chosen, struct err *err);

/* ERR_USAGE where the figure can't draw that y; NULL is fine. */
int figure_check_y(const struct figure *f, const char *y, struct err *err);

/* ERR_USAGE where the figure's axis is not the user's to choose; "auto" is fine. */
int figure_check_axis(const struct figure *f, const char *axis, struct err *err);

/* How a figure looks; all zero: as it is. */
struct figure_style {
	double width_cm, height_cm; /* 0: a column of a two-column page; what the figure needs */
	const char *title;
	const char *labels;  /* of the series, with commas between */
	const char *legend;  /* "top", "inside" or "none" */
	const char *overlay; /* published curves over it (overlay.h); NULL: none */
	const char *axis;    /* of y: "log", "linear", or NULL or "auto" */
};

/* "single" (3.3 in), "double" (7 in), WxH in inches or, as 8.5x6cm, in centimetres. */
int figure_parse_size(const char *text, struct figure_style *style, struct err *err);
/* The style as variables of the script. vars: the data's; ERR_USAGE where not every series, or more,
 * would get a label. */
int figure_add_style(const struct figure_style *style, struct buf *vars, struct err *err);

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
