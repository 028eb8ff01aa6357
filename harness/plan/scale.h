/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One experiment at several sizes: an entry KEY@SCALE of its file counts at that scale only, and goes
 * before the plain KEY.
 */
#ifndef HARNESS_SCALE_H
#define HARNESS_SCALE_H

#include "base/err.h"
#include "base/inifile.h"

#define SCALES "tiny|small|full"

/* full where the machine has memory for it (64 GiB), else small. */
const char *scale_default(void);
/* Leaves what counts at the scale, one of SCALES. ERR_USAGE as "FILE:LINE: what; next step". */
int scale_apply(struct inifile *ini, const char *path, const char *scale, struct err *err);

#endif
