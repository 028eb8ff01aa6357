// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "results/rows.h"

/*
 * One statement a metric, each walking its own stretch of the sample table in step with the
 * ticks: no sort, and no more memory than a row, however long the run.
 */
struct cursor {
	int64_t metric;
	struct buf label;   /* what stands before the value in a row, quoted and ready */
	sqlite3_stmt *stmt; /* NULL: this run has no (more) samples of it */
	int64_t next_tick;
	char next[32], value[32]; /* as text; value is "" before the first */
};

struct printer {
	struct store *s;
	const struct rows_style *style;
	bool wide;
	FILE *out;
	struct cursor *cursors;
	size_t nr;
	size_t nr_rows;
	struct buf line, head;
};

static void add_name(struct printer *p, struct buf *b, const char *name)
{
	if (p->style->names_in_rows) {
		p->style->add_text(b, name);
		buf_adds(b, ":");
	}
}

/* A column of its own names its unit, and its job where that is not the first:
 * "2.memory_usage.memory.current_bytes". */
static void add_label(struct printer *p, struct cursor *c, int64_t job, const char *collector,
		      const char *key, const char *unit)
{
	const struct rows_style *style = p->style;

	if (p->wide) {
		struct buf name = BUF_INIT;

		if (job > 1)
			buf_addf(&name, "%lld.", (long long)job);
		buf_addf(&name, "%s.%s_%s", collector, key, unit);
		style->add_text(&c->label, name.data);
		buf_release(&name);
		return;
	}
	add_name(p, &c->label, "job");
	buf_addf(&c->label, "%lld%s", (long long)job, style->between_cells);
	add_name(p, &c->label, "collector");
	style->add_text(&c->label, collector);
	buf_adds(&c->label, style->between_cells);
	add_name(p, &c->label, "key");
	style->add_text(&c->label, key);
	buf_adds(&c->label, style->between_cells);
	add_name(p, &c->label, "unit");
	style->add_text(&c->label, unit);
	buf_adds(&c->label, style->between_cells);
	add_name(p, &c->label, "value");
}

static int find_metrics(struct printer *p, const char *runs, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(p->s, &stmt, err,
			    "SELECT id, collector, key, job, unit FROM metric m WHERE EXISTS"
			    " (SELECT 1 FROM json_each(?1) c JOIN sample s ON s.run = c.value"
			    "  AND s.metric = m.id) ORDER BY max(job, 1), collector, key",
			    "t", runs);

	if (rc)
		return rc;
	while ((rc = db_step(p->s, stmt, err)) > 0) {
		p->cursors = xreallocarray(p->cursors, p->nr + 1, sizeof(*p->cursors));

		struct cursor *c = &p->cursors[p->nr++];

		*c = (struct cursor){ .metric = sqlite3_column_int64(stmt, 0) };
		add_label(p, c, sqlite3_column_int64(stmt, 3),
			  (const char *)sqlite3_column_text(stmt, 1),
			  (const char *)sqlite3_column_text(stmt, 2),
			  (const char *)sqlite3_column_text(stmt, 4));
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int cursor_fetch(struct printer *p, struct cursor *c, struct err *err)
{
	int rc = db_step(p->s, c->stmt, err);

	if (rc > 0) {
		c->next_tick = sqlite3_column_int64(c->stmt, 0);
		snprintf(c->next, sizeof(c->next), "%s",
			 (const char *)sqlite3_column_text(c->stmt, 1));
		return 0;
	}
	sqlite3_finalize(c->stmt);
	c->stmt = NULL;
	return rc;
}

static int cursor_start(struct printer *p, struct cursor *c, int64_t run, struct err *err)
{
	int rc;

	sqlite3_finalize(c->stmt);
	c->stmt = NULL;
	c->value[0] = '\0';
	rc = db_prepare(
		p->s, &c->stmt, err,
		"SELECT tick, value FROM sample WHERE run = ?1 AND metric = ?2 ORDER BY tick", "ii",
		run, c->metric);
	return rc ? rc : cursor_fetch(p, c, err);
}

/* The newest value at or before tick. */
static int cursor_advance(struct printer *p, struct cursor *c, int64_t tick, struct err *err)
{
	int rc = 0;

	while (!rc && c->stmt && c->next_tick <= tick) {
		memcpy(c->value, c->next, sizeof(c->value));
		rc = cursor_fetch(p, c, err);
	}
	return rc;
}

static void begin_row(struct printer *p)
{
	if (p->nr_rows++)
		buf_adds(&p->line, p->style->between_rows);
	buf_adds(&p->line, p->style->row_begin);
	buf_add(&p->line, p->head.data, p->head.len);
}

static void print_long(struct printer *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		const struct cursor *c = &p->cursors[i];

		if (!*c->value)
			continue;
		begin_row(p);
		buf_adds(&p->line, p->style->between_cells);
		buf_add(&p->line, c->label.data, c->label.len);
		buf_adds(&p->line, c->value);
		buf_adds(&p->line, p->style->row_end);
	}
}

static void print_wide(struct printer *p)
{
	begin_row(p);
	for (size_t i = 0; i < p->nr; i++) {
		const struct cursor *c = &p->cursors[i];

		buf_adds(&p->line, p->style->between_cells);
		if (p->style->names_in_rows) {
			buf_add(&p->line, c->label.data, c->label.len);
			buf_adds(&p->line, ":");
		}
		buf_adds(&p->line, *c->value ? c->value : p->style->missing);
	}
	buf_adds(&p->line, p->style->row_end);
}

/* stmt's row: tick, run, t_s, t_ns, phase; the names of all but the first are the columns'. */
static void make_head(struct printer *p, sqlite3_stmt *stmt)
{
	buf_reset(&p->head);
	for (int col = 1; col < sqlite3_column_count(stmt); col++) {
		if (col > 1)
			buf_adds(&p->head, p->style->between_cells);
		add_name(p, &p->head, sqlite3_column_name(stmt, col));
		switch (sqlite3_column_type(stmt, col)) {
		case SQLITE_NULL:
			buf_adds(&p->head, p->style->missing);
			break;
		case SQLITE_FLOAT:
			buf_add_double(&p->head, sqlite3_column_double(stmt, col));
			break;
		case SQLITE_INTEGER:
			buf_addf(&p->head, "%lld", (long long)sqlite3_column_int64(stmt, col));
			break;
		default:
			p->style->add_text(&p->head, (const char *)sqlite3_column_text(stmt, col));
		}
	}
}

static void print_header(struct printer *p)
{
	static const char *const fixed[] = { "run", "t_s", "t_ns", "phase" };
	static const char *const rest[] = { "job", "collector", "key", "unit", "value" };

	buf_adds(&p->line, p->style->begin);
	if (!p->style->names_in_rows) {
		for (size_t i = 0; i < 4; i++) {
			buf_adds(&p->line, i ? p->style->between_cells : "");
			p->style->add_text(&p->line, fixed[i]);
		}
		for (size_t i = 0; i < (p->wide ? p->nr : sizeof(rest) / sizeof(rest[0])); i++) {
			buf_adds(&p->line, p->style->between_cells);
			if (p->wide)
				buf_adds(&p->line, p->cursors[i].label.data);
			else
				p->style->add_text(&p->line, rest[i]);
		}
		buf_adds(&p->line, p->style->row_end);
	}
	fwrite(p->line.data, 1, p->line.len, p->out);
}

static int print_tick(struct printer *p, int64_t tick, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < p->nr; i++)
		rc = cursor_advance(p, &p->cursors[i], tick, err);
	if (rc)
		return rc;
	buf_reset(&p->line);
	if (p->wide)
		print_wide(p);
	else
		print_long(p);
	if (p->line.len && fwrite(p->line.data, 1, p->line.len, p->out) != p->line.len)
		return rows_flush(p->out, err);
	return 0;
}

