/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a database claims, and whether another one bears it out. A claim is a ratio with its interval: a
 * cell against its runs at ratio 1, or one backend against another. Times are no claims: another
 * machine has others.
 */
#ifndef RESULTS_CLAIMS_H
#define RESULTS_CLAIMS_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/stats.h"
#include "results/store.h"

struct claim {
	char *key;		  /* the same of the same cell in any database */
	char *text;		  /* "quicksort on zram at 0.5: times slower than at ratio 1" */
	struct stats_ratio ratio; /* with an interval; above 1 is slower */
};

struct claims {
	struct claim *claims;
	size_t nr;
};

enum claim_verdict {
	CLAIM_HOLDS, /* both say slower, or both faster, or neither can tell a difference */
	CLAIM_FAILS, /* this one says the opposite, or a difference of quite another size from none */
	CLAIM_UNDECIDED, /* the interval here is too wide, or only touches the claimed one */
	CLAIM_NOT_MADE,	 /* nothing was measured here that could tell */
	NR_CLAIM_VERDICTS,
};

/* Of all sound runs. A cell of which one run is known claims nothing. No run: no claim. */
int claims_load(struct store *s, struct claims *ret, struct err *err);
void claims_release(struct claims *c);

enum claim_verdict claim_judge(const struct stats_ratio *claimed, const struct stats_ratio *here);
/* A row a claim. here NULL: the claims alone. ret_nr: how many of each verdict; NULL with here NULL. */
void claims_print(const struct claims *claims, const struct claims *here,
		  size_t ret_nr[NR_CLAIM_VERDICTS], FILE *out);

#endif
