// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "results/db.h"
#include "results/summary.h"
#include "results/summary_print.h"
#include "results/text_table.h"

/* backend: among what names the cell, or NULL. */
static void add_cell_name(struct buf *b, const struct summary_cell *c, const char *backend)
{
	buf_adds(b, c->workload);
	if (backend)
		buf_addf(b, " on %s", backend);
	if (!isnan(c->ratio))
		buf_addf(b, " at %g", c->ratio);
	if (c->how && *c->how)
		buf_addf(b, " %s", c->how);
}

/* What the cell is, whatever else is in its database: its text names only what differs there. */
static int add_cell_key(struct buf *b, struct store *s, const struct summary_cell *c,
			struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT json_array(workload, workload_params, backend, backend_params,"
			    " run_params, ratio, ?3) FROM run_job"
			    " WHERE id = json_extract(?1, '$[0]') AND job = ?2",
			    "tit", c->runs, c->job, c->result);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 1)
		buf_adds(b, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : 0;
}

static void add_claim(struct claims *claims, struct buf *key, struct buf *text,
		      const struct stats_ratio *ratio)
{
	claims->claims = xreallocarray(claims->claims, claims->nr + 1, sizeof(*claims->claims));
	claims->claims[claims->nr++] =
		(struct claim){ .key = buf_steal(key), .text = buf_steal(text), .ratio = *ratio };
}

static bool has_interval(const struct stats_ratio *r)
{
	return !isnan(r->ratio) && !isnan(r->low) && !isnan(r->high);
}

static int add_slowdown(struct claims *claims, struct store *s, const struct summary_cell *c,
			struct err *err)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	int rc = add_cell_key(&key, s, c, err);

	if (rc)
		return rc;
	add_cell_name(&text, c, c->column);
	buf_addf(&text, ": %s against ratio 1", c->result);
	add_claim(claims, &key, &text, &c->slowdown);
	return 0;
}

static int add_versus(struct claims *claims, struct store *s, const struct summary_cell *c,
		      const char *base, struct err *err)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	int rc = add_cell_key(&key, s, c, err);

	if (rc)
		return rc;
	buf_addf(&key, " %s", base);
	add_cell_name(&text, c, NULL);
	buf_addf(&text, ": %s of %s against %s", c->result, c->column, base);
	add_claim(claims, &key, &text, &c->versus);
	return 0;
}

int claims_load(struct store *s, struct claims *ret, struct err *err)
{
	static const struct summary_request by_backend = { .columns = "backend" };
	struct summary sum = { 0 };
	int rc = summary_make(s, &by_backend, &sum, err);

	for (size_t i = 0; i < sum.cells.nr && !rc; i++) {
		const struct summary_cell *c = &sum.cells.cells[i];

		if (c->ratio < 1 && has_interval(&c->slowdown))
			rc = add_slowdown(ret, s, c, err);
		if (!rc && has_interval(&c->versus))
			rc = add_versus(ret, s, c, sum.columns[0], err);
	}
	summary_release(&sum);
	return rc;
}

void claims_release(struct claims *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		free(c->claims[i].key);
		free(c->claims[i].text);
	}
	free(c->claims);
	*c = (struct claims){ 0 };
}

/* -1: faster, 1: slower, 0: the interval holds 1. */
static int direction(const struct stats_ratio *r)
{
	return r->low > 1 ? 1 : r->high < 1 ? -1 : 0;
}

static bool overlap(const struct stats_ratio *a, const struct stats_ratio *b)
{
	return a->low <= b->high && b->low <= a->high;
}

enum claim_verdict claim_judge(const struct stats_ratio *claimed, const struct stats_ratio *here)
{
	if (direction(claimed) == direction(here))
		return CLAIM_HOLDS;
	if (direction(claimed) == -direction(here) || !overlap(claimed, here))
		return CLAIM_FAILS;
	return CLAIM_UNDECIDED;
}

static const struct stats_ratio *find(const struct claims *c, const char *key)
{
	for (size_t i = 0; i < c->nr; i++) {
		if (strcmp(c->claims[i].key, key) == 0)
			return &c->claims[i].ratio;
	}
	return NULL;
}

static void add_ratio(struct table *t, const struct stats_ratio *r)
{
	if (r)
		table_addf(t, "%.2fx (%.2f to %.2f)", r->ratio, r->low, r->high);
	else
		table_add(t, NULL);
}

/* Whether it is as large here as claimed is said beside the verdict: sizes are a machine's. */
static void add_verdict(struct table *t, enum claim_verdict verdict,
			const struct stats_ratio *claimed, const struct stats_ratio *here)
{
	static const char *const words[] = {
		[CLAIM_HOLDS] = "holds",
		[CLAIM_FAILS] = "fails",
		[CLAIM_UNDECIDED] = "undecided",
		[CLAIM_NOT_MADE] = "not measured",
	};
	const char *size = "";

	if (verdict == CLAIM_HOLDS && !overlap(claimed, here))
		size = here->ratio > claimed->ratio ? ", larger here" : ", smaller here";
	table_addf(t, "%s%s", words[verdict], size);
}

void claims_print(const struct claims *claims, const struct claims *here,
		  size_t ret_nr[NR_CLAIM_VERDICTS], FILE *out)
{
	struct table t = TABLE_INIT(here ? 4 : 2);

	table_add(&t, "times slower");
	table_add(&t, "claimed (95 %)");
	if (here) {
		table_add(&t, "here (95 %)");
		table_add(&t, "verdict");
		memset(ret_nr, 0, NR_CLAIM_VERDICTS * sizeof(*ret_nr));
	}
	for (size_t i = 0; i < claims->nr; i++) {
		const struct claim *c = &claims->claims[i];
		const struct stats_ratio *r = here ? find(here, c->key) : NULL;
		enum claim_verdict verdict = r ? claim_judge(&c->ratio, r) : CLAIM_NOT_MADE;

		table_add(&t, c->text);
		add_ratio(&t, &c->ratio);
		if (!here)
			continue;
		ret_nr[verdict]++;
		add_ratio(&t, r);
		add_verdict(&t, verdict, &c->ratio, r);
	}
	table_print(&t, "  ", out);
	table_release(&t);
}
