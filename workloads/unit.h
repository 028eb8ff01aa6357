/* SPDX-License-Identifier: GPL-2.0-or-later */
/* [workload NAME]: a workload from a file (base/unit.h; doc/UNITS.md has the keys). */
#ifndef WORKLOADS_UNIT_H
#define WORKLOADS_UNIT_H

#include "base/unit.h"

/*
 * Make a row of the section and add it to the table of workloads. ERR_USAGE with
 * file and line.
 */
int workload_unit_read(const char *name, const char *path, const struct ini_section *s,
		       struct err *err);

#endif
