/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be known of a run before anything is touched. Nothing in here changes the machine. */
#ifndef HARNESS_CHECK_H
#define HARNESS_CHECK_H

#include <stdbool.h>

#include "base/err.h"
#include "harness/run/placement.h"
#include "harness/run/spec.h"

/* Every check() of workloads and backend, settings, CPUs, groups. ERR_USAGE or ERR_MISSING. */
int run_check(const struct run_spec *spec, struct err *err);

/* A placement for each job. */
int run_place(const struct run_spec *spec, struct placement *placements, struct err *err);
/* The group below which this run makes its own. ERR_MISSING: not allowed or not there. */
int run_find_root(const struct run_settings *s, char *root, size_t size, struct err *err);
/* Without far memory a group only counts: its lack is flagged, not fatal. */
bool run_needs_groups(const struct run_spec *spec);

#endif
