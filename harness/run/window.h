/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The phases warmup and measure. The window of a service has a length; that of a batch program is its
 * life, or what is left of it after its load phase. With both the window ends when both have. A LOOP has
 * phases of its own.
 */
#ifndef HARNESS_WINDOW_H
#define HARNESS_WINDOW_H

#include "harness/run/state.h"

int window_measure(struct run *r, struct err *err);

#endif
