/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client of workload kv: an open loop. When a request is to be sent is drawn beforehand and does not
 * depend on answers, and its latency counts from that instant, so that a server that stalls is seen to
 * stall by all who would have come meanwhile. (In a closed loop nobody comes, and the stall is one
 * sample.) See Tene: How NOT to measure latency; Schroeder et al.: Open versus closed, NSDI 2006.
 *
 * Each thread has its share of the connections, of the rate and of the keys that are set; requests take the
 * connections in turns and do not wait for each other, but for the server, which answers a connection in
 * order. A key is set by one connection only: so it is known which versions a get may find.
 */
#ifndef WORKLOADS_KV_CLIENT_H
#define WORKLOADS_KV_CLIENT_H

#include "workloads/kv/config.h"
#include "workloads/worker.h"

/* Fills the server, waits for go, asks until it is told to stop, and reports. An exit status. */
int kv_client_run(const struct kv_config *config, struct worker *worker);

#endif
