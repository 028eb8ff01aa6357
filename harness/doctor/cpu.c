// SPDX-License-Identifier: GPL-2.0-or-later
/* Processors: how many, how steady, and who else is on them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/sysfile.h"
#include "harness/doctor/look.h"

#define CPU		 "/sys/devices/system/cpu"
#define CORES_WANTED	 4 /* workload, load generator, sampler, reclaim */
#define WATCH_NS	 (200 * NSEC_PER_MSEC)
#define STEAL_TOLERABLE	 0.01
#define OTHERS_TOLERABLE 0.10

static void look_machine(const struct doctor *d, struct finding *f)
{
	const char *accel = doctor_in_lab() ? getenv("FMLAB_ACCEL") : NULL;
	char model[128] = "processor of unknown make";

	(void)d;
	doctor_value_of("/proc/cpuinfo", "model name", model, sizeof(model));
	if (accel && strcmp(accel, "tcg") == 0) {
		found(f, VERDICT_WARNING, "emulated, in the lab guest");
		fix(f, "compare within one guest only, or count instructions with --lab '--exact "
		       "--mem 3G'");
	} else if (doctor_has_word("/proc/cpuinfo", "hypervisor")) {
		found(f, VERDICT_WARNING, "a virtual machine (%s)", model);
		fix(f, "quote ratios rather than times, or measure on bare metal");
	} else {
		found(f, VERDICT_OK, "%s", model);
	}
}

static void note_core(const char *path, void *arg)
{
	struct buf *cores = arg;
	char siblings[256];

	if (sysfile_read_line(path, siblings, sizeof(siblings)) != 0)
		return;
	strcat(siblings, "\n");
	/* Threads of one core name the same list of siblings. */
	for (const char *at = cores->data; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, siblings, strlen(siblings)) == 0)
			return;
	}
	buf_adds(cores, siblings);
}

static void look_cores(const struct doctor *d, struct finding *f)
{
	struct buf cores = BUF_INIT;
	size_t nr = 0;

	(void)d;
	doctor_each_file(CPU "/cpu[0-9]*/topology/thread_siblings_list", note_core, &cores);
	for (const char *at = cores.data; at && (at = strchr(at, '\n')); at++)
		nr++;
	if (nr >= CORES_WANTED) {
		found(f, VERDICT_OK, "%zu: the last one is kept for reclaim", nr);
	} else if (nr) {
		found(f, VERDICT_WARNING,
		      "%zu: workload, load generator, sampler and reclaim must share", nr);
		if (doctor_in_lab())
			fix(f, "--lab '--cpus %d', or --reclaim-cpu none", CORES_WANTED);
		else
			fix(f, "use a machine with %d cores or more, or --reclaim-cpu none",
			    CORES_WANTED);
	}
	buf_release(&cores);
}

static void note_governor(const char *path, void *arg)
{
	char *odd = arg, governor[32];

	if (sysfile_read_line(path, governor, sizeof(governor)) == 0 &&
	    strcmp(governor, "performance") != 0)
		strcpy(odd, governor);
}

static void look_governor(const struct doctor *d, struct finding *f)
{
	char odd[32] = "";

	(void)d;
	if (!doctor_each_file(CPU "/cpufreq/policy*/scaling_governor", note_governor, odd))
		found(f, VERDICT_OK, "none: the kernel does not set the clock rate here");
	else if (odd[0])
		found(f, VERDICT_WARNING, "%s", odd);
	else
		found(f, VERDICT_OK, "performance");
}

static void look_turbo(const struct doctor *d, struct finding *f)
{
	uint64_t off, on;

	(void)d;
	if (sysfile_read_u64(CPU "/intel_pstate/no_turbo", &off) == 0)
		found(f, off ? VERDICT_OK : VERDICT_WARNING, "%s", off ? "off" : "on");
	else if (sysfile_read_u64(CPU "/cpufreq/boost", &on) == 0)
		found(f, on ? VERDICT_WARNING : VERDICT_OK, "%s", on ? "on" : "off");
	else
		found(f, VERDICT_OK, "none that the kernel could set");
}

static void look_smt(const struct doctor *d, struct finding *f)
{
	uint64_t active;

	(void)d;
	if (sysfile_read_u64(CPU "/smt/active", &active) != 0)
		return;
	if (!active) {
		found(f, VERDICT_OK, "off");
		return;
	}
	found(f, VERDICT_WARNING, "on");
	fix(f, "echo off > " CPU "/smt/control, or boot with nosmt");
}

static void look_mitigations(const struct doctor *d, struct finding *f)
{
	char meltdown[128];

	(void)d;
	if (sysfile_read_line(CPU "/vulnerabilities/meltdown", meltdown, sizeof(meltdown)) != 0)
		return;
	if (strstr(meltdown, "Mitigation: PTI")) {
		found(f, VERDICT_WARNING, "page table isolation (PTI) is on");
		fix(f, "boot with pti=off where nobody else uses the machine, or keep it and say "
		       "so");
	} else if (doctor_has_word("/proc/cmdline", "mitigations=off")) {
		found(f, VERDICT_OK, "no PTI, all mitigations are off");
	} else {
		found(f, VERDICT_OK, "no PTI (meltdown: %s)", meltdown);
	}
}

