/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for people, and for machines. For results/compare.c alone. */
#ifndef RESULTS_COMPARE_PRINT_H
#define RESULTS_COMPARE_PRINT_H

#include <stdio.h>

#include "results/compare_row.h"
#include "results/compare_side.h"
#include "results/format.h"

/* pairs: judged, each of the same base and another side. */
int compare_print(struct store *s, const struct compare_pair *pairs, size_t nr,
		  enum export_format format, FILE *out, FILE *notes, struct err *err);

#endif
