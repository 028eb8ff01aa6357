/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Do the program's count of touches and the kernel's count of faults tell the same story? Every
 * touch is one fault, but for those of pages that the kernel had kept. How many these are is
 * known from looks into pagemap before a sample of the touches (loop.h), and from nothing else:
 * neither count is used to explain the other.
 */
#ifndef MICRO_TALLY_H
#define MICRO_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define TALLY_AGREEMENT 0.01

struct tally {
	uint64_t touched;      /* by the program */
	uint64_t major, minor; /* by the kernel (rusage) */
	uint64_t looked, near; /* touches looked at beforehand, and those whose page was there */
	bool twice;	       /* a touch may fault once more, for its write */
	/* Other threads bring the same pages: one may come between a look and its touch, and two
	 * that want it at once both fault, or wait. Touches bound major faults, and that is all. */
	bool shared;
};

/* Touches of pages that were there, by the looks: a share. */
double tally_near(const struct tally *t);
/* What that share may be off by: three standard errors. 0 where no page can have stayed. */
double tally_blur(const struct tally *t);

enum tally_verdict { TALLY_AGREES, TALLY_TOO_MANY_FAULTS, TALLY_TOO_FEW_FAULTS };

/* Within TALLY_AGREEMENT of the touches, and the blur. */
enum tally_verdict tally_judge(const struct tally *t);

#endif
