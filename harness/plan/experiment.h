/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment: a file that says what to run, as the cells of a matrix. experiments/README.md
 * describes the file for those who write one.
 */
#ifndef HARNESS_EXPERIMENT_H
#define HARNESS_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "harness/plan/matrix.h"

struct experiment {
	char *name, *question, *figure; /* question and figure: NULL where the file has none */
	const char *scale;		/* static, or the caller's */
	uint64_t repeat, seed;
	struct cell *cells; /* in the order of the file, repeats of one side by side */
	size_t nr_cells;
	/* What cells point to: equal parameters are one set. */
	struct parameter_set {
		const struct opt *opts;
		void *values;
		char *json;
	} * sets;
	size_t nr_sets;
	char ***commands;
	size_t nr_commands;
	char **labels;
	size_t nr_labels;
};

/* The keys of [experiment] that are no settings of its runs. */
extern const struct opt experiment_opts[];

/*
 * In experiment_read.c. scale: see scale.h; NULL: the machine's. Looks up everything that can be known
 * without touching the machine: units, keys, values. Errors are ERR_USAGE as "FILE:LINE: what; next
 * step". Release it either way.
 */
int experiment_read(const char *path, const char *scale, struct experiment *e, struct err *err);
/* One of those that come with fmbench, by its name: "memaslap-ratio", "memaslap-ratio.ini",
 * "experiments/memaslap-ratio.ini"; those of papers by "dilos-ratios", too. False: there is none, or the word is a file that is there. */
bool experiment_find(const char *word, char *ret_path, size_t size);
/* Of those the one that a mistyped word means. False: none is near. */
bool experiment_near(const char *word, char *ret_name, size_t size);
void experiment_release(struct experiment *e);

/* While it is read. All of them keep what cells point to. */
/* Takes values; returns those of an equal set where there is one. */
const void *experiment_keep_set(struct experiment *e, const struct opt *opts, void *values);
/* A line of the user's goes to a shell, as it would when typed. */
char *const *experiment_keep_command(struct experiment *e, const char *line);
/* Takes label. */
const char *experiment_keep_label(struct experiment *e, char *label);
/* One cell a repeat. */
int experiment_add(struct experiment *e, const struct cell *cell, struct err *err);

#endif
