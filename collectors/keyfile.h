/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of lines "key value" (memory.stat, vmstat, cpu.stat …), read in one pass: the kernel prints
 * the same keys in the same order each time, so each line is first compared with the key that stood
 * there at open, and only looked up where that differs.
 */
#ifndef COLLECTORS_KEYFILE_H
#define COLLECTORS_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "collectors/collector.h"

enum keyfile_names {
	KEYFILE_NAMES,	 /* the file has the rows' names */
	KEYFILE_ALIASES, /* the file has the rows' aliases; a row without one is not in it */
};

/*
 * A key file is a void *, so that these serve as a collector's hooks as they stand. dir, name and
 * errors are keptfile_open()'s; keys outlive it.
 */
int keyfile_new(const char *dir, const char *name, const struct collector_key *keys, size_t nr_keys,
		enum keyfile_names names, void **ret, struct err *err);

/* Sets have[i], and values[i] where it is true, for every key. A value that is no number of 64 bits
 * is absent. Returns 0 or -errno. */
int keyfile_read(void *keyfile, uint64_t *values, bool *have);
void keyfile_free(void *keyfile);

#endif
