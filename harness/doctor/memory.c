// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory: the group's limit, reclaim, swap areas, and who else moves pages. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/swap_areas.h"
#include "base/buf.h"
#include "base/opt.h"
#include "base/sysfile.h"
#include "harness/group/cgroup.h"
#include "harness/doctor/look.h"

#define THP	      "/sys/kernel/mm/transparent_hugepage"
#define MEMORY_SCARCE (1ull << 30)
#define MEMLOCK_FEW   (64ull << 20)
#define CAP_IPC_LOCK  14 /* capabilities(7) */

static void look_cgroup(const struct doctor *d, struct finding *f)
{
	struct cgroup_machine m;
	char root[PATH_MAX];
	struct err err = { 0 };

	(void)d;
	if (cgroup_detect(&m, &err) != 0) {
		found(f, VERDICT_PROBLEM, "no memory controller is mounted");
		fix(f, "boot with cgroup_enable=memory, mount cgroup2 on /sys/fs/cgroup; or use "
		       "--in-lab");
		return;
	}
	if (!doctor_captured() && (cgroup_default_root(&m, root, sizeof(root), &err) != 0 ||
				   cgroup_check(&m, root, &err) != 0)) {
		found(f, VERDICT_PROBLEM, "memory on v%d, but no right to make groups",
		      m.memory_version);
		fix(f, "run as root; or systemd-run --user --scope -p Delegate=yes fmbench ...; or "
		       "use --in-lab");
	} else if (m.memory_version == 1) {
		found(f, VERDICT_WARNING, "memory on cgroup v1 (%s): a hard limit only",
		      m.memory_mount);
		fix(f, "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all; or use "
		       "--in-lab");
	} else if (!m.cpuset_mount[0]) {
		found(f, VERDICT_WARNING, "memory on cgroup v2 (%s), but no cpuset controller",
		      m.memory_mount);
		fix(f, "boot with cgroup_no_v1=cpuset; until then CPUs are bound by affinity only");
	} else {
		found(f, VERDICT_OK, "memory and cpuset on cgroup v2 (%s)", m.memory_mount);
	}
}

static void look_offload(const struct doctor *d, struct finding *f)
{
	unsigned int kernel = doctor_kernel(NULL);
	struct cgroup_machine m;
	struct err err;

	(void)d;
	if (cgroup_detect(&m, &err) != 0)
		return;
	if (m.memory_version == 2 && kernel >= 5019) {
		found(f, VERDICT_OK, "memory.reclaim is there");
		return;
	}
	found(f, VERDICT_WARNING, "no memory.reclaim: %s",
	      m.memory_version == 2 ? "Linux before 5.19" : "cgroup v1");
	fix(f, "boot Linux 5.19 or later with cgroup v2; or use --in-lab");
}

static void describe_areas(const struct swap_areas *areas, struct buf *list)
{
	char size[16], used[16];

	for (size_t i = 0; i < areas->nr; i++) {
		const struct swap_area *area = &areas->rows[i];

		format_size(size, sizeof(size), area->size_bytes);
		format_size(used, sizeof(used), area->used_bytes);
		buf_addf(list, "%s%s (%s of %s used, priority %d)", i ? ", " : "", area->path, used,
			 size, area->priority);
	}
}

/* With swap areas of others on: all of them may go, or all but the first that the kernel fills. */
static void fix_areas(const struct swap_areas *areas, bool keep_first, struct finding *f)
{
	const struct swap_area *first = keep_first ? &areas->rows[0] : NULL;
	struct buf list = BUF_INIT;

	for (size_t i = 1; keep_first && i < areas->nr; i++) {
		if (areas->rows[i].priority > first->priority)
			first = &areas->rows[i];
	}
	for (size_t i = 0; i < areas->nr; i++) {
		if (&areas->rows[i] != first)
			buf_addf(&list, " '%s'", areas->rows[i].path);
	}
	fix(f, "swapoff%s; swapon again afterwards", list.data);
	buf_release(&list);
}

/* Fastswap's own first mistake: pages beyond the pool's end have nowhere to go. */
static bool exceeds_pool(const struct swap_areas *areas, struct finding *f)
{
	const struct swap_area *area = swap_areas_find(areas, "/dev/fastswap0");
	uint64_t pool;
	char has[16], holds[16];

	if (sysfile_read_key("/sys/kernel/debug/fastswap/stats", "pool_bytes", &pool) != 0 ||
	    !area || area->size_bytes <= pool)
		return false;
	format_size(has, sizeof(has), area->size_bytes);
	format_size(holds, sizeof(holds), pool);
	found(f, VERDICT_PROBLEM, "%s has %s, its pool only %s", area->path, has, holds);
	fix(f, "swapoff %s && mkswap %s && swapon %s", area->path, area->path, area->path);
	return true;
}

