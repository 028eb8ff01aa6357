// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What DAMON's first thread moved between nodes: schemes 0 and 1 of backend tier, method damos
 * (Documentation/admin-guide/mm/damon/usage.rst, "schemes/<N>/stats/"). Linux 6.17 brings the files up
 * to date by itself, every refresh_ms; before that they stand still. sz_applied is bytes.
 */
#include "collectors/collector.h"
#include "collectors/numbers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sysfile.h"

#define KDAMOND "/sys/kernel/mm/damon/admin/kdamonds/0"
#define SCHEME	KDAMOND "/contexts/0/schemes"

static const char *const actions[] = { "migrate_cold", "migrate_hot" };

#define ACTION(name)                                                                               \
	{ name "_pages", "pages", KEY_COUNTER, "sz_applied" },                                     \
		{ name "_tried_pages", "pages", KEY_COUNTER, "sz_tried" },                         \
	{                                                                                          \
		name "_quota_exceeds", "events", KEY_COUNTER, "qt_exceeds"                         \
	}

static const struct collector_key keys[] = { ACTION("migrate_cold"), ACTION("migrate_hot") };

#define KEYS_EACH (NR_KEYS(keys) / NR_KEYS(actions))

/* The scheme with that action, or -1. */
static int find_scheme(const char *action)
{
	for (int i = 0; i < 8; i++) {
		char path[128], text[32];

		snprintf(path, sizeof(path), SCHEME "/%d/action", i);
		if (sysfile_read_line(path, text, sizeof(text)) == 0 && strcmp(text, action) == 0)
			return i;
	}
	return -1;
}

static int damon_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct numbers *n;
	int rc = 0;

	(void)ctx;
	if (!sysfile_exists(KDAMOND "/refresh_ms"))
		return err_missing(err, "no DAMON of this machine moves pages and counts them by "
					"itself (refresh_ms, Linux 6.17)");
	n = numbers_new(NR_KEYS(keys));
	for (size_t i = 0; i < NR_KEYS(keys) && rc == 0; i++) {
		int scheme = find_scheme(actions[i / KEYS_EACH]);
		char dir[128];

		snprintf(dir, sizeof(dir), SCHEME "/%d/stats", scheme);
		if (scheme >= 0)
			rc = numbers_add(n, i, dir, keys[i].alias, err);
	}
	if (rc == 0 && !numbers_any(n))
		rc = err_missing(err, "DAMON has no scheme that moves pages between nodes");
	if (rc < 0)
		numbers_free(n);
	else
		*ret_state = n;
	return rc;
}

static int damon_read(void *state, uint64_t *values, bool *have)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int rc = numbers_read(state, values, have);

	for (size_t i = 0; i < NR_KEYS(keys); i++) {
		if (strncmp(keys[i].alias, "sz_", 3) == 0)
			values[i] /= page;
	}
	return rc;
}

const struct collector collector_damon = {
	.name = "damon",
	.summary = "pages that DAMON moved between fast and slow nodes (sysfs damon, Linux 6.17)",
	.scope = SCOPE_BACKEND,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = damon_open,
	.read = damon_read,
	.close = numbers_free,
};
