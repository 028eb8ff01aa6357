// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/export.h"

#include <string.h>

#include "base/clock.h"
#include "results/rates.h"
#include "results/rows.h"
#include "results/runs.h"
#include "results/samples.h"

/* ?1 is a JSON array of run ids; the join order makes each of them a seek. */
#define EACH_RUN " FROM json_each(?1) c CROSS JOIN run r ON r.id = c.value "

const struct export_kind export_kinds[] = {
	{ "runs", "one row a job: settings, memory, page-ins, and a column for each result", NULL },
	{ "phases", "begin and end of each phase",
	  "SELECT p.run, p.name AS phase, (p.begin_ns - r.begin_ns) / 1e9 AS begin_s,"
	  " (p.end_ns - r.begin_ns) / 1e9 AS end_s, p.begin_ns, p.end_ns" EACH_RUN
	  "CROSS JOIN phase p ON p.run = r.id ORDER BY c.key, p.begin_ns" },
	{ "deltas", "per phase: growth of each counter; mean, min and max of each gauge",
	  "SELECT d.run, d.phase, d.job, d.collector, d.key, d.unit, d.delta, d.mean, d.min, d.max" EACH_RUN
	  "CROSS JOIN phase_delta d ON d.run = r.id"
	  " JOIN phase p ON p.run = d.run AND p.name = d.phase"
	  " ORDER BY c.key, p.begin_ns, d.job, d.collector, d.key" },
	{ "samples", "every key at every tick, filled forward (--wide: a column a key)", NULL },
	{ "rates", "per period and phase: counters per second, levels; a column a key", NULL },
	{ "results", "what the workloads measured, of each thread where they say so",
	  "SELECT v.run, v.job, iif(instr(name, '.'), substr(name, 1, instr(name, '.') - 1), name) AS name,"
	  " v.value, v.unit, v.better,"
	  " CAST(substr(name, nullif(instr(name, '.'), 0) + 1) AS INTEGER) AS thread" EACH_RUN
	  "CROSS JOIN result v ON v.run = r.id ORDER BY c.key, v.job, v.ord" },
	{ "histograms", "latency buckets that are not empty, bounds inclusive",
	  "SELECT b.run, b.job, b.name, b.low AS low_ns, b.high AS high_ns, b.count" EACH_RUN
	  "CROSS JOIN bucket b ON b.run = r.id ORDER BY c.key, b.job, b.name, b.low" },
	{ "flags", "what to know before trusting a run",
	  "SELECT f.run, f.job, f.code, f.severity, f.detail" EACH_RUN
	  "CROSS JOIN flag f ON f.run = r.id ORDER BY c.key, f.job, f.code" },
	{ NULL, NULL, NULL },
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

int export_rows(struct store *s, const char *kind, const struct export_filter *filter,
		enum export_format format, FILE *out, struct err *err)
{
	const struct export_kind *k = export_kinds;
	struct buf runs = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	int rc;

	while (k->name && strcmp(k->name, kind) != 0)
		k++;
	if (!k->name)
		return err_usage(err,
				 "cannot export %s: give runs, phases, deltas, samples, rates, "
				 "results, histograms or flags",
				 kind);
	if (filter->wide && strcmp(kind, "samples") != 0)
		return err_usage(err, "--wide is for samples alone, not for %s", kind);

	rc = chosen_runs(s, filter, &runs, err);
	if (rc)
		goto out;
	if (strcmp(kind, "samples") == 0 && format == EXPORT_TABLE) {
		rc = err_usage(err, "samples are too many for a table: give csv or json");
	} else if (strcmp(kind, "samples") == 0) {
		rc = samples_print(s, runs.data, filter->wide, format, out, err);
	} else if (strcmp(kind, "rates") == 0) {
		rc = rates_print(s, runs.data, filter->collectors,
				 filter->every_ns ? filter->every_ns : NSEC_PER_SEC, format, out,
				 err);
	} else if (strcmp(kind, "runs") == 0) {
		rc = runs_print(s, runs.data, format, out, err);
	} else {
		rc = db_prepare(s, &stmt, err, k->sql, "t", runs.data);
		if (!rc)
			rc = rows_print(s, stmt, format, out, NULL, err);
		sqlite3_finalize(stmt);
	}
out:
	buf_release(&runs);
	return rc;
}
