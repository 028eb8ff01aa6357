/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTML for the report: text is escaped wherever it comes in. */
#ifndef RESULTS_REPORT_HTML_H
#define RESULTS_REPORT_HTML_H

#include "base/buf.h"
#include "results/db.h"

void html_text(struct buf *page, const char *text);

/*
 * The rows of stmt as a table, headed by its column names; nothing where there are none. types has
 * a letter for each column: t text, w text that may wrap, k text that names the row, c code, n number,
 * b bytes, s seconds, x a run's status. 1: there were rows, 0: none, -errno.
 */
int html_table(struct buf *page, struct store *s, sqlite3_stmt *stmt, const char *types,
	       struct err *err);

/*
 * gnuplot's SVG, to stand among others in one page: its ids made its own by the number, its title
 * the figure's.
 */
void html_svg(struct buf *page, const char *svg, size_t number, const char *title);

#endif
