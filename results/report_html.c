// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/report_html.h"

#include <stdbool.h>
#include <string.h>

#include "results/text_table.h"

void html_text(struct buf *page, const char *text)
{
	static const char *const escapes[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"
	};

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < sizeof(escapes) / sizeof(escapes[0]) && escapes[c])
			buf_adds(page, escapes[c]);
		else
			buf_add(page, text, 1);
	}
}

/* --- tables -------------------------------------------------------------------------------- */

static bool is_numeric(char type)
{
	return strchr("nbs", type) != NULL;
}

static void add_value(struct buf *page, sqlite3_stmt *stmt, int col, char type)
{
	double value = sqlite3_column_double(stmt, col);
	const char *text = (const char *)sqlite3_column_text(stmt, col);
	char human[HUMAN_SIZE];

	switch (type) {
	case 'n':
		buf_adds(page, human_number(human, value));
		break;
	case 'b':
		buf_adds(page, human_bytes(human, value));
		break;
	case 's':
		buf_adds(page, human_seconds(human, value));
		break;
	case 'c':
		buf_adds(page, "<code>");
		html_text(page, text);
		buf_adds(page, "</code>");
		break;
	case 'x':
		buf_adds(page, "<span class=\"status ");
		html_text(page, text);
		buf_adds(page, "\">");
		html_text(page, text);
		buf_adds(page, "</span>");
		break;
	default:
		html_text(page, text);
	}
}

static void add_cell(struct buf *page, sqlite3_stmt *stmt, int col, char type)
{
	if (type == 'k')
		buf_adds(page, "<th scope=\"row\">");
	else
		buf_adds(page, is_numeric(type) ? "<td class=\"num\">"
			       : type == 'w'	? "<td class=\"wrap\">"
						: "<td>");
	if (sqlite3_column_type(stmt, col) == SQLITE_NULL)
		buf_adds(page, "<span class=\"none\">–</span>");
	else
		add_value(page, stmt, col, type);
	buf_adds(page, type == 'k' ? "</th>" : "</td>");
}

static void add_header(struct buf *page, sqlite3_stmt *stmt, const char *types)
{
	buf_adds(page, "<div class=\"scroll\"><table>\n<thead><tr>");
	for (int col = 0; types[col]; col++) {
		buf_addf(page, "<th scope=\"col\"%s>",
			 is_numeric(types[col]) ? " class=\"num\"" : "");
		html_text(page, sqlite3_column_name(stmt, col));
		buf_adds(page, "</th>");
	}
	buf_adds(page, "</tr></thead>\n<tbody>\n");
}

int html_table(struct buf *page, struct store *s, sqlite3_stmt *stmt, const char *types,
	       struct err *err)
{
	int rc, nr = 0;

	while ((rc = db_step(s, stmt, err)) > 0) {
		if (!nr++)
			add_header(page, stmt, types);
		buf_adds(page, "<tr>");
		for (int col = 0; types[col]; col++)
			add_cell(page, stmt, col, types[col]);
		buf_adds(page, "</tr>\n");
	}
	if (nr)
		buf_adds(page, "</tbody></table></div>\n");
	return rc ? rc : nr > 0;
}

/* --- figures ------------------------------------------------------------------------------- */

/* What is followed by an id, or by the name of one. */
static const char *const id_marks[] = { " id=\"", " id='", "href=\"#", "href='#", "url(#" };

static size_t id_mark_length(const char *text)
{
	for (size_t i = 0; i < sizeof(id_marks) / sizeof(id_marks[0]); i++) {
		size_t len = strlen(id_marks[i]);

		if (strncmp(text, id_marks[i], len) == 0)
			return len;
	}
	return 0;
}

/* The text after `end` where an element begins here, else NULL. */
static const char *after_element(const char *text, const char *begin, const char *end)
{
	const char *found = strncmp(text, begin, strlen(begin)) ? NULL : strstr(text, end);

	return found ? found + strlen(end) : NULL;
}

void html_svg(struct buf *page, const char *svg, size_t number, const char *title)
{
	const char *text = strstr(svg, "<svg"), *after;

	while (text && *text) {
		size_t len = id_mark_length(text);

		if ((after = after_element(text, "<title>", "</title>"))) {
			buf_adds(page, "<title>");
			html_text(page, title);
			buf_adds(page, "</title>");
			text = after;
		} else if ((after = after_element(text, "<desc>", "</desc>"))) {
			text = after;
		} else if (len) {
			buf_add(page, text, len);
			buf_addf(page, "f%zu-", number);
			text += len;
		} else {
			buf_add(page, text++, 1);
		}
	}
}
