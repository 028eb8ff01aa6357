// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel files: every collector and reader gets the same bytes as whatever file it opens. */
#include "tests/fuzz/fuzz.h"

#include <limits.h>
#include <sys/stat.h>

#include "base/sysfile.h"
#include "collectors/collector.h"

static const char *const files[] = {
	"memory.stat",
	"memory.current",
	"memory.swap.current",
	"memory.peak",
	"memory.events",
	"memory.pressure",
	"cpu.stat",
	"proc/vmstat",
	"proc/swaps",
	"proc/stat",
	"proc/pressure/memory",
	"sys/block/zram0/mm_stat",
	"sys/block/zram0/io_stat",
};

static void make_tree(const char *dir)
{
	static const char *const dirs[] = { "proc", "proc/pressure", "sys", "sys/block",
					    "sys/block/zram0" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		mkdir(path, 0700);
	}
}

static void read_all(void)
{
	const struct collector_ctx ctx = { .cgroup_version = 2,
					   .memory_dir = "/",
					   .cpu_dir = "/",
					   .swap_device = "/dev/zram0",
					   .reclaim_cpu = 0 };
	uint64_t values[256];
	bool have[256];
	void *state;

	for (size_t i = 0; collector_table[i]; i++) {
		const struct collector *c = collector_table[i];

		if (c->nr_keys > 256)
			abort();
		if (c->open(&ctx, &state, NULL) != 0)
			continue;
		c->read(state, values, have);
		c->close(state);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[PATH_MAX], line[64], *text = fuzz_text(data, size);
	uint64_t value;

	make_tree(fuzz_dir());
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), files[i]);
		fuzz_file(path, data, size);
	}
	sysfile_set_root(fuzz_dir());
	read_all();
	sysfile_read_u64("/memory.current", &value);
	sysfile_read_choice("/memory.stat", line, sizeof(line));
	sysfile_find_key(text, "pgmajfault", &value);
	free(text);
	return 0;
}
