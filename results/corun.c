// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/corun.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "base/stats.h"
#include "results/rows.h"
#include "results/text_table.h"

EMBED(corun_jobs_sql, "results/corun_jobs.sql");
EMBED(corun_table_sql, "results/corun_table.sql");
EMBED(corun_matrix_sql, "results/corun_matrix.sql");

enum { MAKESPAN, THROUGHPUT, MEAN, P99, SPEEDUP, JAIN, LOCAL, BUDGET, FAR, NR };

static const char *const names[NR] = {
	[MAKESPAN] = "makespan", [THROUGHPUT] = "throughput",	 [MEAN] = "mean_slowdown",
	[P99] = "p99_slowdown",	 [SPEEDUP] = "weighted_speedup", [JAIN] = "jain",
	[LOCAL] = "local_mean",	 [BUDGET] = "local_budget",	 [FAR] = "far_most",
};

/* One run's numbers. */
struct yield {
	char policy[32];
	int repeat;
	double values[NR]; /* NAN: it has none */
};

struct yields {
	struct yield *rows;
	size_t nr;
};

static char *ids_of(const int64_t *runs, size_t nr)
{
	struct buf ids = BUF_INIT;

	buf_adds(&ids, "[");
	for (size_t i = 0; i < nr; i++)
		buf_addf(&ids, "%s%lld", i ? "," : "", (long long)runs[i]);
	buf_adds(&ids, "]");
	return buf_steal(&ids);
}

int corun_arrival(struct store *s, int64_t run, const char *job, double *ret, struct err *err)
{
	return db_double(s, ret, err,
			 "SELECT value FROM result v JOIN job j USING (run, job)"
			 " WHERE v.run = ?1 AND j.name = ?2 AND v.name = 'arrival'",
			 "it", run, job);
}

int corun_measured(struct store *s, const char *mix, const char *policy, uint64_t local_bytes,
		   double *ret_s, int64_t *ret_nr, struct err *err)
{
	static const char from[] =
		" FROM result v JOIN run r ON r.id = v.run WHERE v.job = 1"
		" AND v.name = 'makespan' AND status IN ('ok', 'untrusted')"
		" AND run_params ->> '$.mix' = ?1 AND run_params ->> '$.policy' = ?2"
		" AND abs(run_params ->> '$.local' - ?3) <= 0.05 * ?3"; /* of a peak measured anew */
	struct buf sql = BUF_INIT;
	int rc;

	buf_addf(&sql, "SELECT median(value)%s", from);
	rc = db_double(s, ret_s, err, sql.data, "ttu", mix, policy, local_bytes);
	buf_reset(&sql);
	buf_addf(&sql, "SELECT count(*)%s", from);
	if (!rc)
		rc = db_int(s, ret_nr, err, sql.data, "ttu", mix, policy, local_bytes);
	buf_release(&sql);
	return rc;
}

/* --- policies --------------------------------------------------------------------------------- */

static int read_yields(struct store *s, const char *ids, struct yields *y, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT run_params ->> '$.policy', repeat, r.id FROM json_each(?1) c"
			    " JOIN run r ON r.id = c.value WHERE status IN ('ok', 'untrusted')"
			    " ORDER BY c.key",
			    "t", ids);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		struct yield *row;

		y->rows = xreallocarray(y->rows, y->nr + 1, sizeof(*y->rows));
		row = &y->rows[y->nr++];
		snprintf(row->policy, sizeof(row->policy), "%s", sqlite3_column_text(stmt, 0));
		row->repeat = sqlite3_column_int(stmt, 1);
		for (int i = 0; i < NR; i++) {
			if (db_double(
				    s, &row->values[i], err,
				    "SELECT value FROM result WHERE run = ?1 AND job = 1 AND name = ?2",
				    "it", sqlite3_column_int64(stmt, 2), names[i]) != 0)
				row->values[i] = NAN;
		}
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* A policy's values; those that are missing are left out. */
static size_t pick(const struct yields *y, const char *policy, int what, double *to)
{
	size_t nr = 0;

	for (size_t i = 0; i < y->nr; i++) {
		if (strcmp(y->rows[i].policy, policy) == 0 && !isnan(y->rows[i].values[what]))
			to[nr++] = y->rows[i].values[what];
	}
	return nr;
}