/* Every further page may be sent there in vain, and nothing but a reboot takes the entry away. */
static bool any_lost(const struct swap_areas *areas, struct finding *f)
{
	for (size_t i = 0; i < areas->nr; i++) {
		if (!areas->rows[i].is_lost)
			continue;
		found(f, VERDICT_PROBLEM,
		      "%s: its device was lost while it was swap; the kernel still sends pages "
		      "there, and swapoff can't name it",
		      areas->rows[i].path);
		fix(f, "reboot (nothing else removes the entry)");
		return true;
	}
	return false;
}

static void look_swap(const struct doctor *d, struct finding *f)
{
	bool brings_own = d->backend && strcmp(d->backend->name, "swap") != 0;
	struct buf list = BUF_INIT;
	struct swap_areas areas;
	struct err err = { 0 };

	if (swap_areas_read(&areas, &err) != 0) {
		found(f, VERDICT_PROBLEM, "%s", err.msg);
		return;
	}
	describe_areas(&areas, &list);
	if (any_lost(&areas, f) || exceeds_pool(&areas, f))
		goto out;
	if (areas.nr == 0) {
		found(f, VERDICT_OK, "no area is on; only backend swap needs one");
	} else if (areas.nr == 1 && !brings_own) {
		found(f, VERDICT_OK, "%s", list.data);
	} else {
		found(f, VERDICT_WARNING, "%s", list.data);
		fix_areas(&areas, !brings_own, f);
	}
out:
	buf_release(&list);
	swap_areas_release(&areas);
}

static void look_memory(const struct doctor *d, struct finding *f)
{
	uint64_t total, available;
	char all[16], left[16];

	(void)d;
	if (sysfile_read_key("/proc/meminfo", "MemTotal:", &total) != 0 ||
	    sysfile_read_key("/proc/meminfo", "MemAvailable:", &available) != 0)
		return;
	format_size(all, sizeof(all), total * 1024);
	format_size(left, sizeof(left), available * 1024);
	found(f, available * 1024 < MEMORY_SCARCE ? VERDICT_WARNING : VERDICT_OK,
	      "%s of %s are free", left, all);
	if (f->verdict == VERDICT_WARNING)
		fix(f, "end what else runs (ps -eo rss,comm --sort -rss | head)");
}

static void note_large(const char *path, void *arg)
{
	char choice[64];

	if (sysfile_read_choice(path, choice, sizeof(choice)) == 0 && strcmp(choice, "always") == 0)
		snprintf(arg, 64, "%.*s", (int)strcspn(path + strlen(THP "/hugepages-"), "/"),
			 path + strlen(THP "/hugepages-"));
}

static void look_thp(const struct doctor *d, struct finding *f)
{
	char choice[64], large[64] = "";

	(void)d;
	if (sysfile_read_choice(THP "/enabled", choice, sizeof(choice)) != 0) {
		found(f, VERDICT_OK, "not in this kernel");
		return;
	}
	doctor_each_file(THP "/hugepages-*/enabled", note_large, large);
	if (strcmp(choice, "always") == 0)
		found(f, VERDICT_WARNING, "always");
	else if (large[0])
		found(f, VERDICT_WARNING, "%s, but always for pages of %s", choice, large);
	else
		found(f, VERDICT_OK, "%s", choice);
}

static void look_page_cluster(const struct doctor *d, struct finding *f)
{
	uint64_t cluster;

	(void)d;
	if (sysfile_read_u64("/proc/sys/vm/page-cluster", &cluster) != 0 || cluster > 20)
		return;
	if (cluster)
		found(f, VERDICT_OK, "%" PRIu64 ": a fault may read %u pages around it", cluster,
		      1u << cluster);
	else
		found(f, VERDICT_OK, "0: no read-ahead, a fault reads its page alone");
}

static void look_swappiness(const struct doctor *d, struct finding *f)
{
	uint64_t swappiness;

	(void)d;
	if (sysfile_read_u64("/proc/sys/vm/swappiness", &swappiness) != 0)
		return;
	found(f, swappiness ? VERDICT_OK : VERDICT_PROBLEM, "%" PRIu64 "%s", swappiness,
	      swappiness ? "" : ": a group's memory is never swapped, its programs are killed");
}

static void look_mglru(const struct doctor *d, struct finding *f)
{
	char line[32];

	(void)d;
	if (sysfile_read_line("/sys/kernel/mm/lru_gen/enabled", line, sizeof(line)) != 0)
		found(f, VERDICT_OK, "not in this kernel: active and inactive lists");
	else if (strcmp(line, "0x0000") == 0)
		found(f, VERDICT_OK, "off: active and inactive lists");
	else
		found(f, VERDICT_OK, "on (%s)", line);
}

static void count_node(const char *path, void *arg)
{
	(void)path;
	++*(size_t *)arg;
}

static void look_numa_balancing(const struct doctor *d, struct finding *f)
{
	uint64_t on = 0;
	size_t nodes = 0;

	(void)d;
	doctor_each_file("/sys/devices/system/node/node[0-9]*", count_node, &nodes);
	sysfile_read_u64("/proc/sys/kernel/numa_balancing", &on);
	found(f, on && nodes > 1 ? VERDICT_WARNING : VERDICT_OK, "%s, %zu node%s",
	      on ? "on" : "off", nodes ? nodes : 1, nodes > 1 ? "s" : "");
}

