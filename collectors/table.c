// SPDX-License-Identifier: GPL-2.0-or-later
#include "collectors/collector.h"

const struct collector *const collector_table[] = {
	&collector_cgroup_cpu,
	&collector_cpu,
	&collector_fastswap,
	&collector_fastswap_rdma,
	&collector_frontswap,
	&collector_memory_events,
	&collector_memory_stat,
	&collector_memory_usage,
	&collector_pressure,
	&collector_progress,
	&collector_rdma,
	&collector_reclaimer,
	&collector_swap_area,
	&collector_swap_device,
	&collector_vmstat,
	&collector_zram,
	NULL,
};