static double throughput_in(const struct yields *y, const char *policy, int repeat)
{
	for (size_t i = 0; i < y->nr; i++) {
		if (y->rows[i].repeat == repeat && strcmp(y->rows[i].policy, policy) == 0)
			return y->rows[i].values[THROUGHPUT];
	}
	return NAN;
}

static int against(const struct yields *y, const char *first, const char *policy,
		   struct stats_ratio *ret, size_t *ret_nr)
{
	double *a = xcalloc(y->nr + 1, sizeof(*a)), *b = xcalloc(y->nr + 1, sizeof(*b));
	size_t nr = 0;
	int rc;

	for (size_t i = 0; i < y->nr; i++) {
		if (strcmp(y->rows[i].policy, policy) != 0)
			continue;
		a[nr] = throughput_in(y, first, y->rows[i].repeat);
		b[nr] = y->rows[i].values[THROUGHPUT];
		nr += !isnan(a[nr]) && !isnan(b[nr]);
	}
	rc = stats_ratio_paired(a, b, nr, ret);
	*ret_nr = nr;
	free(a);
	free(b);
	return rc;
}

struct policies {
	const char **names;
	struct stats_ratio *ratios;
	double *p; /* NAN: not known, or the first one's */
	size_t *pairs;
	size_t nr;
};

static bool has_policy(const struct policies *p, const char *name)
{
	for (size_t i = 0; i < p->nr; i++) {
		if (strcmp(p->names[i], name) == 0)
			return true;
	}
	return false;
}

