/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a section's axes to cells: every combination of their values. */
#ifndef HARNESS_CELLS_H
#define HARNESS_CELLS_H

#include "harness/plan/section.h"

/* Adds them to the section's experiment. */
int cells_of_section(struct section *s, struct err *err);

#endif
