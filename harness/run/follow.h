/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --show-output: what a run's programs print, as it comes. */
#ifndef HARNESS_FOLLOW_H
#define HARNESS_FOLLOW_H

#include <stddef.h>
#include <sys/types.h>

/* Which files of a directory were shown, and how far. All zero: none yet. */
struct follow {
	struct followed {
		char *name;
		off_t at;
	} * files;
	size_t nr;
};

/* Print to stderr what the files NAME.out, .err and .log in dir have beyond what was printed. */
void follow_look(struct follow *f, const char *dir);
void follow_release(struct follow *f);

#endif
