// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/micro.h"

#include "base/names.h"

const struct workload *const micro_table[] = {
	&micro_accounting,
	&micro_fault_latency,
	&micro_fault_throughput,
	&micro_migrate,
	&micro_readahead,
	&micro_shrink,
	&micro_tier_bandwidth,
	&micro_tier_latency,
	&micro_uffd,
	NULL,
};

const struct workload *micro_find(const char *name, struct err *err)
{
	return find_by_name(micro_table, name, "micro-benchmark", "`fmbench list micro` shows them",
			    err);
}
