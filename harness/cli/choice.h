/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what was typed to units and their parameters: one workload, several backends. */
#ifndef HARNESS_CHOICE_H
#define HARNESS_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/backend.h"
#include "base/err.h"
#include "harness/cli/command.h"
#include "workloads/workload.h"

struct choice {
	const struct workload *workload;
	void **params; /* parameter sets of the workload, owned */
	size_t nr_params;
	struct choice_backend {
		const struct backend *backend;
		void *params; /* owned */
	} * backends;
	size_t nr_backends;
};

/* Option rows of what makes several runs. S has members backend, repeat, seed, dry_run and
 * skip_missing. */
/* clang-format off */
#define CHOICE_OPTS(S) \
	OPT_STRING("backend", S, backend, "auto", \
		   "where far memory is, one or several; `fmbench list backends`", .arg = "LIST"), \
	OPT_U64("repeat", S, repeat, "1", 1, 10000, \
		"runs of each, interleaved in random order", .arg = "N"), \
	OPT_U64("seed", S, seed, "1", 0, 9e18, \
		"of the workload and of the order of runs", .arg = "N"), \
	OPT_BOOL("dry-run", S, dry_run, NULL, \
		 "check and list the runs in their order and the time they take; make none", \
		 .letter = 'n'), \
	OPT_BOOL("skip-missing", S, skip_missing, NULL, \
		 "leave out what this machine lacks the backend, program or option for")
/* clang-format on */

/* The one that the line names, or `-- COMMAND` as workload command. */
int choice_workload(struct choice *c, const struct cli *cli, struct err *err);
/* list: names with commas, or "auto": the first that works, or none where nothing need be far. */
int choice_backends(struct choice *c, const char *list, bool needs_far, struct err *err);
/*
 * A parameter set of the workload from the -o pairs: key=value is the workload's, NAME.key=value
 * backend NAME's. The first call sets the backends' parameters, too. *ret stays the choice's.
 */
int choice_add_params(struct choice *c, const struct cli *cli, void **ret, struct err *err);
void choice_release(struct choice *c);

#endif
