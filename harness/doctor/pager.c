// SPDX-License-Identifier: GPL-2.0-or-later
/* The user-space pager: may it use userfaultfd here, and how do pages leave? */
#include <unistd.h>

#include "backend/pager.h"
#include "harness/doctor/look.h"

void doctor_look_pager(const struct doctor *d, struct finding *f)
{
	struct err err = { 0 };
	bool moves;

	if (doctor_captured())
		return; /* only the running kernel tells */
	if (pager_look(&moves, &err) != 0) {
		found(f, d->backend ? VERDICT_PROBLEM : VERDICT_WARNING, "%s", err.msg);
		fix(f, "become root, give the capability, or boot Linux 5.7 or later; or use "
		       "--in-lab");
		return;
	}
	found(f, VERDICT_OK, "userfaultfd, by right of %s; pages %s",
	      geteuid() == 0 ? "root" : "CAP_SYS_PTRACE",
	      moves ? "leave by UFFDIO_MOVE"
		    : "are copied and discarded, one at a time: no UFFDIO_MOVE before Linux 6.8");
}
