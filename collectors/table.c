// SPDX-License-Identifier: GPL-2.0-or-later
#include "collectors/collector.h"

#include "base/names.h"

static const struct collector *const built_in[] = {
	&collector_cgroup_cpu,	  &collector_cpu,
	&collector_damon,	  &collector_fastswap,
	&collector_fastswap_rdma, &collector_frontswap,
	&collector_ksm,		  &collector_limit,
	&collector_memory_events, &collector_memory_stat,
	&collector_memory_usage,  &collector_numa,
	&collector_nvme,	  &collector_pager,
	&collector_pressure,	  &collector_progress,
	&collector_rdma,	  &collector_reclaimer,
	&collector_swap_area,	  &collector_swap_device,
	&collector_thermal,	  &collector_thp,
	&collector_vmstat,	  &collector_zram,
	&collector_zswap,	  NULL,
};

const struct collector *const *collector_table = built_in;

void collector_add(const struct collector *c)
{
	collector_table = names_add(collector_table, built_in, c);
}
