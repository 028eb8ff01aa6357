/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment: a file that says what to run, as the cells of a matrix. experiments/README.md
 * describes the file for those who write one.
 */
#ifndef HARNESS_EXPERIMENT_H
#define HARNESS_EXPERIMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
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

/*
 * scale: see scale.h; NULL: the machine's. Looks up everything that can be known without touching the machine: units, keys, values. Errors
 * are ERR_USAGE as "FILE:LINE: what; next step". Release it either way.
 */
int experiment_read(const char *path, const char *scale, struct experiment *e, struct err *err);
/* One of those that come with fmbench, by its name: "memaslap-ratio", "memaslap-ratio.ini",
 * "experiments/memaslap-ratio.ini"; those of papers by "dilos-ratios", too. False: there is none, or the word is a file that is there. */
bool experiment_find(const char *word, char *ret_path, size_t size);
/* Of those the one that a mistyped word means. False: none is near. */
bool experiment_near(const char *word, char *ret_name, size_t size);
void experiment_release(struct experiment *e);

#endif
