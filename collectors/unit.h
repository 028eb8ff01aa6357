/* SPDX-License-Identifier: GPL-2.0-or-later */
/* [collector NAME]: counters from a file (base/unit.h; doc/UNITS.md has the keys). */
#ifndef COLLECTORS_UNIT_H
#define COLLECTORS_UNIT_H

#include "base/unit.h"

/* Make a row of the section and add it to the table of collectors. ERR_USAGE with file and line. */
int collector_unit_read(const char *name, const char *path, const struct ini_section *s,
			struct err *err);

#endif
