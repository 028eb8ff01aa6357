// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/workload.h"

#include <string.h>

const struct workload *const workload_table[] = {
	&workload_command, &workload_memaslap, &workload_null, &workload_quicksort, NULL,
};

const struct workload *workload_find(const char *name, struct err *err)
{
	const char *names[64] = { NULL };
	size_t nr = 0;

	for (const struct workload *const *w = workload_table; *w; w++) {
		if (!strcmp((*w)->name, name))
			return *w;
		if (nr + 1 < sizeof(names) / sizeof(names[0]))
			names[nr++] = (*w)->name;
	}

	const char *meant = did_you_mean(name, names);

	if (meant)
		err_usage(err, "no workload '%s'; did you mean '%s'?", name, meant);
	else
		err_usage(err, "no workload '%s'; `fmbench list workloads` shows them", name);
	return NULL;
}
