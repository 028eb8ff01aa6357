/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements against the store's database, for the files of results/ alone. */
#ifndef RESULTS_DB_H
#define RESULTS_DB_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/result.h"

/* SQL: a result of the whole run, not of one of its threads. These are many, and for the export of
 * results alone. */
#define OF_WHOLE_RUN "instr(name, '.') = 0"

/* More than a tick, or a workload's results, take turns with. */
#define NR_KEPT 16

struct store {
	sqlite3 *db;
	char *path;
	char *private_path; /* of a copy that is read instead, and removed at the end; NULL: none */
	sqlite3_stmt *kept[NR_KEPT]; /* prepared; the latest first */
	int reserve_fd;		     /* -1: none */
};

/* Turn SQLite's last error into a sentence that names the file and the next step. */
int db_fail(struct store *s, struct err *err);
/* The same for an errno of writing it. */
int db_fail_write(struct store *s, struct err *err, int errnum);

/*
 * Arguments for ?1, ?2, … by one letter each: i int64_t, u uint64_t (REAL above INT64_MAX),
 * z uint64_t where 0 means NULL, d double (NaN means NULL), t const char * (NULL means NULL).
 * Text must live until the statement is finalized or released, or the function that took them returns.
 */
int db_prepare(struct store *s, sqlite3_stmt **ret, struct err *err, const char *sql,
	       const char *types, ...);
/* In place of sqlite3_finalize(): a statement with arguments stays prepared for who asks next with the
 * same SQL. The functions below do so, too. */
void db_release(struct store *s, sqlite3_stmt *stmt);
/* Run to the end. Rows are thrown away. */
int db_run(struct store *s, struct err *err, const char *sql, const char *types, ...);
/* First column of the first row. -ENODATA (err untouched): no row, or NULL. */
int db_int(struct store *s, int64_t *ret, struct err *err, const char *sql, const char *types, ...);
/* The same of a query, as a number with a fraction. */
int db_double(struct store *s, double *ret, struct err *err, const char *sql, const char *types,
	      ...);
/* The first column of all rows, in place of what values hold. Free values->values. */
struct values {
	double *values;
	size_t nr;
};
int db_values(struct store *s, struct values *v, struct err *err, const char *sql,
	      const char *types, ...);
/* 1: a row, 0: no more, -errno. */
int db_step(struct store *s, sqlite3_stmt *stmt, struct err *err);

/* Close the connection, with the statements that were kept. */
void db_close(struct store *s);

/* Move a run's incoming samples to where they are found. Does nothing where there are none. */
int db_settle(struct store *s, int64_t run, struct err *err);

/* Facts as a JSON object. */
void db_add_facts(struct buf *b, const struct facts *facts);

#endif
