// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/machine.h"

#include <numa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sysfile.h"

/* "key : value" as in /proc/cpuinfo: the first such line's value. */
static void fact_from_line(struct facts *facts, const char *name, const char *path, const char *key)
{
	struct buf b = BUF_INIT;
	char *save, *line;

	if (sysfile_read(path, &b) != 0)
		return;
	for (line = strtok_r(b.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, key, strlen(key)) != 0)
			continue;
		facts_set(facts, name, "%s", colon + 1 + strspn(colon + 1, " \t"));
		break;
	}
	buf_release(&b);
}

void machine_facts(struct facts *facts)
{
	const char *accel = getenv("FMLAB_ACCEL"), *exact = getenv("FMLAB_EXACT");
	struct utsname un;
	uint64_t kib;

	if (uname(&un) == 0) {
		facts_set(facts, "host", "%s", un.nodename);
		facts_set(facts, "arch", "%s", un.machine);
		facts_set(facts, "kernel", "%s", un.release);
		facts_set(facts, "kernel_build", "%s", un.version);
	}
	fact_from_line(facts, "cpu", "/proc/cpuinfo", "model name");
	facts_set(facts, "cpus", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	if (sysfile_read_key("/proc/meminfo", "MemTotal:", &kib) == 0)
		facts_set(facts, "memory_bytes", "%llu", (unsigned long long)kib * 1024);
	if (numa_available() >= 0)
		facts_set(facts, "numa_nodes", "%d", numa_num_configured_nodes());
	/* Times under emulation are labelled: see lab/README.md. */
	if (accel)
		facts_set(facts, "lab", "%s%s", accel,
			  exact && strcmp(exact, "1") == 0 ? ", exact" : "");
}

/* One row a setting that is one line of one file. */
static const struct fact_file {
	const char *name, *path;
	bool choice; /* "always [madvise] never" */
} settings[] = {
	{ "thp", "/sys/kernel/mm/transparent_hugepage/enabled", true },
	{ "thp_defrag", "/sys/kernel/mm/transparent_hugepage/defrag", true },
	{ "page_cluster", "/proc/sys/vm/page-cluster", false },
	{ "swappiness", "/proc/sys/vm/swappiness", false },
	{ "overcommit_memory", "/proc/sys/vm/overcommit_memory", false },
	{ "mglru", "/sys/kernel/mm/lru_gen/enabled", false },
	{ "vma_readahead", "/sys/kernel/mm/swap/vma_ra_enabled", false },
	{ "zswap", "/sys/module/zswap/parameters/enabled", false },
	{ "ksm", "/sys/kernel/mm/ksm/run", false },
	{ "numa_balancing", "/proc/sys/kernel/numa_balancing", false },
	{ "aslr", "/proc/sys/kernel/randomize_va_space", false },
	{ "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", false },
	{ "no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo", false },
	{ "boost", "/sys/devices/system/cpu/cpufreq/boost", false },
	{ "smt", "/sys/devices/system/cpu/smt/control", false },
	{ "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource",
	  false },
	{ "pti", "/sys/devices/system/cpu/vulnerabilities/meltdown", false },
	{ "cmdline", "/proc/cmdline", false },
};

static void fact_swaps(struct facts *facts)
{
	struct buf b = BUF_INIT, list = BUF_INIT;
	char *save, *line;

	if (sysfile_read("/proc/swaps", &b) == 0) {
		strtok_r(b.data, "\n", &save); /* the header */
		while ((line = strtok_r(NULL, "\n", &save))) {
			char name[256], type[32];
			unsigned long long size_kib, used_kib;
			int priority;

			if (sscanf(line, "%255s %31s %llu %llu %d", name, type, &size_kib,
				   &used_kib, &priority) == 5)
				buf_addf(&list, "%s%s %s %llu KiB prio %d", list.len ? "; " : "",
					 name, type, size_kib, priority);
		}
		facts_set(facts, "swap_areas", "%s", list.len ? list.data : "none");
	}
	buf_release(&b);
	buf_release(&list);
}

void machine_settings(struct facts *facts)
{
	char line[2048];
	size_t nr_iommu = 0;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		int rc = settings[i].choice
				 ? sysfile_read_choice(settings[i].path, line, sizeof(line))
				 : sysfile_read_line(settings[i].path, line, sizeof(line));

		if (rc == 0)
			facts_set(facts, settings[i].name, "%s", line);
	}
	while (nr_iommu < 64) {
		snprintf(line, sizeof(line), "/sys/kernel/iommu_groups/%zu", nr_iommu);
		if (!sysfile_exists(line))
			break;
		nr_iommu++;
	}
	facts_set(facts, "iommu", "%s", nr_iommu ? "on" : "off");
	fact_swaps(facts);
}

void machine_setting_becomes(struct facts *facts, const char *path, const char *value)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(settings[i].path, path) == 0)
			facts_set(facts, settings[i].name, "%s", value);
	}
}
