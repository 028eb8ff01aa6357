/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary for people, and for machines. For results/summary.c alone. */
#ifndef RESULTS_SUMMARY_PRINT_H
#define RESULTS_SUMMARY_PRINT_H

#include <stdio.h>

#include "results/format.h"
#include "results/summary_cell.h"

struct summary {
	struct summary_cells cells;
	const char *key;      /* of the columns; NULL: none */
	const char **columns; /* its values, the first is the base; they are the cells' */
	size_t nr_columns;
	bool geomean;
};

void summary_print_table(const struct summary *sum, FILE *out);
int summary_print_rows(struct store *s, const struct summary *sum, enum export_format format,
		       FILE *out, struct err *err);

#endif
