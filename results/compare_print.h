/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for people, and for machines. For results/compare.c alone. */
#ifndef RESULTS_COMPARE_PRINT_H
#define RESULTS_COMPARE_PRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "results/compare_row.h"
#include "results/compare_side.h"
#include "results/format.h"

/* The whole answer. */
struct compare_answer {
	const struct compare_side *sides[2];
	struct compare_terms terms;
	struct buf when; /* "A from 2026-11-27 09:46 to …, B from …" */
	struct compare_row *rows;
	size_t nr_rows;
};

int compare_print(struct store *s, const struct compare_answer *c, enum export_format format,
		  FILE *out, FILE *notes, struct err *err);

#endif
