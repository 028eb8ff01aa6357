// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/export.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "results/deltas.h"
#include "results/rates.h"
#include "results/rows.h"
#include "results/runs.h"
#include "results/samples.h"

/* What must not be lost on a number's way: last columns of what holds results. */
#define TRUST(job)                                                                                  \
	", r.status, ifnull((SELECT group_concat(code, ' ') FROM (SELECT DISTINCT code FROM flag f" \
	" WHERE f.run = r.id AND f.job IN (0, " job ") ORDER BY code)), '') AS flags"
/* ?1 is a JSON array of run ids; the join order makes each of them a seek. */
#define EACH_RUN " FROM json_each(?1) c CROSS JOIN run r ON r.id = c.value "

const struct export_kind export_kinds[] = {
	{ "runs",
	  "one row a job: settings, parameters, memory, page-ins, and a column for each result",
	  EXPORT_LONG | EXPORT_WIDE, EXPORT_WIDE, NULL },
	{ "phases", "begin and end of each phase", EXPORT_LONG, EXPORT_LONG,
	  "SELECT p.run, p.name AS phase, (p.begin_ns - r.begin_ns) / 1e9 AS begin_s,"
	  " (p.end_ns - r.begin_ns) / 1e9 AS end_s, p.begin_ns, p.end_ns" EACH_RUN
	  "CROSS JOIN phase p ON p.run = r.id ORDER BY c.key, p.begin_ns" },
	{ "deltas",
	  "per phase: growth of each counter; mean, min and max of each gauge (--wide: a column each)",
	  EXPORT_LONG | EXPORT_WIDE, EXPORT_LONG,
	  "SELECT d.run, d.phase, d.job, d.collector, d.key, d.unit, d.delta, d.mean, d.min, d.max" EACH_RUN
	  "CROSS JOIN phase_delta d ON d.run = r.id"
	  " JOIN phase p ON p.run = d.run AND p.name = d.phase"
	  " ORDER BY c.key, p.begin_ns, d.job, d.collector, d.key" },
	{ "samples", "every key at every tick, filled forward (--wide: a column a key)",
	  EXPORT_LONG | EXPORT_WIDE, EXPORT_LONG, NULL },
	{ "rates", "per period and phase: counters per second, levels; a column a key", EXPORT_WIDE,
	  EXPORT_WIDE, NULL },
	{ "results", "what the workloads measured, of each thread where they say so", EXPORT_LONG,
	  EXPORT_LONG,
	  "SELECT v.run, v.job, iif(instr(name, '.'), substr(name, 1, instr(name, '.') - 1), name) AS name,"
	  " v.value, v.unit, v.better,"
	  " CAST(substr(name, nullif(instr(name, '.'), 0) + 1) AS INTEGER) AS thread" TRUST("v.job")
		  EACH_RUN "CROSS JOIN result v ON v.run = r.id ORDER BY c.key, v.job, v.ord" },
	{ "histograms", "latency buckets that are not empty, bounds inclusive", EXPORT_LONG,
	  EXPORT_LONG,
	  "SELECT b.run, b.job, b.name, b.low AS low_ns, b.high AS high_ns, b.count" TRUST("b.job")
		  EACH_RUN
	  "CROSS JOIN bucket b ON b.run = r.id ORDER BY c.key, b.job, b.name, b.low" },
	{ "flags", "what to know before trusting a run", EXPORT_LONG, EXPORT_LONG,
	  "SELECT f.run, f.job, f.code, f.severity, f.detail" EACH_RUN
	  "CROSS JOIN flag f ON f.run = r.id ORDER BY c.key, f.job, f.code" },
	{ NULL, NULL, 0, 0, NULL },
};

static int chosen_runs(struct store *s, const struct export_filter *filter, struct buf *json,
		       struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT json_group_array(id) FROM (SELECT id FROM run"
			    " WHERE (id = ?1 OR ?1 = 0)"
			    " AND (?2 IS NULL OR experiment = ?2) ORDER BY id)",
			    "it", filter->run, filter->experiment);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc > 0) {
		buf_adds(json, (const char *)sqlite3_column_text(stmt, 0));
		rc = 0;
	}
	sqlite3_finalize(stmt);
	return rc;
}

static const struct export_kind *find_kind(const char *name, struct err *err)
{
	const struct export_kind *k = export_kinds;

	while (k->name && strcmp(k->name, name) != 0)
		k++;
	if (k->name)
		return k;
	err_usage(
		err,
		"cannot export %s: give runs, phases, deltas, samples, rates, results, histograms "
		"or flags",
		name);
	return NULL;
}

static int print_kind(struct store *s, const struct export_kind *k, const char *runs,
		      const struct export_filter *filter, enum export_format format, FILE *out,
		      struct err *err)
{
	bool wide = (filter->shape ? filter->shape : (int)k->usual) == EXPORT_WIDE;
	sqlite3_stmt *stmt = NULL;
	int rc;

	if (strcmp(k->name, "samples") == 0)
		return samples_print(s, runs, wide, format, out, err);
	if (strcmp(k->name, "rates") == 0)
		return rates_print(s, runs, filter->collectors,
				   filter->every_ns ? filter->every_ns : NSEC_PER_SEC, format, out,
				   err);
	if (strcmp(k->name, "runs") == 0)
		return runs_print(s, runs, wide, format, out, err);
	if (strcmp(k->name, "deltas") == 0 && wide)
		return deltas_print_wide(s, runs, format, out, err);
	rc = db_prepare(s, &stmt, err, k->sql, "t", runs);
	if (!rc)
		rc = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
	return rc;
}

int export_check(const char *kind, int shape, struct err *err)
{
	const struct export_kind *k = find_kind(kind, err);

	if (!k)
		return -EINVAL;
	if (shape && !(k->shapes & shape))
		return err_usage(err, "%s are %s by nature: leave out --%s", kind,
				 k->shapes == EXPORT_LONG ? "long" : "wide",
				 shape == EXPORT_LONG ? "long" : "wide");
	return 0;
}

int export_rows(struct store *s, const char *kind, const struct export_filter *filter,
		enum export_format format, FILE *out, struct err *err)
{
	const struct export_kind *k = find_kind(kind, err);
	struct buf runs = BUF_INIT;
	int rc;

	rc = export_check(kind, filter->shape, err);
	if (rc)
		return rc;
	if (strcmp(kind, "samples") == 0 && format == EXPORT_TABLE)
		return err_usage(err, "samples are too many for a table: give csv or json");
	rc = chosen_runs(s, filter, &runs, err);
	if (!rc)
		rc = print_kind(s, k, runs.data, filter, format, out, err);
	buf_release(&runs);
	return rc;
}
