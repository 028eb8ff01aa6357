// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/rates.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/embed.h"
#include "results/rows.h"

EMBED(rates_sql, "results/rates.sql");

/* A metric's value at a period's edge, `first` or `last`. */
static void add_value(struct buf *sql, int64_t metric, const char *edge)
{
	buf_addf(sql,
		 "(SELECT s.value FROM sample s WHERE s.run = e.run AND s.metric = %lld"
		 " AND s.tick <= e.%s ORDER BY s.tick DESC LIMIT 1)",
		 (long long)metric, edge);
}

/* The statement's columns as they grow, and the collector of one job that is being added. */
struct columns {
	struct buf sql;
	bool long_names; /* COLLECTOR.KEY */
	size_t nr;
	int64_t job; /* the keys of the second job on carry its number: 2.COLLECTOR.KEY */
	char collector[64];
	int64_t stores, invalidates, pages; /* metrics that its level is made of; 0: none */
};

/* Names come from the collectors' tables, or from whoever wrote the database. */
static void end_column(struct columns *c, const char *key)
{
	char job[24] = "", *name;

	if (c->job > 1)
		snprintf(job, sizeof(job), "%lld.", (long long)c->job);
	name = sqlite3_mprintf(" AS \"%w%w%w%w\"", job, c->long_names ? c->collector : "",
			       c->long_names ? "." : "", key);
	buf_adds(&c->sql, name);
	sqlite3_free(name);
	c->nr++;
}

static void add_key(struct columns *c, const char *key, int64_t metric, bool counter)
{
	buf_adds(&c->sql, counter ? ", (" : ", ");
	add_value(&c->sql, metric, "last");
	if (counter) {
		buf_adds(&c->sql, " - ");
		add_value(&c->sql, metric, "first");
		buf_adds(&c->sql, ") / e.seconds");
	}
	end_column(c, key);

	if (strcmp(key, "succ_stores") == 0)
		c->stores = metric;
	else if (strcmp(key, "invalidates") == 0)
		c->invalidates = metric;
	else if (strcmp(key, "curr_pages") == 0)
		c->pages = metric;
}

/* The page size is not in the store; it is 4 KiB on x86-64. */
static void add_level(struct columns *c)
{
	struct buf pages = BUF_INIT;

	if (c->pages) {
		add_value(&pages, c->pages, "last");
	} else if (c->stores && c->invalidates) {
		buf_adds(&pages, "(");
		add_value(&pages, c->stores, "last");
		buf_adds(&pages, " - ");
		add_value(&pages, c->invalidates, "last");
		buf_adds(&pages, ")");
		buf_addf(&c->sql, ", %s", pages.data);
		end_column(c, "curr_pages");
	}
	if (pages.len) {
		buf_addf(&c->sql, ", %s / 256.0", pages.data);
		end_column(c, "curr_mib");
	}
	buf_release(&pages);
	c->stores = c->invalidates = c->pages = 0;
}

static int add_columns(struct store *s, struct columns *c, const char *runs, const char *collectors,
		       struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT id, job, collector, key, counter FROM metric m WHERE EXISTS"
			    " (SELECT 1 FROM json_each(?1) c JOIN sample s ON s.run = c.value"
			    "  AND s.metric = m.id)"
			    " AND (?2 IS NULL OR instr(',' || ?2 || ',', ',' || collector || ','))"
			    " ORDER BY max(job, 1), collector, key",
			    "tt", runs, collectors);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		int64_t job = sqlite3_column_int64(stmt, 1);
		const char *collector = (const char *)sqlite3_column_text(stmt, 2);

		if (job != c->job || strcmp(c->collector, collector) != 0) {
			add_level(c);
			c->job = job;
			snprintf(c->collector, sizeof(c->collector), "%s", collector);
		}
		add_key(c, (const char *)sqlite3_column_text(stmt, 3),
			sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 4));
	}
	add_level(c);
	sqlite3_finalize(stmt);
	return rc;
}

/* Nothing was sampled of what is asked for: say why, where the newest of the runs knows. */
static int nothing_sampled(struct store *s, const char *runs, const char *collectors,
			   struct err *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (!collectors)
		return err_usage(err, "no run here has samples");
	rc = db_prepare(s, &stmt, err,
			"SELECT j.value FROM json_each(?1) c JOIN run r ON r.id = c.value,"
			" json_each(r.facts) j WHERE j.key = 'missing.' || ?2"
			" ORDER BY r.id DESC LIMIT 1",
			"tt", runs, collectors);
	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc >= 0)
		rc = err_usage(err,
			       "no run has samples of collector %s%s%s (`fmbench list "
			       "collectors` lists what there is)",
			       collectors, rc > 0 ? ": " : "",
			       rc > 0 ? (const char *)sqlite3_column_text(stmt, 0) : "");
	sqlite3_finalize(stmt);
	return rc;
}

int rates_print(struct store *s, const char *runs, const char *collectors, uint64_t every_ns,
		enum export_format format, FILE *out, struct err *err)
{
	struct columns c = { .sql = BUF_INIT,
			     .long_names = !collectors || strchr(collectors, ',') };
	sqlite3_stmt *stmt = NULL;
	int rc;

	buf_adds(&c.sql, rates_sql);
	buf_adds(&c.sql, " SELECT e.run, e.t_s, e.phase, e.seconds");
	rc = add_columns(s, &c, runs, collectors, err);
	if (!rc && !c.nr)
		rc = nothing_sampled(s, runs, collectors, err);
	if (!rc) {
		buf_adds(&c.sql, " FROM edge e ORDER BY e.nr, e.t_s");
		rc = db_prepare(s, &stmt, err, c.sql.data, "tu", runs, every_ns);
	}
	if (!rc)
		rc = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
	buf_release(&c.sql);
	return rc;
}
