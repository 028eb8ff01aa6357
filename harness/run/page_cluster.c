// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/page_cluster.h"

#include <unistd.h>

#include "base/opt.h"

#define MAX_PAGE_CLUSTER 10 /* 4 MiB at once: more is surely a mistake */
#define PAGE_CLUSTER	 "/proc/sys/vm/page-cluster"

int page_cluster_check(const char *value, struct err *err)
{
	uint64_t n;

	if (!value)
		return 0;
	if (parse_u64(value, &n) != 0 || n > MAX_PAGE_CLUSTER)
		return err_usage(err, "page-cluster '%s' is not a number from 0 to %d", value,
				 MAX_PAGE_CLUSTER);
	if (access(PAGE_CLUSTER, W_OK) != 0)
		return err_missing(
			err, "cannot set page-cluster: " PAGE_CLUSTER
			     " can't be written by this user; run as root, or leave it as it is");
	return 0;
}

int page_cluster_set(const char *value, struct journal *j, struct facts *facts, struct err *err)
{
	int rc = value ? journal_write(j, PAGE_CLUSTER, value, err) : 0;

	if (value && !rc)
		facts_set(facts, "page_cluster", "%s", value);
	return rc;
}