static int print_run(struct printer *p, int64_t run, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = 0;

	for (size_t i = 0; !rc && i < p->nr; i++)
		rc = cursor_start(p, &p->cursors[i], run, err);
	if (rc)
		return rc;
	rc = db_prepare(p->s, &stmt, err,
			"SELECT t.tick, t.run AS run, (t.end_ns - r.begin_ns) / 1e9 AS t_s,"
			" t.end_ns AS t_ns,"
			" (SELECT name FROM phase p WHERE p.run = t.run AND p.begin_ns < t.end_ns"
			"  AND t.end_ns <= p.end_ns ORDER BY p.begin_ns DESC LIMIT 1) AS phase"
			" FROM run r JOIN tick t ON t.run = r.id WHERE r.id = ?1 ORDER BY t.tick",
			"i", run);
	if (rc)
		return rc;
	while ((rc = db_step(p->s, stmt, err)) > 0) {
		make_head(p, stmt);
		rc = print_tick(p, sqlite3_column_int64(stmt, 0), err);
		if (rc)
			break;
	}
	sqlite3_finalize(stmt);
	return rc;
}

int samples_print(struct store *s, const char *runs, bool wide, enum export_format format,
		  FILE *out, struct err *err)
{
	struct printer p = { .s = s, .style = &rows_styles[format], .wide = wide, .out = out };
	sqlite3_stmt *stmt = NULL;
	int rc = find_metrics(&p, runs, err);

	if (rc)
		goto out;
	print_header(&p);
	rc = db_prepare(s, &stmt, err, "SELECT value FROM json_each(?1)", "t", runs);
	if (rc)
		goto out;
	while ((rc = db_step(s, stmt, err)) > 0) {
		rc = print_run(&p, sqlite3_column_int64(stmt, 0), err);
		if (rc)
			goto out;
	}
	fputs(p.style->end, out);
	if (!rc)
		rc = rows_flush(out, err);
out:
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < p.nr; i++) {
		sqlite3_finalize(p.cursors[i].stmt);
		buf_release(&p.cursors[i].label);
	}
	free(p.cursors);
	buf_release(&p.line);
	buf_release(&p.head);
	return rc;
}
