/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store of a memaslap run: how large it is, and how it is filled and the client held. */
#ifndef WORKLOADS_MEMASLAP_FILL_H
#define WORKLOADS_MEMASLAP_FILL_H

#include "workloads/memaslap_client.h"

/* How many objects, and how much store they may use: known once the server has told what one object
 * takes. */
int memaslap_size_store(struct memaslap *m, const struct memaslap_params *p, struct err *err);
/* Start the client, and stop it (SIGSTOP) once the store is full. */
int memaslap_load(struct workload_ctx *ctx, struct err *err);

#endif
