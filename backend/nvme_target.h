/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An NVMe target of the kernel's own, on this machine: one subsystem with one namespace, behind one port
 * (nvmet's configfs; blktests' tests/nvme/rc is the example). All journaled.
 */
#ifndef BACKEND_NVME_TARGET_H
#define BACKEND_NVME_TARGET_H

#include <stdint.h>

#include "base/err.h"
#include "base/journal.h"

struct nvme_target {
	const char *transport; /* "loop", "tcp", "rdma" */
	const char *nqn;
	const char *device;  /* the namespace's pages are there */
	const char *address; /* NULL for loop */
	unsigned int port;   /* of the transport's service; 0 for loop */
};

/* The modules of nvmet are loaded already. */
int nvme_target_up(const struct nvme_target *t, struct journal *j, struct err *err);
/* A port that nobody listens on at that address now. */
int nvme_target_port(const char *address, unsigned int *ret_port, struct err *err);

#endif
