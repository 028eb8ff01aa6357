/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option of a workload that is an axis (workload.h: struct ladder): `-o rate=10k,20k` is a run for each
 * value, `-o rate=auto` finds the values by a run first.
 */
#ifndef HARNESS_AXIS_H
#define HARNESS_AXIS_H

#include <stdbool.h>

#include "harness/cli/choice.h"

struct axis {
	const struct cli *cli;
	struct choice *choice;
	const struct ladder *ladder; /* NULL: nothing of the kind was typed */
	size_t pair;		     /* which of cli->pairs */
	bool automatic;
	char **labels; /* owned; one for each of choice->params: "rate=10k"; NULL: one set alone */
	size_t nr_labels;
};

/* A parameter set of the choice's workload for each value that was typed; of auto the first run's. */
int axis_add_params(struct axis *a, const struct cli *cli, struct choice *c, struct err *err);
/* auto: one for each share of what that run has performed. */
int axis_add_ladder(struct axis *a, double performance, struct err *err);
void axis_release(struct axis *a);

static inline const char *axis_label(const struct axis *a, size_t set)
{
	return a->labels ? a->labels[set] : NULL;
}

#endif
