// SPDX-License-Identifier: GPL-2.0-or-later
/* The user-space pager: may it use userfaultfd here, and how do pages leave? */
#include <unistd.h>

#include "backend/pager/uffd.h"
#include "harness/doctor/look.h"

void doctor_look_pager(const struct doctor *d, struct finding *f)
{
	struct err err = { 0 };
	int fd;

	if (doctor_captured())
		return; /* only the running kernel tells */
	fd = uffd_open(UFFD_EVENTS, &err);
	if (fd < 0) {
		found(f, d->backend ? VERDICT_PROBLEM : VERDICT_WARNING, "%s", err.msg);
		fix(f, "become root, give the capability, or boot Linux 5.7 or later; or use "
		       "--in-lab");
		return;
	}
	close(fd);
	if (uffd_can_move())
		found(f, VERDICT_OK, "userfaultfd, by right of %s; pages leave by UFFDIO_MOVE",
		      geteuid() == 0 ? "root" : "CAP_SYS_PTRACE");
	else
		found(f, VERDICT_OK,
		      "userfaultfd, by right of %s; pages are copied and discarded, one at a time: "
		      "no UFFDIO_MOVE before Linux 6.8",
		      geteuid() == 0 ? "root" : "CAP_SYS_PTRACE");
}
