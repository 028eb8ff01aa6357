// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "harness/run/judge.h"

/* Of the CPUs that it was given: from here on a load generator has no more to give. */
#define SATURATED 0.95
/* Requests that one with a schedule may send late, of all. */
#define LATE_SHARE 0.01

/* It looks for answers until the next request is due, and so has no idle time to tell by. */
static bool keeps_its_schedule(const struct results *r)
{
	const struct result *late = results_find(r, "late");

	return late && late->value <= LATE_SHARE;
}

/*
 * A load generator at its limit asks for less than the server could answer. It can use no more CPUs
 * than it has threads. Where the server is at its limit as well, that is what was measured.
 */
void judge_client(const struct flag_input *in, struct results *r)
{
	double client_us, server_us = 0, client_cpus = CPU_COUNT(&in->placement->client);
	double client, server;

	if (!in->fills_limit || !(in->window_us > 0) || keeps_its_schedule(r) ||
	    !seen_measured(in, "cgroup_cpu", "client_usage_usec", &client_us))
		return;
	seen_measured(in, "cgroup_cpu", "usage_usec", &server_us);
	if (in->client_threads)
		client_cpus = fmin(client_cpus, in->client_threads);
	client = client_us / in->window_us / client_cpus;
	server = server_us / in->window_us / CPU_COUNT(&in->placement->workload);
	if (client < SATURATED || server >= SATURATED)
		return;
	results_flag(
		r, "CLIENT_BOUND", SEVERITY_WARNING,
		"the load generator used %.0f %% of its %.0f CPU(s), the server %.0f %% of its "
		"%d: the client was measured, not the server (more threads of the client, or "
		"more --client-cpus)",
		100 * client, client_cpus, 100 * server, CPU_COUNT(&in->placement->workload));
}
