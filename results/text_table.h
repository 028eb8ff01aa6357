/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of text for people: columns as wide as their widest cell, two spaces apart. */
#ifndef RESULTS_TEXT_TABLE_H
#define RESULTS_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table {
	size_t nr_cols, nr_cells;
	char **cells; /* by rows, the first is the header */
};

#define TABLE_INIT(cols)                                                                           \
	{                                                                                          \
		.nr_cols = (cols)                                                                  \
	}

void table_release(struct table *t);
/* Fill the table cell by cell. NULL is shown as "-". */
void table_add(struct table *t, const char *text);
void table_addf(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Columns whose cells are all numbers are aligned right. Columns with only "-" below the header
 * are left out. Each line begins with indent. */
void table_print(const struct table *t, const char *indent, FILE *out);

/* Numbers for people, in a buffer of at least HUMAN_SIZE bytes that is returned. */
#define HUMAN_SIZE 32
char *human_number(char *dst, double value);	/* "0.1234", "12.35", "152.3 k", "1.05 M" */
char *human_bytes(char *dst, double bytes);	/* "256.0 MiB" */
char *human_seconds(char *dst, double seconds); /* "2 m 05 s", "34.2 s", "12.3 us" */
char *human_age(char *dst, double seconds);	/* whole units: "34 s", "12 min", "3 h", "5 days" */

#endif
