/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local ratios as they are typed: 0.5 or 50%, above 0 and at most 1. */
#ifndef HARNESS_RATIOS_H
#define HARNESS_RATIOS_H

#include <stddef.h>

#include "base/err.h"

struct ratios {
	double *values; /* owned */
	size_t nr;
};

int ratio_parse(const char *text, double *ret, struct err *err);
/* "1,0.5,25%": an empty item is an error. Release it either way. */
int ratios_parse(const char *list, struct ratios *r, struct err *err);
void ratios_add(struct ratios *r, double ratio);
void ratios_release(struct ratios *r);

#endif
