// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "results/db.h"

EMBED(profile_sql, "results/profile.sql");

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
	if (!rc) {
		curve_fit(runs, nr, &found.curve);
		*ret = found;
	}
	free(runs);
	return rc;
}

void profile_release(struct profile *p)
{
	curve_release(&p->curve);
}
