/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option rows of struct run_settings, for every command that makes runs. S: the struct that
 * has one, m: its name in there. */
#ifndef HARNESS_RUN_OPTS_H
#define HARNESS_RUN_OPTS_H

#include "base/opt.h"
#include "harness/run/spec.h"

#define RUN_LONGEST 864e11 /* a day */

/* clang-format off */
#define RUN_SETTINGS_OPTS(S, m) \
	OPT_DURATION("duration", S, m.duration_ns, "10s", 1e6, RUN_LONGEST, \
		     "the measure window of a service", .arg = "TIME"), \
	OPT_DURATION("warmup", S, m.warmup_ns, "auto", 0, RUN_LONGEST, \
		     "before it, not counted; auto: until rates hold still, for at most three " \
		     "times the window (and 30s)", .arg = "TIME", .word = "auto"), \
	OPT_DURATION("settle-timeout", S, m.settle_ns, "10s", 1e6, RUN_LONGEST, \
		     "how long shrinking may make no progress", .arg = "TIME"), \
	OPT_U64("sample-hz", S, m.sample_hz, "10", 0, 1000, \
		"samples a second; 0: only at phase boundaries", .arg = "HZ"), \
	OPT_BOOL("offload-reclaim", S, m.offload, NULL, \
		 "a thread on the reclaim CPU keeps the group at its limit (memory.reclaim)"), \
	OPT_SIZE("reclaim-headroom", S, m.headroom_bytes, "8M", 1 << 16, 1ull << 40, \
		 "how far memory.high stays above what the thread keeps", .arg = "SIZE"), \
	OPT_SIZE("reclaim-step", S, m.step_bytes, "1M", 4096, 1ull << 30, \
		 "how much the thread asks for at once", .arg = "SIZE"), \
	OPT_STRING("reclaim-cpu", S, m.reclaim_cpu, "auto", \
		   "a CPU no workload thread may use: a number, auto or none", .arg = "CPU"), \
	OPT_STRING("cpus", S, m.cpus, NULL, \
		   "the workload's CPUs (default: chosen)", .arg = "LIST"), \
	OPT_STRING("client-cpus", S, m.client_cpus, NULL, \
		   "the load generator's CPUs (default: chosen)", .arg = "LIST"), \
	OPT_STRING("mem-node", S, m.mem_node, NULL, \
		   "bind the workload's memory to this NUMA node (default: any)", .arg = "NODE"), \
	OPT_STRING("set", S, m.set, NULL, \
		   "a kernel setting while it runs, such as vm.swappiness=10 or " \
		   "mm.lru_gen.enabled=n; again for more", \
		   .arg = "FILE=VALUE", .lines = true), \
	OPT_STRING("page-cluster", S, m.page_cluster, NULL, \
		   "read-ahead of up to 2^N pages: --set vm.page-cluster=N", \
		   .arg = "N"), \
	OPT_STRING("cgroup-root", S, m.cgroup_root, NULL, \
		   "make groups below this one (default: / for root, else the process's own)", \
		   .arg = "GROUP"), \
	OPT_STRING("prepare", S, m.prepare, NULL, \
		   "a shell command before each run, not counted", .arg = "COMMAND"), \
	OPT_STRING("cleanup", S, m.cleanup, NULL, \
		   "a shell command after each run, however it went", .arg = "COMMAND"), \
	OPT_U64("warmup-runs", S, m.warmup_runs, "0", 0, 1000, \
		"runs of each kind that come first and are thrown away", .arg = "N"), \
	OPT_BOOL("show-output", S, m.show_output, NULL, \
		 "print what the programs of a run print, on standard error"), \
	OPT_STRING("experiment", S, m.experiment, NULL, \
		   "a label stored with the runs", .arg = "NAME")
/* clang-format on */

#endif
