/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures of the micro suite: rows of plots/table.c, which also embeds their scripts. */
#ifndef PLOTS_MICRO_H
#define PLOTS_MICRO_H

#include "plots/figure.h"

extern const char latency_cdf_gp[], xput_gp[], readahead_gp[], reclaim_gp[];

extern const struct figure figure_latency_cdf;
extern const struct figure figure_readahead;
extern const struct figure figure_reclaim;
extern const struct figure figure_xput;
extern const struct figure figure_xput_published;

#endif
