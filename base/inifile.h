/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ini file as it stands: sections in order, each with its entries, everything with its line. Two
 * sections may have the same name. A line that begins with a blank continues the value above it.
 */
#ifndef BASE_INIFILE_H
#define BASE_INIFILE_H

#include <stddef.h>

#include "base/err.h"

struct ini_entry {
	char *key, *value;
	unsigned int line;
};

struct ini_section {
	char *name;
	unsigned int line;
	struct ini_entry *entries;
	size_t nr_entries;
};

struct inifile {
	struct ini_section *sections;
	size_t nr_sections;
};

/* ERR_USAGE as "FILE:LINE: what; next step". Release it either way. */
int inifile_read(const char *path, struct inifile *ini, struct err *err);
void inifile_release(struct inifile *ini);

const struct ini_entry *ini_section_find(const struct ini_section *s, const char *key);

#endif