static void look_clock(const struct doctor *d, struct finding *f)
{
	bool invariant = doctor_has_word("/proc/cpuinfo", "constant_tsc") &&
			 doctor_has_word("/proc/cpuinfo", "nonstop_tsc");
	char source[32];

	(void)d;
	if (sysfile_read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
			      source, sizeof(source)) != 0)
		return;
	/* Those that the vDSO reads without a system call. */
	if (strcmp(source, "tsc") != 0 && strcmp(source, "kvm-clock") != 0 &&
	    strcmp(source, "arch_sys_counter") != 0 && strncmp(source, "hyperv", 6) != 0) {
		found(f, VERDICT_WARNING, "%s: each reading is a system call", source);
		fix(f, doctor_in_lab()
			       ? "nothing in the guest: subtract the clock's own cost, which "
				 "micro-benchmarks report"
			       : "boot with clocksource=tsc tsc=reliable, if dmesg does not "
				 "call the TSC unstable for a reason");
	} else {
		found(f, VERDICT_OK, "%s%s", source, invariant ? ", invariant TSC" : "");
	}
}

static void look_aslr(const struct doctor *d, struct finding *f)
{
	uint64_t on;

	(void)d;
	if (sysfile_read_u64("/proc/sys/kernel/randomize_va_space", &on) != 0)
		return;
	found(f, VERDICT_OK, "%s", on ? "on: layouts differ from run to run; repeat runs" : "off");
}

/* proc_stat(5): user nice system idle iowait irq softirq steal, in ticks. */
struct ticks {
	unsigned long long idle, steal, sum;
};

static bool read_ticks(struct ticks *ret)
{
	unsigned long long v[8];
	char line[256];

	if (sysfile_read_line("/proc/stat", line, sizeof(line)) != 0 ||
	    sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
		   &v[4], &v[5], &v[6], &v[7]) != 8)
		return false;
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < 8; i++)
		ret->sum += v[i];
	ret->idle = v[3] + v[4];
	ret->steal = v[7];
	return true;
}

/* A captured tree stands still, and can't be watched: it tells of the steal since boot. */
static void judge_captured(const struct ticks *now, struct finding *f)
{
	double steal = (double)now->steal / (double)now->sum;

	found(f, steal > STEAL_TOLERABLE ? VERDICT_WARNING : VERDICT_OK,
	      "%.1f %% of CPU time stolen by the host since boot", 100 * steal);
}

static void look_neighbours(const struct doctor *d, struct finding *f)
{
	struct ticks before, now;
	double sum, steal, others;

	(void)d;
	if (!read_ticks(&before) || !before.sum)
		return;
	if (doctor_captured()) {
		judge_captured(&before, f);
		goto out;
	}
	clock_sleep_until(clock_ns() + WATCH_NS);
	if (!read_ticks(&now) || now.sum <= before.sum)
		return;
	sum = (double)(now.sum - before.sum);
	steal = (double)(now.steal - before.steal) / sum;
	others = 1 - steal - (double)(now.idle - before.idle) / sum;
	found(f,
	      steal > STEAL_TOLERABLE || others > OTHERS_TOLERABLE ? VERDICT_WARNING : VERDICT_OK,
	      "%.1f %% of CPU time stolen by the host, %.0f %% used by other programs", 100 * steal,
	      100 * others);
	if (steal <= STEAL_TOLERABLE && others > OTHERS_TOLERABLE)
		fix(f, "end what else runs (top -b -n 1 | head)");
out:
	if (f->verdict == VERDICT_WARNING && !f->fix[0])
		fix(f, "measure at a quieter time, or on a host that nobody shares");
}

const struct check doctor_cpu_checks[] = {
	{ .name = "machine",
	  .why = "a fault in a guest pays the hypervisor's page tables, too, and an emulator "
		 "stretches instructions unevenly",
	  .look = look_machine },
	{ .name = "cores",
	  .why = "roles that share a core disturb each other (SHARED_CORES)",
	  .look = look_cores },
	{ .name = "governor",
	  .why = "a core that idles at every far page-in clocks down, and the wait for the page "
		 "is charged to the backend",
	  .look = look_governor,
	  .settings = { { CPU "/cpufreq/policy*/scaling_governor", NULL, "performance" } } },
	{ .name = "turbo",
	  .why = "the clock rate depends on heat and on how many cores are busy: no two runs the "
		 "same",
	  .look = look_turbo,
	  .settings = { { CPU "/intel_pstate/no_turbo", "0", "1" },
			{ CPU "/cpufreq/boost", "1", "0" } } },
	{ .name = "smt",
	  .why = "fmbench leaves siblings idle, but others' threads there halve a core",
	  .look = look_smt },
	{ .name = "mitigations",
	  .why = "PTI makes each fault switch page tables twice",
	  .look = look_mitigations },
	{ .name = "clock",
	  .why = "a fault takes about a microsecond, so a slow clock measures itself",
	  .look = look_clock },
	{ .name = "aslr",
	  .why = "address layouts move cache and TLB conflicts from run to run",
	  .look = look_aslr },
	{ .name = "neighbours",
	  .why = "CPU time that others take shows up as far memory's latency",
	  .look = look_neighbours },
	{ .name = NULL },
};
