// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/micro.h"

#include <string.h>

const struct workload *const micro_table[] = {
	&micro_accounting,
	&micro_fault_latency,
	&micro_fault_throughput,
	&micro_readahead,
	&micro_shrink,
	&micro_uffd,
	NULL,
};

const struct workload *micro_find(const char *name, struct err *err)
{
	const char *names[sizeof(micro_table) / sizeof(micro_table[0])];
	const char *meant;
	size_t i;

	for (i = 0; micro_table[i]; i++) {
		if (!strcmp(micro_table[i]->name, name))
			return micro_table[i];
		names[i] = micro_table[i]->name;
	}
	names[i] = NULL;
	meant = did_you_mean(name, names);
	if (meant)
		err_usage(err, "no micro-benchmark '%s'; did you mean '%s'?", name, meant);
	else
		err_usage(err, "no micro-benchmark '%s'; `fmbench list micros` shows them", name);
	return NULL;
}
