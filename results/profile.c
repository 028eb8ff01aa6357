// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "results/db.h"

EMBED(profile_sql, "results/profile.sql");
EMBED(profile_life_sql, "results/profile_life.sql");

int profile_mark(struct store *s, int64_t run, const char *fit, struct err *err)
{
	struct facts facts;
	int rc;

	facts_init(&facts);
	facts_set(&facts, PROFILE_FACT, "%s", fit);
	rc = store_run_facts(s, run, &facts, err);
	facts_release(&facts);
	return rc;
}

/* Of a list such as "0-3,6". */
static unsigned int count_cpus(const char *list)
{
	unsigned int nr = 0, first, last;

	for (; list && *list; list += strspn(list, ",")) {
		int fields = sscanf(list, "%u-%u", &first, &last);

		nr += fields == 2 && last >= first ? last - first + 1 : fields >= 1;
		list += strcspn(list, ",");
	}
	return nr;
}

static int find_life(struct store *s, int64_t run, struct life *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, profile_life_sql, "i", run);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		unsigned int cpus = count_cpus((const char *)sqlite3_column_text(stmt, 5));

		ret->points = xreallocarray(ret->points, ret->nr + 1, sizeof(*ret->points));
		ret->points[ret->nr++] = (struct life_point){
			.ratio = sqlite3_column_double(stmt, 0),
			.load_s = sqlite3_column_double(stmt, 1),
			.load_cpu_s = sqlite3_column_double(stmt, 2),
			.work_s = sqlite3_column_double(stmt, 3),
			.work_cpu_s = sqlite3_column_double(stmt, 4),
		};
		ret->cpus = cpus > ret->cpus ? cpus : ret->cpus;
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* A run's phases, as one point of a life. */
static int life_of(struct store *s, int64_t run, struct life_point *ret, struct err *err)
{
	struct life life = { 0 };
	int rc = find_life(s, run, &life, err);

	if (!rc && life.nr)
		*ret = life.points[life.nr - 1];
	free(life.points);
	return rc || life.nr ? rc : -ENODATA;
}

/* The newest that has a baseline: itself, if it may be one. */
static int newest_baseline(struct store *s, const char *workload, const char *workload_params,
			   struct store_baseline *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int found = -ENODATA;
	int rc = db_prepare(
		s, &stmt, err,
		"SELECT id, job FROM run_job WHERE workload = ?1 AND workload_params = ?2"
		" AND ratio = 1 ORDER BY id DESC",
		"tt", workload, workload_params);

	if (rc)
		return rc;
	while (found == -ENODATA && (rc = db_step(s, stmt, err)) > 0)
		found = store_baseline(s, sqlite3_column_int64(stmt, 0),
				       sqlite3_column_int64(stmt, 1), ret, err);
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : found;
}

int profile_alone(struct store *s, const char *workload, const char *workload_params,
		  struct life_point *ret, uint64_t *ret_peak_bytes, struct err *err)
{
	struct store_baseline base;
	int rc = newest_baseline(s, workload, workload_params, &base, err);

	if (!rc)
		rc = life_of(s, base.run, ret, err);
	if (!rc)
		*ret_peak_bytes = base.peak_bytes;
	return rc;
}

int profile_find(struct store *s, const struct profile_key *key, struct profile *ret,
		 struct err *err)
{
	struct fit_point *runs = NULL;
	struct profile found = { 0 };
	sqlite3_stmt *stmt;
	size_t nr = 0;
	int rc = db_prepare(s, &stmt, err, profile_sql, "tttz", key->workload, key->workload_params,
			    key->backend, (uint64_t)key->machine);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		int repeat = sqlite3_column_int(stmt, 2);

		runs = xreallocarray(runs, nr + 1, sizeof(*runs));
		runs[nr++] = (struct fit_point){ sqlite3_column_double(stmt, 0),
						 sqlite3_column_double(stmt, 1) };
		found.repeats = repeat > found.repeats ? repeat : found.repeats;
		found.run = sqlite3_column_int64(stmt, 3);
		found.age_s = fmax(sqlite3_column_double(stmt, 4), 0);
		found.peak_bytes = (uint64_t)sqlite3_column_int64(stmt, 5);
	}
	sqlite3_finalize(stmt);
	if (!rc && !nr)
		rc = -ENODATA;
	if (!rc)
		rc = find_life(s, found.run, &found.life, err);
	if (!rc) {
		curve_fit(runs, nr, &found.curve);
		*ret = found;
	} else {
		free(found.life.points);
	}
	free(runs);
	return rc;
}

void profile_release(struct profile *p)
{
	curve_release(&p->curve);
	free(p->life.points);
	p->life = (struct life){ 0 };
}