static int by_place(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Policies by name, but the one that the others are held against: `none` or `uniform` if it is there. */
static void order_policies(struct policies *p)
{
	static const char *const first[] = { "uniform", "none" };

	qsort(p->names, p->nr, sizeof(*p->names), by_place);
	for (size_t f = 0; f < 2; f++) {
		for (size_t i = p->nr; i-- > 1;) {
			if (strcmp(p->names[i], first[f]) == 0) {
				const char *name = p->names[i];

				memmove(p->names + 1, p->names, i * sizeof(*p->names));
				p->names[0] = name;
				break;
			}
		}
	}
}

static void policies_init(struct policies *p, const struct yields *y)
{
	*p = (struct policies){ .names = xcalloc(y->nr + 1, sizeof(*p->names)),
				.ratios = xcalloc(y->nr + 1, sizeof(*p->ratios)),
				.p = xcalloc(y->nr + 1, sizeof(*p->p)),
				.pairs = xcalloc(y->nr + 1, sizeof(*p->pairs)) };
	for (size_t i = 0; i < y->nr; i++) {
		if (!has_policy(p, y->rows[i].policy))
			p->names[p->nr++] = y->rows[i].policy;
	}
	order_policies(p);
	for (size_t i = 0; i < p->nr; i++) {
		p->p[i] = NAN;
		if (i && against(y, p->names[0], p->names[i], &p->ratios[i], &p->pairs[i]) == 0 &&
		    p->pairs[i] >= STATS_MIN_RUNS)
			p->p[i] = p->ratios[i].p;
	}
	stats_holm(p->p, p->nr);
}

static void policies_release(struct policies *p)
{
	free(p->names);
	free(p->ratios);
	free(p->p);
	free(p->pairs);
}

static void add_against(struct table *t, const struct policies *p, size_t i)
{
	const struct stats_ratio *r = &p->ratios[i];

	if (!i || !p->pairs[i]) {
		table_add(t, i ? NULL : "1");
		table_add(t, NULL);
		return;
	}
	if (isnan(r->low))
		table_addf(t, "%.3f", r->ratio);
	else
		table_addf(t, "%.3f [%.3f, %.3f]", r->ratio, r->low, r->high);
	table_add(t, p->pairs[i] < STATS_MIN_RUNS	 ? "too few runs to tell"
		     : !(p->p[i] < 1 - STATS_CONFIDENCE) ? "no difference shown"
		     : r->ratio > 1			 ? "faster"
							 : "slower");
}

static void add_median(struct table *t, const struct yields *y, const char *policy, int what,
		       int decimals, double scale)
{
	double *values = xcalloc(y->nr + 1, sizeof(*values));
	size_t nr = pick(y, policy, what, values);

	if (nr)
		table_addf(t, "%.*f", decimals, stats_median(values, nr) / scale);
	else
		table_add(t, NULL);
	free(values);
}

static size_t runs_of(const struct yields *y, const char *policy)
{
	size_t nr = 0;

	for (size_t i = 0; i < y->nr; i++)
		nr += strcmp(y->rows[i].policy, policy) == 0;
	return nr;
}

static void print_policies(const struct yields *y, FILE *out)
{
	static const struct {
		const char *title;
		int what, decimals;
		double scale;
	} columns[] = {
		{ "makespan s", MAKESPAN, 2, 1 },   { "jobs/h", THROUGHPUT, 1, 1 },
		{ "slowdown", MEAN, 3, 1 },	    { "p99", P99, 3, 1 },
		{ "speed-up", SPEEDUP, 3, 1 },	    { "Jain", JAIN, 3, 1 },
		{ "local MiB", LOCAL, 1, 1 << 20 }, { "of MiB", BUDGET, 1, 1 << 20 },
		{ "far MiB", FAR, 1, 1 << 20 },
	};
	const size_t nr_columns = sizeof(columns) / sizeof(columns[0]);
	struct table t = TABLE_INIT(nr_columns + 4);
	struct policies p;

	policies_init(&p, y);
	table_add(&t, "policy");
	table_add(&t, "runs");
	for (size_t c = 0; c < nr_columns; c++)
		table_add(&t, columns[c].title);
	table_addf(&t, "jobs/h against %s", p.names[0]);
	table_add(&t, "");
	for (size_t i = 0; i < p.nr; i++) {
		table_add(&t, p.names[i]);
		table_addf(&t, "%zu", runs_of(y, p.names[i]));
		for (size_t c = 0; c < nr_columns; c++)
			add_median(&t, y, p.names[i], columns[c].what, columns[c].decimals,
				   columns[c].scale);
		add_against(&t, &p, i);
	}
	table_print(&t, "", out);
	table_release(&t);
	policies_release(&p);
}

static int print_rows(struct store *s, const char *sql, const char *ids, enum export_format format,
		      FILE *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, sql, "t", ids);

	if (!rc)
		rc = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
	return rc;
}

/* Flags travel with the numbers. */
static int print_flags(struct store *s, const char *ids, FILE *out, struct err *err)
{
	struct buf flags = BUF_INIT;
	int rc = rows_add_flags(&flags, s, ids, err);

	if (!rc && flags.len)
		fprintf(out, "\nflags (runs): %s\n", flags.data);
	buf_release(&flags);
	return rc;
}

int corun_print(struct store *s, const int64_t *runs, size_t nr, enum export_format format,
		FILE *out, struct err *err)
{
	char *ids = ids_of(runs, nr);
	struct yields y = { 0 };
	int rc = 0;

	if (format != EXPORT_TABLE) {
		rc = print_rows(s, corun_jobs_sql, ids, format, out, err);
		goto out;
	}
	rc = read_yields(s, ids, &y, err);
	if (!rc && y.nr) {
		print_policies(&y, out);
		fputc('\n', out);
		rc = print_rows(s, corun_table_sql, ids, format, out, err);
	}
	if (!rc)
		rc = print_flags(s, ids, out, err);
out:
	free(y.rows);
	free(ids);
	return rc;
}

int corun_print_matrix(struct store *s, const int64_t *runs, size_t nr, enum export_format format,
		       FILE *out, struct err *err)
{
	char *ids = ids_of(runs, nr);
	int rc = print_rows(s, corun_matrix_sql, ids, format, out, err);

	if (!rc && format == EXPORT_TABLE)
		rc = print_flags(s, ids, out, err);
	free(ids);
	return rc;
}
