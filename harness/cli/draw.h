/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A figure from the store: plots/ draws, results/ has the data, and neither knows the other. */
#ifndef HARNESS_DRAW_H
#define HARNESS_DRAW_H

#include <stdint.h>

#include "base/err.h"
#include "plots/figure.h"
#include "results/export.h"

/*
 * Writes out_path (its ending names the kind), its data and its script beside it. style NULL: as
 * it is. ERR_USAGE for a run chosen in a figure of several. -ENODATA (err filled, ERR_MISSING): nothing
 * to draw.
 */
int draw_figure(struct store *store, const struct figure *f, const struct figure_choice *choice,
		const struct figure_style *style, const char *out_path, struct err *err);

#endif
