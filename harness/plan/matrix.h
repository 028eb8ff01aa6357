/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runs of one command. A cell is one run to make; cells that share a round (repeat) are made
 * in random order, rounds one after the other. Where a ratio needs a peak that is neither stated
 * nor known, a run at ratio 1 comes first: an ordinary run, which serves as the baseline too.
 */
#ifndef HARNESS_MATRIX_H
#define HARNESS_MATRIX_H

#include "harness/run/session.h"
#include "harness/run/spec.h"
#include "results/export.h"
#include "results/store.h"

struct cell {
	const struct workload *workload;
	const void *workload_params;
	char *const *argv;
	const struct backend *backend;
	const void *backend_params;
	const struct run_settings *settings; /* NULL: the matrix's */
	const char *label;		     /* what else tells it from others; NULL: nothing */
	double ratio;
	int repeat; /* from 1 */

	/* Found out on the way: zeroed by who adds it. */
	size_t place;	     /* in the order they were added */
	long draw;	     /* its lot in its round */
	const char *missing; /* why this machine can't run it; NULL: it can */
	int64_t run;	     /* made: its run, of this command or (resume) an earlier one */
	uint64_t peak_bytes; /* 0: not known */
	bool peak_first;     /* a run of no cell comes before it, at ratio 1, to find its peak */
	double expected_s;   /* 0: not known */
	bool at_least;	     /* expected_s has nothing in it for load and shrink */
	double measure_s;    /* made by this command: its measure phase; else 0 */
	bool warm;	     /* its warm-up runs were made */
};

struct matrix {
	const char *line; /* the command as typed */
	const char *db_path, *state_dir;
	const char *config; /* the user's defaults, as text; NULL: none */
	const char *fit;    /* fact `fit` of the runs (results/profile.h); NULL: none */
	const struct run_settings *settings;
	uint64_t seed;
	uint64_t peak_bytes; /* stated by the user, else 0 */
	bool recalibrate;
	bool resume;	   /* what an earlier command has made is not made again (plan.h) */
	bool skip_missing; /* leave out what this machine can't run, rather than refuse */
	bool summary;	   /* the closing table has a row a cell rather than a row a run */
	bool verbose;	   /* single runs all the same, before it */
	/* All cells were made: matrix_add() more of them, or none to end. NULL: there are no more. */
	int (*more)(struct matrix *m, struct store *store, struct err *err);
	void *more_arg;
	struct cell *cells; /* owned; what they point to is not */
	size_t nr_cells;
	char **missing; /* owned: the reasons that cells point to */
	size_t nr_missing;
};

void matrix_add(struct matrix *m, const struct cell *cell);
void matrix_release(struct matrix *m);
/* The order in which they are made: each round shuffled by the seed. */
void matrix_shuffle(struct matrix *m);
/*
 * Can they run here? Changes nothing on the machine. What is missing goes to cell->missing;
 * anything else is an error.
 */
int matrix_check(struct matrix *m, struct err *err);
/* The same workload, backend and settings, both below ratio 1 or both at it: what one lacks the other
 * lacks, too. */
bool cell_same_needs(const struct cell *a, const struct cell *b);
/* The reason as the matrix's own text. */
const char *matrix_keep_reason(struct matrix *m, const char *reason);
/* Says, before anything is made, that so few repeats will get no verdict. */
void matrix_warn_repeats(uint64_t repeats);
/*
 * Make them, then print the closing table to stdout. *ret_code is the exit code of the worst run;
 * a failure of the whole (-errno, err filled) outweighs it.
 */
int matrix_run(struct matrix *m, enum export_format format, int *ret_code, struct err *err);

/* The run that a cell stands for. *job is the caller's, and must live as long as the spec. */
struct run_spec matrix_spec(const struct matrix *m, const struct cell *cell, struct job_spec *job);

#endif
