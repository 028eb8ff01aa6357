/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option rows of struct run_settings, for every command that makes runs. */
#ifndef HARNESS_RUN_OPTS_H
#define HARNESS_RUN_OPTS_H

#include "base/opt.h"
#include "harness/run.h"

#define RUN_SETTING(S, m, n, t, field, ...)                                                        \
	{                                                                                          \
		.name = n, .type = t, .offset = offsetof(S, m.field), __VA_ARGS__                  \
	}

/* clang-format off: a table is read by its columns */
#define RUN_SETTINGS_OPTS(S, m)                                                                               \
	RUN_SETTING(S, m, "duration", OPT_T_DURATION, duration_ns, .def = "10s", .min = 1e6,                  \
		    .max = 864e11, .arg = "TIME", .help = "the measure window of a service"),                 \
		RUN_SETTING(S, m, "warmup", OPT_T_DURATION, warmup_ns, .def = "3s", .min = 0,                 \
			    .max = 864e11, .arg = "TIME", .help = "before it, not counted"),                  \
		RUN_SETTING(S, m, "settle-timeout", OPT_T_DURATION, settle_ns, .def = "10s",                  \
			    .min = 1e6, .max = 864e11, .arg = "TIME",                                         \
			    .help = "how long shrinking may make no progress"),                               \
		RUN_SETTING(S, m, "sample-hz", OPT_T_U64, sample_hz, .def = "10", .min = 0,                   \
			    .max = 1000, .arg = "HZ",                                                         \
			    .help = "samples a second; 0: only at phase boundaries"),                         \
		RUN_SETTING(                                                                                  \
			S, m, "offload-reclaim", OPT_T_BOOL, offload,                                         \
			.help = "a thread on the reclaim CPU keeps the group at its limit (memory.reclaim)"), \
		RUN_SETTING(S, m, "reclaim-headroom", OPT_T_SIZE, headroom_bytes, .def = "8M",                \
			    .min = 1 << 16, .max = 1ull << 40, .arg = "SIZE",                                 \
			    .help = "how far memory.high stays above what the thread keeps"),                 \
		RUN_SETTING(S, m, "reclaim-step", OPT_T_SIZE, step_bytes, .def = "1M",                        \
			    .min = 4096, .max = 1ull << 30, .arg = "SIZE",                                    \
			    .help = "how much the thread asks for at once"),                                  \
		RUN_SETTING(S, m, "reclaim-cpu", OPT_T_STRING, reclaim_cpu, .def = "auto",                    \
			    .arg = "CPU",                                                                     \
			    .help = "a CPU no workload thread may use: a number, auto or none"),              \
		RUN_SETTING(S, m, "cpus", OPT_T_STRING, cpus, .arg = "LIST",                                  \
			    .help = "the workload's CPUs (default: chosen)"),                                 \
		RUN_SETTING(S, m, "client-cpus", OPT_T_STRING, client_cpus, .arg = "LIST",                    \
			    .help = "the load generator's CPUs (default: chosen)"),                           \
		RUN_SETTING(                                                                                  \
			S, m, "mem-node", OPT_T_STRING, mem_node, .arg = "NODE",                              \
			.help = "bind the workload's memory to this NUMA node (default: any)"),               \
		RUN_SETTING(                                                                                  \
			S, m, "page-cluster", OPT_T_STRING, page_cluster, .arg = "N",                         \
			.help = "read-ahead of up to 2^N pages while it runs (vm.page-cluster; root)"),       \
		RUN_SETTING(                                                                                  \
			S, m, "cgroup-root", OPT_T_STRING, cgroup_root, .arg = "GROUP",                       \
			.help = "make groups below this one (default: / for root, else the process's own)"),  \
		RUN_SETTING(S, m, "experiment", OPT_T_STRING, experiment, .arg = "NAME",                      \
			    .help = "a label stored with the runs")
/* clang-format on */

#endif
