/* SPDX-License-Identifier: GPL-2.0-or-later */
/* [backend NAME]: far memory of somebody else's, from a file (base/unit.h; doc/UNITS.md has the keys). */
#ifndef BACKEND_UNIT_H
#define BACKEND_UNIT_H

#include "base/unit.h"

/* Make a row of the section and add it to the table of backends. ERR_USAGE with file and line. */
int backend_unit_read(const char *name, const char *path, const struct ini_section *s,
		      struct err *err);

/*
 * Does this machine run the system that the file describes: the kernel that it names, the files that
 * tell it? False where the file names neither.
 */
bool backend_unit_is_here(const struct unit *u);

#endif
