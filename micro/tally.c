// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/tally.h"

#include <math.h>

double tally_near(const struct tally *t)
{
	return t->looked ? (double)t->near / (double)t->looked : 0;
}

double tally_blur(const struct tally *t)
{
	/* Agresti and Coull (1998): two more of either kind, so that none found is not none. */
	double n = (double)t->looked + 4, p = ((double)t->near + 2) / n;

	return t->looked ? 3 * sqrt(p * (1 - p) / n) : 0;
}

enum tally_verdict tally_judge(const struct tally *t)
{
	double touched = (double)t->touched, far = touched * (1 - tally_near(t));
	double slack = touched * (TALLY_AGREEMENT + tally_blur(t));
	double major = (double)t->major, faults = major + (double)t->minor;

	if ((t->twice || t->shared ? major : faults) > far + slack)
		return TALLY_TOO_MANY_FAULTS;
	return !t->shared && faults < far - slack ? TALLY_TOO_FEW_FAULTS : TALLY_AGREES;
}
