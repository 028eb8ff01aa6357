// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The zram device under the swap area. Each file is one line of numbers; names, order and units:
 * Documentation/admin-guide/blockdev/zram.rst. Later kernels added columns at the end.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define BYTES(name)                                                                                \
	{                                                                                          \
		name, "bytes", KEY_GAUGE, NULL                                                     \
	}
#define LEVEL(name)                                                                                \
	{                                                                                          \
		name, "pages", KEY_GAUGE, NULL                                                     \
	}
#define PAGES(name)                                                                                \
	{                                                                                          \
		name, "pages", KEY_COUNTER, NULL                                                   \
	}
#define EVENTS(name)                                                                               \
	{                                                                                          \
		name, "events", KEY_COUNTER, NULL                                                  \
	}

static const struct collector_key keys[] = {
	/* mm_stat */
	BYTES("orig_data_size"),
	BYTES("compr_data_size"),
	BYTES("mem_used_total"),
	BYTES("mem_limit"),
	BYTES("mem_used_max"),
	LEVEL("same_pages"),
	PAGES("pages_compacted"),
	LEVEL("huge_pages"),
	PAGES("huge_pages_since"),
	/* io_stat */
	EVENTS("failed_reads"),
	EVENTS("failed_writes"),
	EVENTS("invalid_io"),
	PAGES("notify_free"),
	/* bd_stat, with CONFIG_ZRAM_WRITEBACK */
	LEVEL("bd_count"),
	PAGES("bd_reads"),
	PAGES("bd_writes"),
};

static const struct zram_file {
	const char *name;
	size_t nr_columns; /* the keys in their order */
} files[] = {
	{ "mm_stat", 9 },
	{ "io_stat", 4 },
	{ "bd_stat", 3 },
};

#define NR_FILES NR_KEYS(files)

struct zram {
	struct keptfile file[NR_FILES];
};

static void zram_close(void *state)
{
	struct zram *z = state;

	if (!z)
		return;
	for (size_t i = 0; i < NR_FILES; i++)
		keptfile_close(&z->file[i]);
	free(z);
}

static int zram_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	const char *device = ctx->swap_device;
	unsigned int number;
	int end = 0;

	if (!device)
		return err_missing(err, "zram: the backend has no swap area of its own");
	if (sscanf(device, "/dev/zram%u%n", &number, &end) != 1 || device[end])
		return err_missing(err, "zram: the swap area %s is not a zram device", device);

	char dir[64];

	snprintf(dir, sizeof(dir), "/sys/block/zram%u", number);

	struct zram *z = xcalloc(1, sizeof(*z));

	for (size_t i = 0; i < NR_FILES; i++)
		z->file[i] = (struct keptfile)KEPTFILE_NONE;

	int rc = keptfile_open(&z->file[0], dir, files[0].name, err);

	/* Only the first is on every kernel. */
	for (size_t i = 1; i < NR_FILES && rc == 0; i++)
		rc = keptfile_open_if_there(&z->file[i], dir, files[i].name, err);
	if (rc < 0) {
		zram_close(z);
		return rc;
	}
	*ret_state = z;
	return 0;
}

static int zram_read(void *state, uint64_t *values, bool *have)
{
	struct zram *z = state;

	memset(have, 0, NR_KEYS(keys) * sizeof(*have));
	for (size_t i = 0; i < NR_FILES; i++) {
		size_t nr = files[i].nr_columns;

		if (z->file[i].fd >= 0) {
			int rc = keptfile_read(&z->file[i]);

			if (rc < 0)
				return rc;

			const char *p = z->file[i].data;

			for (size_t j = 0; j < nr; j++)
				have[j] = keptfile_parse_u64(&p, &values[j]);
		}
		values += nr;
		have += nr;
	}
	return 0;
}

const struct collector collector_zram = {
	.name = "zram",
	.summary = "the zram device's memory, compression and failures (mm_stat, io_stat, bd_stat)",
	.scope = SCOPE_BACKEND,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = zram_open,
	.read = zram_read,
	.close = zram_close,
};