static void look_zswap(const struct doctor *d, struct finding *f)
{
	char on[8];

	(void)d;
	if (sysfile_read_line("/sys/module/zswap/parameters/enabled", on, sizeof(on)) != 0)
		found(f, VERDICT_OK, "not in this kernel");
	else if (on[0] == 'Y')
		found(f, VERDICT_WARNING, "on");
	else
		found(f, VERDICT_OK, "off");
}

static void look_ksm(const struct doctor *d, struct finding *f)
{
	uint64_t run;

	(void)d;
	if (sysfile_read_u64("/sys/kernel/mm/ksm/run", &run) != 0)
		return;
	found(f, run == 1 ? VERDICT_WARNING : VERDICT_OK, "%s", run == 1 ? "on" : "off");
}

static void look_memlock(const struct doctor *d, struct finding *f)
{
	static const char key[] = "Max locked memory";
	struct buf limits = BUF_INIT;
	const char *line = NULL;
	uint64_t limit;
	char text[16], caps[32];

	(void)d;
	if (sysfile_read("/proc/self/limits", &limits) == 0)
		line = strstr(limits.data, key);
	if (!line)
		goto out;
	line += strlen(key);
	line += strspn(line, " ");
	if (strncmp(line, "unlimited", strlen("unlimited")) == 0) {
		found(f, VERDICT_OK, "no limit");
		goto out;
	}
	limit = strtoull(line, NULL, 10);
	format_size(text, sizeof(text), limit);
	if (doctor_value_of("/proc/self/status", "CapEff", caps, sizeof(caps)) &&
	    strtoull(caps, NULL, 16) & 1ull << CAP_IPC_LOCK) {
		found(f, VERDICT_OK, "%s, but root may exceed it", text);
	} else if (limit < MEMLOCK_FEW) {
		found(f, VERDICT_WARNING, "%s", text);
		fix(f, "ulimit -l unlimited (as root), or \"* - memlock unlimited\" in "
		       "/etc/security/limits.conf");
	} else {
		found(f, VERDICT_OK, "%s", text);
	}
out:
	buf_release(&limits);
}

const struct check doctor_memory_checks[] = {
	{ .name = "cgroup",
	  .why = "on v1 the faulting program itself reclaims, up to a wall; v2 has memory.high, "
		 "memory.reclaim and the group's own pressure",
	  .look = look_cgroup },
	{ .name = "offload",
	  .why = "--offload-reclaim evicts ahead of the faults, on a CPU of its own, by "
		 "memory.reclaim",
	  .concerns = CONCERN_FAR,
	  .look = look_offload },
	{ .name = "swap",
	  .why = "with several areas on, or one beside the backend's, pages may go to another",
	  .concerns = CONCERN_FAR,
	  .look = look_swap },
	{ .name = "memory",
	  .why = "a machine that is short of memory itself reclaims from the workload, limit or "
		 "not",
	  .look = look_memory },
	{ .name = "thp",
	  .why = "huge pages are split when swapped out and come back as small ones: two effects "
		 "in one number",
	  .look = look_thp,
	  .settings = { { THP "/enabled", "always", "madvise" },
			{ THP "/hugepages-*/enabled", "always", "inherit" } } },
	{ .name = "page-cluster",
	  .why = "read-ahead is part of what is measured: set vm.page-cluster to the same value "
		 "everywhere (0 where far memory is as near as zram)",
	  .concerns = CONCERN_FAR,
	  .look = look_page_cluster },
	{ .name = "swappiness",
	  .why = "how far reclaim prefers swapping to dropping files",
	  .concerns = CONCERN_FAR,
	  .look = look_swappiness,
	  .settings = { { "/proc/sys/vm/swappiness", "0", "60" } } },
	{ .name = "mglru",
	  .why = "it chooses other pages to evict: compare only like with like",
	  .concerns = CONCERN_FAR,
	  .look = look_mglru },
	{ .name = "numa-balancing",
	  .why = "it unmaps pages to see who touches them: faults and migrations that no far "
		 "memory caused",
	  .look = look_numa_balancing,
	  .settings = { { "/proc/sys/kernel/numa_balancing", NULL, "0" } } },
	{ .name = "zswap",
	  .why = "it stands before every swap area: pages are compressed here instead of going "
		 "to the backend",
	  .concerns = CONCERN_FAR,
	  .look = look_zswap,
	  .settings = { { "/sys/module/zswap/parameters/enabled", "Y", "N" } } },
	{ .name = "ksm",
	  .why = "it merges equal pages behind the workload's back, and takes CPU time for it",
	  .look = look_ksm,
	  .settings = { { "/sys/kernel/mm/ksm/run", "1", "0" } } },
	{ .name = "memlock",
	  .why = "RDMA buffers are locked memory: registering them fails beyond the limit",
	  .concerns = CONCERN_RDMA,
	  .look = look_memlock },
	{ .name = NULL },
};
