/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Published curves, drawn dashed over a figure and labelled with the machine that they come from:
 * plots/published/NAME.csv, or a file of the user's.
 *
 *	# figure: slowdown
 *	# title: what the curves are
 *	# machine: where they were measured
 *	# source: the paper with its page, table or figure, or the artifact with its file
 *	curve,x,y
 *	NAME,0.5,1.23
 *
 * x and y are the figure's: slowdown has the local ratio and how many times slower than at ratio 1, xput
 * has cores and thousands of faults per second. Only numbers that a paper prints in words or tables, or
 * that an artifact publishes: a picture is no source.
 */
#ifndef PLOTS_OVERLAY_H
#define PLOTS_OVERLAY_H

#include "base/buf.h"
#include "base/err.h"
#include "plots/figure.h"

struct overlay {
	char *title, *machine, *source;
	struct buf block;  /* gnuplot's data: curve (a number from 0), x, y */
	struct buf labels; /* of the curves, with tabs between */
	unsigned int nr_curves;
	double top; /* the largest y */
};

/* name: of plots/published, or a file where it has a slash. ERR_USAGE names file and line. Release it
 * either way. */
int overlay_read(const char *name, const struct figure *f, struct overlay *o, struct err *err);
void overlay_release(struct overlay *o);
/* The gnuplot variables that plots/head.gp asks for, behind those of the figure. */
void overlay_variables(const struct overlay *o, struct buf *vars);

#endif
