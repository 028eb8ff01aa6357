/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking local memory away: a group's limit is lowered until its memory is there, or until nothing
 * has moved for so long that it never will.
 */
#ifndef HARNESS_SHRINK_H
#define HARNESS_SHRINK_H

#include <stdint.h>

#include "base/err.h"
#include "harness/group/cgroup.h"

struct shrink {
	const struct group *group;
	uint64_t limit_bytes;			 /* the end of it: a whole number of pages */
	uint64_t patience_ns;			 /* give up when usage has not sunk for so long */
	const struct backend *backend;		 /* where the pages go */
	int (*idle)(void *arg, struct err *err); /* called after each step; an error ends it */
	void *idle_arg;
};

/* 0: the limit stands, and usage is within 1 % of it. Else an error that says why memory stays. */
int shrink_run(const struct shrink *s, struct err *err);

#endif
