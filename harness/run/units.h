/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units from files: where their files are, and what holds between them. */
#ifndef HARNESS_UNITS_H
#define HARNESS_UNITS_H

#include "base/err.h"

/*
 * Read *.ini of units/ and units/external/ of the tree (or of the installed share), of
 * ~/.config/fmbench/units, of each directory in FMBENCH_UNITS (separated by colons) and of dir (NULL:
 * none), into the tables and the list of base/unit.h. Starts nothing. ERR_USAGE with file and line. A second call does nothing.
 */
int units_load(const char *dir, struct err *err);

#endif
