// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare_side.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "base/json_write.h"
#include "base/list.h"
#include "base/names.h"
#include "base/opt.h"
#include "results/db.h"
#include "results/rows.h"

EMBED(compare_met_sql, "results/compare_met.sql");
EMBED(compare_unmet_sql, "results/compare_unmet.sql");

void compare_side_release(struct compare_side *side)
{
	buf_release(&side->terms);
	buf_release(&side->left_out);
	free(side->runs);
	side->runs = NULL;
	side->nr_runs = 0;
}

void compare_side_json(const struct compare_side *side, struct buf *json)
{
	buf_adds(json, "[");
	for (size_t i = 0; i < side->nr_runs; i++)
		buf_addf(json, "%s%lld", i ? "," : "", (long long)side->runs[i]);
	buf_adds(json, "]");
}

/* --- the selector -------------------------------------------------------------------------- */

/* A value as typed, and what it may stand for in the store: bytes, seconds, 1 and 0. */
static void add_value(struct buf *terms, const char *value)
{
	uint64_t integer;
	double number;
	bool yes;

	buf_add_json(terms, value);
	if (!parse_double(value, &number)) {
		buf_adds(terms, ",");
		buf_add_double(terms, number);
		return;
	}
	if (!parse_size(value, &integer))
		buf_addf(terms, ",%llu", (unsigned long long)integer);
	if (!parse_duration(value, &integer)) {
		buf_adds(terms, ",");
		buf_add_double(terms, (double)integer / 1e9);
	}
	if (!parse_bool(value, &yes))
		buf_addf(terms, ",%d", yes);
}

static int add_run_value(struct buf *terms, struct store *s, const char *value, struct err *err)
{
	int64_t run;
	int rc = store_find_run(s, value, &run, err);

	if (!rc)
		buf_addf(terms, "%lld", (long long)run);
	return rc;
}

static int add_term(struct compare_side *side, struct store *s, char *word, const char **key,
		    struct err *err)
{
	char *equals = strchr(word, '=');
	char *value = equals ? equals + 1 : word;

	if (equals) {
		*equals = '\0';
		*key = strcmp(word, "offload") == 0 ? "offload-reclaim" : word;
	}
	if (!**key || !*value)
		return err_usage(err,
				 "%s: '%s': give key=value terms, such as backend=zram,ratio=0.5",
				 side->name, side->selector);
	if (side->terms.len == 1 || equals) {
		buf_adds(&side->terms, side->terms.len == 1 ? "[" : "]],[");
		buf_add_json(&side->terms, *key);
		buf_adds(&side->terms, ",[");
	} else {
		buf_adds(&side->terms, ",");
	}
	if (strcmp(*key, "run") == 0)
		return add_run_value(&side->terms, s, value, err);
	side->by_number = false;
	add_value(&side->terms, value);
	return 0;
}

static int parse_selector(struct compare_side *side, struct store *s, struct err *err)
{
	char *copy, *save, *word;
	const char *key = "run";
	int rc = 0;

	if (!side->selector) {
		buf_adds(&side->terms, "[]");
		return 0;
	}
	if (list_check(side->selector, side->name, err) != 0)
		return -EINVAL;
	copy = xstrdup(side->selector);
	side->by_number = true;
	buf_adds(&side->terms, "[");
	for (word = strtok_r(copy, ",", &save); word && !rc; word = strtok_r(NULL, ",", &save))
		rc = add_term(side, s, word, &key, err);
	if (!rc && side->terms.len == 1)
		rc = err_usage(err, "%s is empty: give key=value terms, such as backend=zram",
			       side->name);
	buf_adds(&side->terms, "]]]");
	free(copy);
	return rc;
}

/* --- its runs ------------------------------------------------------------------------------ */

static int no_such_key(struct store *s, const char *key, struct err *err)
{
	const char **names = NULL;
	size_t nr = 0;
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, "SELECT DISTINCT key FROM run_property", "");

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		names = xreallocarray(names, nr + 2, sizeof(*names));
		names[nr++] = xstrdup((const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	if (!rc && nr) {
		names[nr] = NULL;
		rc = err_unknown(
			err, did_you_mean(key, names),
			"there are workload, backend, ratio, limit, experiment, run, machine, "
			"kernel, and every parameter",
			"no run is stored with a key '%s'", key);
	} else if (!rc) {
		rc = err_usage(err, "%s holds no run yet; make some with `fmbench run`", s->path);
	}
	while (nr)
		free((void *)names[--nr]);
	free(names);
	return rc;
}

/* Nothing matches: which term is it that no run meets? */
static int explain_none(const struct compare_side *side, struct store *s, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, compare_unmet_sql, "t", side->terms.data);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 0)
		rc = err_usage(
			err,
			"%s: no run meets all of %s together; `fmbench export table runs` lists "
			"what there is",
			side->name, side->selector);
	else if (rc > 0 && !sqlite3_column_int(stmt, 2))
		rc = no_such_key(s, (const char *)sqlite3_column_text(stmt, 0), err);
	else if (rc > 0)
		rc = err_usage(err, "%s: no run has %s=%s; there is %.200s", side->name,
			       (const char *)sqlite3_column_text(stmt, 0),
			       (const char *)sqlite3_column_text(stmt, 1),
			       (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	return rc;
}

static void leave_out(struct compare_side *side, sqlite3_stmt *stmt)
{
	const char *status = (const char *)sqlite3_column_text(stmt, 1);
	const char *why = (const char *)sqlite3_column_text(stmt, 2);

	side->nr_left_out++;
	buf_addf(&side->left_out, "run %lld%s%s: %s%s%s%s\n",
		 (long long)sqlite3_column_int64(stmt, 0), side->of_several ? " of " : "",
		 side->of_several ? side->name : "",
		 strcmp(status, "started") == 0 ? "not at its end" : status, why ? " (" : "",
		 why ? why : "", why ? ")" : "");
}

int compare_side_select(struct compare_side *side, struct store *s, bool untrusted, struct err *err)
{
	size_t nr_met = 0;
	sqlite3_stmt *stmt;
	int rc = parse_selector(side, s, err);

	if (!rc)
		rc = db_prepare(s, &stmt, err, compare_met_sql, "t", side->terms.data);
	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		const char *status = (const char *)sqlite3_column_text(stmt, 1);

		nr_met++;
		if (strcmp(status, "ok") != 0 && !(untrusted && strcmp(status, "untrusted") == 0)) {
			leave_out(side, stmt);
			continue;
		}
		side->runs = xreallocarray(side->runs, side->nr_runs + 1, sizeof(*side->runs));
		side->runs[side->nr_runs++] = sqlite3_column_int64(stmt, 0);
	}
	sqlite3_finalize(stmt);
	if (!rc && !nr_met && !side->selector)
		return err_missing(err, "%s holds no run yet; make some with `fmbench run`",
				   s->path);
	if (!rc && !nr_met)
		return explain_none(side, s, err);
	if (!rc && !side->nr_runs)
		return err_missing(err, "%s: nothing is left to compare, %.*s%s%s", side->name,
				   (int)strcspn(side->left_out.data, "\n"), side->left_out.data,
				   nr_met > 1 ? " and the others" : "",
				   untrusted ? "" : "; --untrusted takes untrusted ones in");
	return rc;
}
