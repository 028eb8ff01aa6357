// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The group's memory.stat. Keys and units: Documentation/admin-guide/cgroup-v2.rst, "memory.stat";
 * for v1 cgroup-v1/memory.rst, where the rows "total_" include sub-groups as all of v2's do.
 *
 * The kernel counts a reclaimed page by who reclaimed it and, in the sums, once more: add up the
 * rows pgsteal_kswapd, _direct, _khugepaged and _proactive, or take pgsteal, not both.
 */
#include "collectors/collector.h"
#include "collectors/keyfile.h"

#define BYTES(name, v1)                                                                            \
	{                                                                                          \
		name, "bytes", KEY_GAUGE, v1                                                       \
	}
#define PAGES(name, v1)                                                                            \
	{                                                                                          \
		name, "pages", KEY_COUNTER, v1                                                     \
	}
#define EVENTS(name, v1)                                                                           \
	{                                                                                          \
		name, "events", KEY_COUNTER, v1                                                    \
	}

static const struct collector_key keys[] = {
	BYTES("anon", "total_rss"),
	BYTES("file", "total_cache"),
	BYTES("kernel", NULL),
	BYTES("kernel_stack", NULL),
	BYTES("pagetables", NULL),
	BYTES("shmem", "total_shmem"),
	BYTES("zswap", NULL),
	BYTES("zswapped", NULL),
	BYTES("zswap_incomp", NULL),
	BYTES("file_mapped", "total_mapped_file"),
	BYTES("file_dirty", "total_dirty"),
	BYTES("file_writeback", "total_writeback"),
	BYTES("swapcached", "total_swapcached"),
	BYTES("anon_thp", "total_rss_huge"),
	BYTES("file_thp", NULL),
	BYTES("shmem_thp", NULL),
	BYTES("inactive_anon", "total_inactive_anon"),
	BYTES("active_anon", "total_active_anon"),
	BYTES("inactive_file", "total_inactive_file"),
	BYTES("active_file", "total_active_file"),
	BYTES("unevictable", "total_unevictable"),
	BYTES("slab_reclaimable", NULL),
	BYTES("slab_unreclaimable", NULL),
	BYTES("slab", NULL),
	PAGES("workingset_refault_anon", "total_workingset_refault_anon"),
	PAGES("workingset_refault_file", "total_workingset_refault_file"),
	PAGES("workingset_activate_anon", NULL),
	PAGES("workingset_activate_file", NULL),
	PAGES("workingset_restore_anon", NULL),
	PAGES("workingset_restore_file", NULL),
	EVENTS("workingset_nodereclaim", NULL),
	PAGES("pswpin", NULL),
	PAGES("pswpout", NULL),
	PAGES("pgscan", NULL),
	PAGES("pgscan_kswapd", NULL),
	PAGES("pgscan_direct", NULL),
	PAGES("pgscan_khugepaged", NULL),
	PAGES("pgscan_proactive", NULL),
	PAGES("pgsteal", NULL),
	PAGES("pgsteal_kswapd", NULL),
	PAGES("pgsteal_direct", NULL),
	PAGES("pgsteal_khugepaged", NULL),
	PAGES("pgsteal_proactive", NULL),
	PAGES("pgdemote_kswapd", NULL),
	PAGES("pgdemote_direct", NULL),
	PAGES("pgdemote_khugepaged", NULL),
	PAGES("pgdemote_proactive", NULL),
	PAGES("pgpromote_success", NULL),
	EVENTS("pgfault", "total_pgfault"),
	EVENTS("pgmajfault", "total_pgmajfault"),
	PAGES("pgrefill", NULL),
	PAGES("pgactivate", NULL),
	PAGES("pgdeactivate", NULL),
	PAGES("pglazyfree", NULL),
	PAGES("pglazyfreed", NULL),
	PAGES("swpin_zero", NULL),
	PAGES("swpout_zero", NULL),
	PAGES("zswpin", NULL),
	PAGES("zswpout", NULL),
	PAGES("zswpwb", NULL),
	EVENTS("thp_fault_alloc", NULL),
	EVENTS("thp_collapse_alloc", NULL),
	EVENTS("thp_swpout", NULL),
	EVENTS("thp_swpout_fallback", NULL),
	PAGES("numa_pages_migrated", NULL),
	EVENTS("numa_pte_updates", NULL),
	EVENTS("numa_hint_faults", NULL),
};

static int memory_stat_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	enum keyfile_names names = ctx->cgroup_version == 1 ? KEYFILE_ALIASES : KEYFILE_NAMES;

	return keyfile_new(ctx->memory_dir, "memory.stat", keys, NR_KEYS(keys), names, ret_state,
			   err);
}

const struct collector collector_memory_stat = {
	.name = "memory_stat",
	.summary = "where the group's memory is, its faults and its reclaim (memory.stat)",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = memory_stat_open,
	.read = keyfile_read,
	.close = keyfile_free,
};
