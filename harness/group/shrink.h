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
	/* How the limit is set and local memory read: a group's files, or the backend's own way.
	 * -EBUSY from set_limit: not that far now, the old limit stands. */
	int (*set_limit)(void *arg, uint64_t bytes, struct err *err);
	int (*usage)(void *arg, uint64_t *ret_bytes, struct err *err);
	void *arg;
	const struct group *group;		 /* tells why memory does not leave; NULL: none */
	uint64_t limit_bytes;			 /* the end of it: a whole number of pages */
	uint64_t patience_ns;			 /* give up when usage has not sunk for so long */
	const struct backend *backend;		 /* where the pages go */
	int (*idle)(void *arg, struct err *err); /* called after each step; an error ends it */
	void *idle_arg;
};

/* 0: the limit stands, and usage is within 1 % of it. Else an error that says why memory stays. */
int shrink_run(const struct shrink *s, struct err *err);

/*
 * The limit stands; called ten times a second. The same error once swap has been full and the group
 * above its limit for patience_ns: v2 lets such a program sleep two seconds for each few pages, and
 * it would hardly ever end. *since_ns is the caller's, 0 at first.
 */
int shrink_watch(const struct shrink *s, uint64_t usage, uint64_t *since_ns, struct err *err);

#endif
