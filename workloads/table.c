// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/workload.h"

#include "base/names.h"

static const struct workload *const built_in[] = {
	&workload_bfs,	    &workload_btree,	 &workload_chase,
	&workload_command,  &workload_groupby,	 &workload_gups,
	&workload_hashjoin, &workload_kmeans,	 &workload_kv,
	&workload_kvmap,    &workload_memaslap,	 &workload_null,
	&workload_pagerank, &workload_quicksort, &workload_scan,
	&workload_stream,   &workload_xslookup,	 NULL,
};

const struct workload *const *workload_table = built_in;

void workload_add(const struct workload *w)
{
	workload_table = names_add(workload_table, built_in, w);
}

const struct workload *workload_find(const char *name, struct err *err)
{
	return find_by_name(workload_table, name, "workload", "`fmbench list workloads` shows them",
			    err);
}
