// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole machine's /proc/vmstat. Names: the kernel's mm/vmstat.c, vmstat_text[].
 *
 * Reclaim is counted by what was taken (_anon, _file), and again by who took it (_kswapd, _direct,
 * …), where a group's own reclaim counts only among the first: add up pgsteal_anon and pgsteal_file.
 */
#include "collectors/collector.h"
#include "collectors/keyfile.h"

#define LEVEL(name)                                                                                \
	{                                                                                          \
		name, "pages", KEY_GAUGE, NULL                                                     \
	}
#define PAGES(name)                                                                                \
	{                                                                                          \
		name, "pages", KEY_COUNTER, NULL                                                   \
	}
#define EVENTS(name)                                                                               \
	{                                                                                          \
		name, "events", KEY_COUNTER, NULL                                                  \
	}

static const struct collector_key keys[] = {
	LEVEL("nr_free_pages"),
	LEVEL("nr_inactive_anon"),
	LEVEL("nr_active_anon"),
	LEVEL("nr_inactive_file"),
	LEVEL("nr_active_file"),
	LEVEL("nr_unevictable"),
	LEVEL("nr_anon_pages"),
	LEVEL("nr_file_pages"),
	LEVEL("nr_shmem"),
	LEVEL("nr_dirty"),
	LEVEL("nr_writeback"),
	LEVEL("nr_anon_transparent_hugepages"),
	LEVEL("nr_slab_reclaimable"),
	LEVEL("nr_slab_unreclaimable"),
	LEVEL("nr_zspages"),
	LEVEL("nr_swapcached"),
	PAGES("nr_vmscan_write"),
	PAGES("nr_vmscan_immediate_reclaim"),
	PAGES("pswpin"),
	PAGES("pswpout"),
	EVENTS("pgfault"),
	EVENTS("pgmajfault"),
	PAGES("pgscan_kswapd"),
	PAGES("pgscan_direct"),
	PAGES("pgscan_khugepaged"),
	PAGES("pgscan_proactive"),
	PAGES("pgscan_anon"),
	PAGES("pgscan_file"),
	PAGES("pgsteal_kswapd"),
	PAGES("pgsteal_direct"),
	PAGES("pgsteal_khugepaged"),
	PAGES("pgsteal_proactive"),
	PAGES("pgsteal_anon"),
	PAGES("pgsteal_file"),
	PAGES("pgdemote_kswapd"),
	PAGES("pgdemote_direct"),
	PAGES("pgdemote_khugepaged"),
	PAGES("pgdemote_proactive"),
	PAGES("pgpromote_success"),
	PAGES("pgpromote_candidate"),
	PAGES("pgpromote_candidate_nrl"),
	PAGES("pgactivate"),
	PAGES("pgdeactivate"),
	PAGES("pgrefill"),
	PAGES("pgrotated"),
	PAGES("pglazyfree"),
	PAGES("pglazyfreed"),
	EVENTS("pageoutrun"),
	EVENTS("pgscan_direct_throttle"),
	EVENTS("allocstall_dma"),
	EVENTS("allocstall_dma32"),
	EVENTS("allocstall_normal"),
	EVENTS("allocstall_movable"),
	EVENTS("allocstall_device"),
	EVENTS("compact_stall"),
	EVENTS("compact_daemon_wake"),
	EVENTS("drop_pagecache"),
	EVENTS("drop_slab"),
	EVENTS("oom_kill"),
	PAGES("swap_ra"),
	PAGES("swap_ra_hit"),
	PAGES("swpin_zero"),
	PAGES("swpout_zero"),
	PAGES("zswpin"),
	PAGES("zswpout"),
	PAGES("zswpwb"),
	PAGES("workingset_refault_anon"),
	PAGES("workingset_refault_file"),
	PAGES("workingset_activate_anon"),
	PAGES("workingset_activate_file"),
	PAGES("workingset_restore_anon"),
	PAGES("workingset_restore_file"),
	EVENTS("workingset_nodereclaim"),
	EVENTS("thp_fault_alloc"),
	EVENTS("thp_fault_fallback"),
	EVENTS("thp_collapse_alloc"),
	EVENTS("thp_split_page"),
	EVENTS("thp_split_pmd"),
	EVENTS("thp_swpout"),
	EVENTS("thp_swpout_fallback"),
	PAGES("numa_hit"),
	PAGES("numa_miss"),
	PAGES("numa_foreign"),
	PAGES("numa_local"),
	PAGES("numa_other"),
	EVENTS("numa_pte_updates"),
	EVENTS("numa_hint_faults"),
	EVENTS("numa_hint_faults_local"),
	PAGES("numa_pages_migrated"),
	PAGES("pgmigrate_success"),
	PAGES("pgmigrate_fail"),
	EVENTS("thp_migration_success"),
	EVENTS("thp_migration_fail"),
};

static int vmstat_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	(void)ctx;
	return keyfile_new("/proc", "vmstat", keys, NR_KEYS(keys), KEYFILE_NAMES, ret_state, err);
}

const struct collector collector_vmstat = {
	.name = "vmstat",
	.summary = "faults, swapping, reclaim and read-ahead of the whole machine (/proc/vmstat)",
	.scope = SCOPE_MACHINE,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = vmstat_open,
	.read = keyfile_read,
	.close = keyfile_free,
};
