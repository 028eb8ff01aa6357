/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run: a workload, a backend, a ratio. run.c is the whole of a run's life. */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include "base/err.h"
#include "harness/run/outcome.h"
#include "harness/run/session.h"
#include "harness/run/spec.h"

/*
 * Make it. Returns 0 when it was made to its end (ok or untrusted), -errno with the reason when it
 * failed: then it is recorded as failed, and the machine is as before all the same. -EINTR: the
 * user wants no more.
 */
int run_execute(struct session *s, const struct run_spec *spec, struct run_outcome *outcome,
		struct err *err);

/* The same, and nothing of it is kept. */
int run_throw_away(struct session *s, const struct run_spec *spec, struct err *err);

#endif
