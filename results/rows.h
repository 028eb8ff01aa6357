/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a statement in each export format, and the quoting that each needs. */
#ifndef RESULTS_ROWS_H
#define RESULTS_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "results/db.h"
#include "results/format.h"

/* How a format writes: what stands around rows and cells, and how text is quoted. */
struct rows_style {
	const char *begin, *row_begin, *between_cells, *row_end, *between_rows, *end, *missing;
	bool names_in_rows; /* "name": before each cell, and no header */
	void (*add_text)(struct buf *b, const char *text);
};
extern const struct rows_style rows_styles[]; /* by export_format; none for EXPORT_TABLE */

/* All rows of stmt, with a header, on out. ret_nr may be NULL. stmt stays the caller's. */
int rows_print(struct store *s, sqlite3_stmt *stmt, enum export_format format, FILE *out,
	       size_t *ret_nr, struct err *err);
/* The same of objects that code has made: a JSON array of them. columns: their keys, NULL-ended. */
int rows_print_json(struct store *s, const char *json, const char *const *columns,
		    enum export_format format, FILE *out, struct err *err);
/* The columns of stmt's row, into the object that is open. */
void rows_add_members(struct json *j, sqlite3_stmt *stmt);
/* All rows of a statement with arguments "i" or "ii", as an array of objects. */
int rows_add_array(struct json *j, const char *key, struct store *s, const char *sql,
		   const char *types, int64_t first, int64_t second, struct err *err);
/* Flush, and report what went wrong with out at any time before. */
int rows_flush(FILE *out, struct err *err);

/* "1-3 7", as a person would write ascending ids; the first MAX_RANGES ranges. */
#define MAX_RANGES 12
void rows_add_ranges(struct buf *b, const int64_t *ids, size_t nr);
/* "SHARED_CORES 5, V1_LIMIT 2": the flags of some runs (a JSON array), each with how many have it. */
int rows_add_flags(struct buf *b, struct store *s, const char *runs, struct err *err);

#endif
