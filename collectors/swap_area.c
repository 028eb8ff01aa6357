// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How full the backend's swap area is, the others, and all together: /proc/swaps, in KiB. Its columns are
 * a name with blanks escaped, a type, size, used, and priority.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <string.h>

#include "base/alloc.h"

enum { SIZE, USED, OTHERS_USED, ALL_SIZE, ALL_USED, AREAS };

static const struct collector_key keys[] = {
	[SIZE] = { "size", "bytes", KEY_GAUGE, NULL },
	[USED] = { "used", "bytes", KEY_GAUGE, NULL },
	[OTHERS_USED] = { "others_used", "bytes", KEY_GAUGE, NULL },
	[ALL_SIZE] = { "all_size", "bytes", KEY_GAUGE, NULL },
	[ALL_USED] = { "all_used", "bytes", KEY_GAUGE, NULL },
	[AREAS] = { "areas", "areas", KEY_GAUGE, NULL },
};

struct swap_area {
	struct keptfile swaps;
	char *device; /* NULL: the backend has no area of its own */
};

static void swap_area_close(void *state)
{
	struct swap_area *s = state;

	if (!s)
		return;
	keptfile_close(&s->swaps);
	free(s->device);
	free(s);
}

static int swap_area_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct swap_area *s = xcalloc(1, sizeof(*s));
	int rc = keptfile_open(&s->swaps, "/proc", "swaps", err);

	if (rc < 0) {
		swap_area_close(s);
		return rc;
	}
	s->device = xstrdup(ctx->swap_device);
	*ret_state = s;
	return 0;
}

static int swap_area_read(void *state, uint64_t *values, bool *have)
{
	static const char blanks[] = " \t";
	struct swap_area *s = state;
	int rc = keptfile_read(&s->swaps);

	memset(have, 0, NR_KEYS(keys) * sizeof(*have));
	if (rc < 0)
		return rc;

	values[ALL_SIZE] = values[ALL_USED] = values[AREAS] = 0;
	have[ALL_SIZE] = have[ALL_USED] = have[AREAS] = true;

	/* Behind the header line. */
	for (const char *p = strchr(s->swaps.data, '\n'); p && p[1]; p = strchr(p, '\n')) {
		const char *name = ++p;
		size_t name_len = strcspn(name, " \t\n");
		uint64_t size_kib, used_kib;

		p += name_len;
		p += strspn(p, blanks);
		p += strcspn(p, " \t\n"); /* the type */
		if (!keptfile_parse_u64(&p, &size_kib) || !keptfile_parse_u64(&p, &used_kib))
			continue;
		values[ALL_SIZE] += size_kib * 1024;
		values[ALL_USED] += used_kib * 1024;
		values[AREAS]++;
		if (s->device && strlen(s->device) == name_len &&
		    memcmp(s->device, name, name_len) == 0) {
			values[SIZE] = size_kib * 1024;
			values[USED] = used_kib * 1024;
			have[SIZE] = have[USED] = have[OTHERS_USED] = true;
		}
	}
	values[OTHERS_USED] = values[ALL_USED] - (have[USED] ? values[USED] : 0);
	return 0;
}

const struct collector collector_swap_area = {
	.name = "swap_area",
	.summary = "how full the backend's swap area is, and all together (/proc/swaps)",
	.scope = SCOPE_BACKEND,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = swap_area_open,
	.read = swap_area_read,
	.close = swap_area_close,
};
