// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large pages by their size, since Linux 6.10: hugepages-SIZE/stats
 * (Documentation/admin-guide/mm/transhuge.rst, "Monitoring usage"; swpin is 6.13's). A size is read
 * where it is not turned off, or was in use. An alias is the file's name.
 */
#include "collectors/collector.h"
#include "collectors/numbers.h"

#include <stdio.h>
#include <string.h>

#include "base/sysfile.h"

#define THP "/sys/kernel/mm/transparent_hugepage/hugepages-"

#define SIZE(size)                                                                                 \
	{ size ".anon_fault_alloc", "events", KEY_COUNTER, "anon_fault_alloc" },                   \
		{ size ".anon_fault_fallback", "events", KEY_COUNTER, "anon_fault_fallback" },     \
		{ size ".swpin", "events", KEY_COUNTER, "swpin" },                                 \
		{ size ".swpin_fallback", "events", KEY_COUNTER, "swpin_fallback" },               \
		{ size ".swpout", "events", KEY_COUNTER, "swpout" },                               \
		{ size ".swpout_fallback", "events", KEY_COUNTER, "swpout_fallback" },             \
		{ size ".zswpout", "events", KEY_COUNTER, "zswpout" },                             \
		{ size ".split", "events", KEY_COUNTER, "split" },                                 \
	{                                                                                          \
		size ".nr_anon", "events", KEY_GAUGE, "nr_anon"                                    \
	}

static const struct collector_key keys[] = {
	SIZE("16kB"),  SIZE("32kB"),  SIZE("64kB"),   SIZE("128kB"),
	SIZE("256kB"), SIZE("512kB"), SIZE("1024kB"), SIZE("2048kB"),
};

/* Turned off, and no large page of that size was ever made. */
static bool is_idle(const char *size)
{
	char path[160], choice[32];
	uint64_t made = 0;

	snprintf(path, sizeof(path), THP "%s/stats/anon_fault_alloc", size);
	sysfile_read_u64(path, &made);
	snprintf(path, sizeof(path), THP "%s/enabled", size);
	return !made && (sysfile_read_choice(path, choice, sizeof(choice)) != 0 ||
			 strcmp(choice, "never") == 0);
}

static int thp_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct numbers *n = numbers_new(NR_KEYS(keys));
	int rc = 0;

	(void)ctx;
	for (size_t i = 0; i < NR_KEYS(keys) && rc == 0; i++) {
		int len = (int)strcspn(keys[i].name, ".");
		char size[16], dir[128];

		snprintf(size, sizeof(size), "%.*s", len, keys[i].name);
		snprintf(dir, sizeof(dir), THP "%s/stats", size);
		if (!is_idle(size))
			rc = numbers_add(n, i, dir, keys[i].alias, err);
	}
	if (rc == 0 && !numbers_any(n))
		rc = err_missing(err, "no size of large pages is on, or this kernel does not count "
				      "them by size (6.10 does)");
	if (rc < 0)
		numbers_free(n);
	else
		*ret_state = n;
	return rc;
}

const struct collector collector_thp = {
	.name = "thp",
	.summary = "large pages by size: made, swapped as a whole, fallen back (sysfs, Linux 6.10)",
	.scope = SCOPE_MACHINE,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = thp_open,
	.read = numbers_read,
	.close = numbers_free,
};
