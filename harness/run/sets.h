/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel settings for the time of a run: --set FILE=VALUE. FILE is below /proc/sys, as sysctl(8)
 * names it (vm.swappiness), or below /sys/kernel/mm (mm.lru_gen.enabled); its full path is the same.
 * The journal restores what was there.
 */
#ifndef HARNESS_SETS_H
#define HARNESS_SETS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/journal.h"
#include "base/result.h"
#include "harness/run/spec.h"

struct sets {
	struct set {
		char *name; /* "vm.swappiness" */
		char *path;
		char *value;
	} * rows; /* by name: equal settings, equal order */
	size_t nr;
};

/* From settings->set and what is short for one. ERR_USAGE: no such file can be meant. */
int sets_of(const struct run_settings *settings, struct sets *ret, struct err *err);
void sets_release(struct sets *sets);

/* Are the files there and may be written? Changes nothing. */
int sets_check(const struct run_settings *settings, struct err *err);
/*
 * Write each value and restore it at once, so that a value that the kernel refuses, or a file that
 * takes no old value back, is known before a run is made. The machine's lock is held.
 */
int sets_try(const struct run_settings *settings, const char *state_dir, struct err *err);
/* Write them, and add a fact set.NAME for each: what the file holds then. */
int sets_apply(const struct run_settings *settings, struct journal *j, struct facts *facts,
	       struct err *err);
/* ,"set.NAME":"VALUE" for each: part of a run's identity. */
void sets_json(const struct run_settings *settings, struct buf *b);

#endif
