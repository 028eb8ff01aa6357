/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What on this machine helps or spoils measuring far memory: all checks, and what mends them. */
#ifndef HARNESS_DOCTOR_H
#define HARNESS_DOCTOR_H

#include "base/journal.h"
#include "harness/doctor/look.h"

extern const char *const verdict_names[]; /* by enum verdict: "ok", "warning", "problem" */

struct check_group {
	const char *title;
	const struct check *checks; /* ended by one without a name */
};

extern const struct check_group doctor_groups[]; /* ended by one without a title */

void doctor_init(struct doctor *d, const struct backend *backend, const void *backend_params,
		 const char *dir);
/* Look, and fill in the fix that the check's settings give. */
void doctor_check(const struct doctor *d, const struct check *check, struct finding *f);

/* --- for --fix ------------------------------------------------------------------------------ */

/*
 * Write the settings of each check that has a warning or problem, journaled. What can't be written
 * is warned of and left; without the right to write at all: ERR_MISSING. *ret_nr: files changed.
 */
int doctor_fix(const struct doctor *d, struct journal *j, int *ret_nr, struct err *err);
/*
 * The same, then run argv on this terminal, then undo, whatever happens in between: signals go to
 * the command and are waited out, a janitor undoes when this process is killed. *ret_status: the
 * command's exit status, as a shell's $?.
 */
int doctor_fix_during(const struct doctor *d, char **argv, const char *state_dir, int *ret_status,
		      struct err *err);

#endif
