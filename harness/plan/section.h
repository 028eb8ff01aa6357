/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A section [run WORKLOAD] or [micro NAME] of an experiment's file: what it runs, and its axes. */
#ifndef HARNESS_SECTION_H
#define HARNESS_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/backend.h"
#include "base/err.h"
#include "base/inifile.h"
#include "base/opt.h"
#include "harness/plan/experiment.h"
#include "harness/plan/ratios.h"
#include "harness/plan/words.h"
#include "harness/run/spec.h"
#include "workloads/workload.h"

/* Those of a run: --KEY of `fmbench run`. */
struct settings {
	struct run_settings run;
};
extern const struct opt setting_opts[];

/* One key of a section, and the values it takes in turn. */
struct axis {
	const struct ini_entry *entry;
	const struct opt *opts, *opt;  /* NULL: the user's command */
	const struct backend *backend; /* whose option it is, or NULL */
	struct words values;
	size_t at; /* the value whose turn it is */
};

/* A section while cells are made of it. */
struct section {
	struct experiment *e;
	const char *path;
	const struct ini_section *ini;
	const struct workload *unit;
	bool micro;
	struct ratios ratios;
	const struct backend **backends;
	size_t nr_backends;
	struct axis *axes;
	size_t nr_axes;
};

/* head: [experiment], whose settings hold for every section that does not set them itself. Release it
 * either way. */
int section_read(struct section *s, const struct ini_section *head, struct err *err);
void section_release(struct section *s);

/* FILE of a key set.FILE, or NULL. */
const char *section_set_file(const char *key);
/* The label is the experiment's name: not a setting of the file. A kernel setting is a key each. */
const struct opt *section_setting(const char *key);
/* more: names beside those of opts and the settings, ended by NULL. */
int section_unknown_key(const char *where, const char *key, const struct opt *opts,
			const char *const *more, struct err *err);
/* Put "FILE:LINE: " before err. */
int section_fail_at(const char *path, unsigned int line, struct err *err);

#endif
