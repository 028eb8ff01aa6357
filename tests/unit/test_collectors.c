// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Collectors, on trees captured from four kernels (tests/fixtures/capture made them) and on files
 * that no kernel should print.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "base/progress.h"
#include "collectors/collector.h"
#include "collectors/keyfile.h"
#include "collectors/keptfile.h"
#include "tests/unit/tree.h"

#define MAX_KEYS 128
#define ABSENT	 UINT64_MAX

#define V2_MACHINE                                                                                 \
	{                                                                                          \
		.cgroup_version = 2, .memory_dir = "/sys/fs/cgroup/fmbench-capture",               \
		.cpu_dir = "/sys/fs/cgroup/fmbench-capture",                                       \
		.client_cpu_dir = "/sys/fs/cgroup/fmbench-capture", .swap_device = "/dev/zram1",   \
		.reclaim_cpu = 1, .cpus = &both_cpus                                               \
	}

/* CPUs 0 and 1. */
static const cpu_set_t both_cpus = { { 3 } };

static const struct machine {
	const char *root;
	struct collector_ctx ctx;
} machines[] = {
	{ "tests/fixtures/linux-5.10-v2", V2_MACHINE },
	{ "tests/fixtures/linux-6.1-v2", V2_MACHINE },
	{ "tests/fixtures/linux-6.12-v2", V2_MACHINE },
	{ "tests/fixtures/linux-6.18-v1",
	  { .cgroup_version = 1,
	    .memory_dir = "/sys/fs/cgroup/memory/fmbench-capture",
	    .cpu_dir = "/sys/fs/cgroup/cpu/fmbench-capture",
	    .cpuacct_dir = "/sys/fs/cgroup/cpuacct/fmbench-capture",
	    .client_cpu_dir = "/sys/fs/cgroup/cpuacct/fmbench-capture",
	    .swap_device = "/dev/zram1",
	    .reclaim_cpu = 1,
	    .cpus = &both_cpus } },
};

enum { L5_10, L6_1, L6_12, L6_18_V1, NR_MACHINES };

static const struct collector_ctx no_group = { .reclaim_cpu = -1 };

static size_t key_index(const struct collector *c, const char *name)
{
	for (size_t i = 0; i < c->nr_keys; i++)
		if (strcmp(c->keys[i].name, name) == 0)
			return i;
	fail_msg("collector %s has no key %s", c->name, name);
	return 0;
}

/* One reading of one key; ABSENT also where the collector does not open. */
static uint64_t read_one(const struct collector *c, const struct collector_ctx *ctx,
			 const char *name)
{
	uint64_t values[MAX_KEYS];
	bool have[MAX_KEYS];
	size_t i = key_index(c, name);
	struct err err = { 0 };
	void *state;
	int rc = c->open(ctx, &state, &err);

	if (rc < 0) {
		assert_int_equal(rc, -ENOENT);
		assert_int_equal(err.kind, ERR_MISSING);
		assert_true(*err.msg);
		return ABSENT;
	}
	/* The fast path is the second reading's as well. */
	assert_int_equal(c->read(state, values, have), 0);
	assert_int_equal(c->read(state, values, have), 0);
	c->close(state);
	return have[i] ? values[i] : ABSENT;
}

static void captured_values(void **state)
{
	/* Read off the captured files by eye. */
	static const struct {
		const struct collector *collector;
		const char *key;
		uint64_t expected[NR_MACHINES];
	} rows[] = {
		{ &collector_cgroup_cpu, "usage_usec", { 19783900, 16167481, 19116577, 391702 } },
		{ &collector_cgroup_cpu, "user_usec", { 803653, 718129, 573716, 30000 } },
		{ &collector_cgroup_cpu, "system_usec", { 18980246, 15449352, 18542861, 350000 } },
		{ &collector_cgroup_cpu, "nr_throttled", { 0, 0, 0, 10 } },
		{ &collector_cgroup_cpu, "throttled_usec", { 0, 0, 0, 527409 } },
		{ &collector_cgroup_cpu,
		  "client_usage_usec",
		  { 19783900, 16167481, 19116577, 391702 } },
		{ &collector_cpu, "reclaim_cpu_user", { 1020000, 1120000, 1090000, 108210000 } },
		{ &collector_cpu, "reclaim_cpu_system", { 17050000, 9320000, 14050000, 17400000 } },
		{ &collector_cpu, "reclaim_cpu_idle", { 2740000, 2110000, 2360000, 888360000 } },
		{ &collector_cpu, "reclaim_cpu_iowait", { 0, 0, 0, 49290000 } },
		{ &collector_cpu, "reclaim_cpu_softirq", { 5060000, 1550000, 1240000, 3030000 } },
		{ &collector_cpu, "reclaim_cpu_steal", { 0, 0, 0, 120000 } },
		{ &collector_cpu, "steal", { 0, 0, 0, 240000 } },
		{ &collector_cpu, "run_cpus_busy", { 44170000, 20200000, 37130000, 230440000 } },
		{ &collector_cpu, "run_cpus_steal", { 0, 0, 0, 240000 } },
		{ &collector_frontswap, "loads", { 16744, 12994, ABSENT, ABSENT } },
		{ &collector_frontswap, "succ_stores", { 26867, 25979, ABSENT, ABSENT } },
		{ &collector_frontswap, "failed_stores", { 10327, 10812, ABSENT, ABSENT } },
		{ &collector_frontswap, "invalidates", { 16734, 12981, ABSENT, ABSENT } },
		{ &collector_memory_events, "high", { 612, 447, 468, ABSENT } },
		{ &collector_memory_events, "max", { 0, 0, 0, 44828 } },
		{ &collector_memory_events, "oom_kill", { 0, 0, 0, 0 } },
		{ &collector_memory_events, "oom_group_kill", { ABSENT, 0, 0, ABSENT } },
		{ &collector_memory_stat, "anon", { 49336320, 27095040, 37093376, 49033216 } },
		{ &collector_memory_stat, "file", { 135168, 192512, 237568, 196608 } },
		{ &collector_memory_stat, "swapcached", { ABSENT, 12288, 724992, 12288 } },
		{ &collector_memory_stat, "pgmajfault", { 19899, 17249, 18689, 19810 } },
		{ &collector_memory_stat, "pgscan_direct", { ABSENT, 79477, 66416, ABSENT } },
		{ &collector_memory_stat, "pgsteal", { 37237, 37408, 37302, ABSENT } },
		{ &collector_memory_stat, "zswpout", { ABSENT, 25981, 21823, ABSENT } },
		{ &collector_memory_stat, "swpout_zero", { ABSENT, ABSENT, 0, ABSENT } },
		{ &collector_memory_usage,
		  "memory.current",
		  { 50253824, 50171904, 50139136, 49926144 } },
		{ &collector_memory_usage,
		  "memory.swap.current",
		  { 70819840, 82280448, 76296192, 124043264 - 49926144 } },
		{ &collector_memory_usage,
		  "memory.peak",
		  { ABSENT, 50712576, 52334592, 50331648 } },
		{ &collector_pressure, "some_avg10", { 2180, 3650, 5900, ABSENT } },
		{ &collector_pressure, "some_total", { 2238296, 2761458, 1644142, ABSENT } },
		{ &collector_pressure, "full_avg10", { 1040, 3580, 5780, ABSENT } },
		{ &collector_pressure, "full_total", { 1135427, 2681318, 1589172, ABSENT } },
		{ &collector_pressure, "system_some_avg10", { 6530, 9090, 5860, 0 } },
		{ &collector_pressure, "system_full_total", { 917813, 2087945, 1380697, 89344 } },
		{ &collector_swap_area, "size", { 268431360, 268431360, 268431360, 268431360 } },
		{ &collector_swap_area, "used", { 71041024, 82575360, 76546048, 74129408 } },
		{ &collector_swap_area, "all_used", { 71041024, 82575360, 76546048, 74129408 } },
		{ &collector_swap_area, "areas", { 1, 1, 1, 1 } },
		{ &collector_vmstat, "pswpin", { 3187, 4247, 3804, 19808 } },
		{ &collector_vmstat, "pswpout", { 10327, 11323, 15322, 37945 } },
		{ &collector_vmstat, "pgmajfault", { 20045, 17321, 18761, 21613 } },
		{ &collector_vmstat, "nr_swapcached", { ABSENT, 3, 177, 3 } },
		{ &collector_vmstat, "swap_ra", { 2, 2, 4, 2 } },
		{ &collector_vmstat, "zswpin", { ABSENT, 12994, 14874, 0 } },
		{ &collector_zram, "orig_data_size", { 29319168, 29036544, 47247360, 74133504 } },
		{ &collector_zram, "compr_data_size", { 29315145, 29032521, 38453730, 45336736 } },
		{ &collector_zram, "mem_used_max", { 42307584, 44290048, 53522432, 57618432 } },
		{ &collector_zram, "huge_pages", { 7157, 7088, 7438, 6591 } },
		{ &collector_zram, "huge_pages_since", { ABSENT, 10811, 11226, 9728 } },
		{ &collector_zram, "notify_free", { 19904, 17216, 18688, 19847 } },
		{ &collector_zram, "bd_count", { 0, 0, 0, ABSENT } },
	};

	(void)state;
	for (size_t m = 0; m < NR_MACHINES; m++) {
		sysfile_set_root(machines[m].root);
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			uint64_t got = read_one(rows[i].collector, &machines[m].ctx, rows[i].key);

			if (got != rows[i].expected[m])
				fail_msg("%s: %s %s is %" PRIu64 ", not %" PRIu64, machines[m].root,
					 rows[i].collector->name, rows[i].key, got,
					 rows[i].expected[m]);
		}
	}
}

/* Every key of the two long files, against the plain reader of base/. */
static void every_key_as_the_plain_reader(void **state)
{
	size_t nr_have = 0;

	(void)state;
	for (size_t m = 0; m < NR_MACHINES; m++) {
		const struct collector_ctx *ctx = &machines[m].ctx;
		const struct collector *const both[] = { &collector_memory_stat,
							 &collector_vmstat };
		char paths[2][PATH_MAX] = { "", "/proc/vmstat" };

		sysfile_set_root(machines[m].root);
		snprintf(paths[0], sizeof(paths[0]), "%s/memory.stat", ctx->memory_dir);
		for (size_t b = 0; b < 2; b++)
			for (size_t i = 0; i < both[b]->nr_keys; i++) {
				const struct collector_key *key = &both[b]->keys[i];
				const char *name =
					b == 0 && ctx->cgroup_version == 1 ? key->alias : key->name;
				uint64_t expected = ABSENT;

				if (name && sysfile_read_key(paths[b], name, &expected) == 0)
					nr_have++;
				assert_int_equal(read_one(both[b], ctx, key->name), expected);
			}
	}
	assert_true(nr_have > 400);
}

static void table_is_whole(void **state)
{
	size_t nr_rows = 0, nr_files = 0;

	(void)state;
	for (const struct collector *const *c = collector_table; *c; c++, nr_rows++) {
		char path[PATH_MAX];

		assert_true((*c)->name && (*c)->summary && (*c)->open && (*c)->read && (*c)->close);
		assert_true((*c)->nr_keys > 0 && (*c)->nr_keys <= MAX_KEYS);
		snprintf(path, sizeof(path), "collectors/%s.c", (*c)->name);
		assert_int_equal(access(path, R_OK), 0);
		for (const struct collector *const *d = collector_table; d < c; d++)
			assert_string_not_equal((*c)->name, (*d)->name);
		for (size_t i = 0; i < (*c)->nr_keys; i++) {
			assert_non_null((*c)->keys[i].name);
			assert_non_null((*c)->keys[i].unit);
			assert_int_equal(key_index(*c, (*c)->keys[i].name), i);
		}
	}

	DIR *dir = opendir("collectors");

	assert_non_null(dir);
	sysfile_set_root("");
	for (struct dirent *d; (d = readdir(dir));) {
		char path[PATH_MAX];
		struct buf text = BUF_INIT;

		if (!strstr(d->d_name, ".c"))
			continue;
		snprintf(path, sizeof(path), "collectors/%s", d->d_name);
		assert_int_equal(sysfile_read(path, &text), 0);
		nr_files += strstr(text.data, "\nconst struct collector collector_") != NULL;
		buf_release(&text);
	}
	closedir(dir);
	assert_int_equal(nr_rows, nr_files);
}

static void nothing_there(void **state)
{
	(void)state;
	sysfile_set_root("tests/fixtures/no-such-machine");
	for (const struct collector *const *c = collector_table; *c; c++)
		assert_int_equal(read_one(*c, &machines[L6_1].ctx, (*c)->keys[0].name), ABSENT);
}

static void no_group_no_device(void **state)
{
	(void)state;
	sysfile_set_root(machines[L6_1].root);
	assert_int_equal(read_one(&collector_memory_stat, &no_group, "anon"), ABSENT);
	assert_int_equal(read_one(&collector_memory_usage, &no_group, "memory.current"), ABSENT);
	assert_int_equal(read_one(&collector_memory_events, &no_group, "max"), ABSENT);
	assert_int_equal(read_one(&collector_cgroup_cpu, &no_group, "usage_usec"), ABSENT);
	assert_int_equal(read_one(&collector_pressure, &no_group, "some_total"), ABSENT);
	assert_int_equal(read_one(&collector_pressure, &no_group, "system_some_total"), 2165517);
	assert_int_equal(read_one(&collector_zram, &no_group, "orig_data_size"), ABSENT);
	assert_int_equal(read_one(&collector_cpu, &no_group, "reclaim_cpu_user"), ABSENT);
	assert_int_equal(read_one(&collector_cpu, &no_group, "steal"), 0);
	assert_int_equal(read_one(&collector_swap_area, &no_group, "used"), ABSENT);
	assert_int_equal(read_one(&collector_swap_area, &no_group, "all_used"), 82575360);

	struct collector_ctx ctx = machines[L6_1].ctx;

	ctx.swap_device = "/dev/zram1p1";
	assert_int_equal(read_one(&collector_zram, &ctx, "orig_data_size"), ABSENT);
	ctx.swap_device = "/dev/zram"; /* a prefix of the area's name */
	assert_int_equal(read_one(&collector_swap_area, &ctx, "used"), ABSENT);
}

/* Absent before the program tells; then its threads' sum. */
static void progress_of_a_job(void **state)
{
	struct progress *progress;
	int fd;

	(void)state;
	assert_int_equal(progress_new(&progress, &fd, NULL), 0);

	struct collector_ctx ctx = { .reclaim_cpu = -1, .progress = progress };

	assert_int_equal(read_one(&collector_progress, &no_group, "operations"), ABSENT);
	assert_int_equal(read_one(&collector_progress, &ctx, "operations"), ABSENT);
	progress_begin(progress, 2);
	assert_int_equal(read_one(&collector_progress, &ctx, "operations"), 0);
	progress_set(progress, 0, 40);
	progress_set(progress, 1, 2);
	assert_int_equal(read_one(&collector_progress, &ctx, "operations"), 42);
	progress_begin(progress, PROGRESS_SLOTS + 1); /* shared slots */
	progress_add(progress, PROGRESS_SLOTS, 8);
	assert_int_equal(read_one(&collector_progress, &ctx, "operations"), 50);
	progress_unmap(progress);
	close(fd);
}

/* A directory of its own for each test, which is then the sysroot. */
static char scratch[] = "/tmp/test_collectors.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);

	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make_dir(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int make_scratch(void **state)
{
	char path[PATH_MAX];

	(void)state;
	memcpy(strrchr(scratch, '.'), ".XXXXXX", 7);
	if (!mkdtemp(scratch))
		return -1;
	sysfile_set_root(scratch);
	snprintf(path, sizeof(path), "%s/proc", scratch);
	return mkdir(path, 0700);
}

static int remove_scratch(void **state)
{
	static const char *const names[] = { "proc/swaps",
					     "proc/stat",
					     "proc",
					     "sys/class/block/sdb2/stat",
					     "sys/class/block/sdb2",
					     "sys/class/block",
					     "sys/class",
					     "sys",
					     "memory.pressure",
					     "memory.stat",
					     "memory.usage_in_bytes",
					     "memory.memsw.usage_in_bytes",
					     "" };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", scratch, names[i]);
		remove(path);
	}
	return access(scratch, F_OK) == 0 ? -1 : 0;
}

/* The scratch directory as a group. */
static const struct collector_ctx scratch_ctx = {
	.cgroup_version = 2,
	.memory_dir = "",
	.cpu_dir = "",
	.swap_device = "/dev/sdb2",
	.reclaim_cpu = -1,
};

static void odd_memory_stat(void **state)
{
	static const struct {
		const char *what, *text;
		uint64_t expected[3];
	} rows[] = {
		{ "empty", "", { ABSENT, ABSENT, ABSENT } },
		{ "no newline at the end", "anon 1\npgfault 12", { 1, ABSENT, 12 } },
		{ "key is a prefix of another",
		  "pgscan_direct 7\npgscan 9\nanonymous 3\n",
		  { ABSENT, 9, ABSENT } },
		{ "another is a prefix of the key",
		  "ano 1\npgsca 2\npgfaul 3\n",
		  { ABSENT, ABSENT, ABSENT } },
		{ "key not at line start",
		  " anon 1\nxpgscan 2\nnr pgfault 3\n",
		  { ABSENT, ABSENT, ABSENT } },
		{ "wide value",
		  "anon 18446744073709551614\npgscan 5\n",
		  { UINT64_MAX - 1, 5, ABSENT } },
		{ "value too large",
		  "anon 18446744073709551616\npgscan 5\n",
		  { ABSENT, 5, ABSENT } },
		{ "value much too large",
		  "pgfault 99999999999999999999999\nanon 4\n",
		  { 4, ABSENT, ABSENT } },
		{ "no value", "anon\npgscan \npgfault 3\n", { ABSENT, ABSENT, 3 } },
		{ "value on the next line", "anon \n5\npgfault 3\n", { ABSENT, ABSENT, 3 } },
		{ "junk behind a value",
		  "anon 5kB\npgscan 6 kB\npgfault -7\n",
		  { ABSENT, 6, ABSENT } },
		{ "blank lines", "\n\nanon 5\n\npgfault 6\n\n", { 5, ABSENT, 6 } },
	};
	static const char *const keys[] = { "anon", "pgscan", "pgfault" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		write_file("memory.stat", rows[i].text);
		for (size_t k = 0; k < 3; k++) {
			uint64_t got = read_one(&collector_memory_stat, &scratch_ctx, keys[k]);

			if (got != rows[i].expected[k])
				fail_msg("%s: %s is %" PRIu64 ", not %" PRIu64, rows[i].what,
					 keys[k], got, rows[i].expected[k]);
		}
	}
}

static void changing_file(void **state)
{
	static const struct collector_key keys[] = {
		{ "a", "events", KEY_COUNTER, NULL },
		{ "bb", "events", KEY_COUNTER, NULL },
		{ "ccc", "events", KEY_COUNTER, NULL },
	};
	uint64_t values[3];
	bool have[3];
	void *f;

	(void)state;
	write_file("memory.stat", "a 1\ncc 7\nbb 2\n");
	assert_int_equal(keyfile_new("", "memory.stat", keys, 3, KEYFILE_NAMES, &f, NULL), 0);
	assert_int_equal(keyfile_read(f, values, have), 0);
	assert_true(have[0] && have[1] && !have[2]);
	assert_int_equal(values[0], 1);
	assert_int_equal(values[1], 2);

	/* Other places, a key that was not there, one that was: what was looked up at open must not
	 * stick to the line. */
	write_file("memory.stat", "noise 8\nccc 30\na 18446744073709551615\nnoise 7\n");
	assert_int_equal(keyfile_read(f, values, have), 0);
	assert_true(have[0] && !have[1] && have[2]);
	assert_true(values[0] == UINT64_MAX);
	assert_int_equal(values[2], 30);

	write_file("memory.stat", "");
	assert_int_equal(keyfile_read(f, values, have), 0);
	assert_true(!have[0] && !have[1] && !have[2]);

	/* Outgrown: told, rather than cut off. */
	char *long_text = malloc(20001);

	assert_non_null(long_text);
	memset(long_text, '\n', 20000);
	long_text[20000] = '\0';
	write_file("memory.stat", long_text);
	free(long_text);
	assert_int_equal(keyfile_read(f, values, have), -EMSGSIZE);
	keyfile_free(f);
}

/* Larger than a page and than the buffer at first; every number as wide as it gets. */
static void long_file(void **state)
{
	static const struct collector_key key = { "last", "events", KEY_COUNTER, NULL };
	struct buf text = BUF_INIT;
	uint64_t value;
	bool have;
	void *f;

	(void)state;
	for (int i = 0; i < 2000; i++)
		buf_addf(&text, "some_long_key_%d 0\n", i);
	buf_adds(&text, "last 1\n");
	write_file("memory.stat", text.data);
	assert_int_equal(keyfile_new("", "memory.stat", &key, 1, KEYFILE_NAMES, &f, NULL), 0);
	buf_reset(&text);
	for (int i = 0; i < 2000; i++)
		buf_addf(&text, "some_long_key_%d %" PRIu64 "\n", i, UINT64_MAX);
	buf_adds(&text, "last 77\n");
	write_file("memory.stat", text.data);
	buf_release(&text);
	assert_int_equal(keyfile_read(f, &value, &have), 0);
	assert_true(have);
	assert_int_equal(value, 77);
	keyfile_free(f);
}

/* What /proc does when its process is gone, a control group does when it is removed. */
static void vanished_source(void **state)
{
	static const struct collector_key key = { "VmRSS:", "kB", KEY_GAUGE, NULL };
	uint64_t value;
	bool have = true;
	char dir[32];
	void *f;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		for (;;)
			pause();
	assert_true(pid > 0);
	sysfile_set_root("");
	snprintf(dir, sizeof(dir), "/proc/%d", (int)pid);
	assert_int_equal(keyfile_new(dir, "status", &key, 1, KEYFILE_NAMES, &f, NULL), 0);
	assert_int_equal(keyfile_read(f, &value, &have), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(keyfile_read(f, &value, &have), -ESRCH);
	assert_false(have);
	keyfile_free(f);
}

/* What can't be read for another reason than that it isn't there is no absence. */
static void unreadable_source(void **state)
{
	struct keptfile f;
	struct err err = { 0 };

	(void)state;
	sysfile_set_root("");
	assert_int_equal(keptfile_open(&f, "/proc", "self", &err), -EISDIR);
	assert_int_equal(err.kind, ERR_FAILED);
	assert_non_null(strstr(err.msg, "/proc/self"));
	assert_int_equal(f.fd, -1);
	assert_int_equal(keptfile_open_if_there(&f, "/proc", "self", &err), -EISDIR);
	assert_int_equal(keptfile_open(&f, "/proc", "no-such-file", &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_int_equal(keptfile_open_if_there(&f, "/proc", "no-such-file", &err), 0);
	assert_int_equal(f.fd, -1);
}

/*
 * A file that answers pread with ESPIPE and a second read of the same descriptor with its end, as
 * debugfs's attributes of one number do: a FIFO, which a child fills once for each descriptor.
 */
static void file_that_does_not_seek(void **state)
{
	int go[2];
	char path[PATH_MAX];
	struct keptfile f;
	uint64_t value = 0;
	bool have;

	(void)state;
	snprintf(path, sizeof(path), "%s/loads", scratch);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pipe(go), 0);

	pid_t pid = fork();

	for (int i = 1; pid == 0 && i <= 3; i++) {
		char c;

		if (read(go[0], &c, 1) != 1)
			_exit(1);

		int fd = open(path, O_WRONLY);

		dprintf(fd, "%d\n", 10 * i);
		close(fd);
	}
	if (pid == 0)
		_exit(0);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(keptfile_open(&f, "", "loads", NULL), 0);
	for (uint64_t i = 2; i <= 3; i++) {
		assert_int_equal(write(go[1], "g", 1), 1);
		assert_int_equal(keptfile_read_u64(&f, &value, &have), 0);
		assert_true(have);
		assert_int_equal(value, 10 * i);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(go[0]);
	close(go[1]);
	remove(path);
	assert_int_equal(keptfile_read_u64(&f, &value, &have), -ENOENT);
	assert_false(have);
	keptfile_close(&f);
}

/* cpu1 is offline and has no line; cpu10 and cpu11 begin as it would. */
static void offline_cpu(void **state)
{
	struct collector_ctx ctx = scratch_ctx;

	(void)state;
	write_file("proc/stat", "cpu  9 9 9 9 9 9 9 3 9 9\n"
				"cpu0 8 8 8 8 8 8 8 8 8 8\n"
				"cpu10 1 2 3 4 5 6 7 8 9 0\n"
				"cpu11 1 2 3\n"
				"intr 5 0 1\n");
	ctx.reclaim_cpu = 1;
	assert_int_equal(read_one(&collector_cpu, &ctx, "reclaim_cpu_system"), ABSENT);
	assert_int_equal(read_one(&collector_cpu, &ctx, "steal"), 30000);
	ctx.reclaim_cpu = 10;
	assert_int_equal(read_one(&collector_cpu, &ctx, "reclaim_cpu_system"), 30000);
	ctx.reclaim_cpu = 11; /* cut short */
	assert_int_equal(read_one(&collector_cpu, &ctx, "reclaim_cpu_user"), ABSENT);

	/* Those of the run: user, nice and system. */
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(1, &cpus);
	ctx.cpus = &cpus;
	assert_int_equal(read_one(&collector_cpu, &ctx, "run_cpus_busy"), ABSENT);
	CPU_SET(10, &cpus);
	CPU_SET(11, &cpus);
	assert_int_equal(read_one(&collector_cpu, &ctx, "run_cpus_busy"), 60000);
	CPU_SET(0, &cpus);
	assert_int_equal(read_one(&collector_cpu, &ctx, "run_cpus_busy"), 60000 + 240000);
	assert_int_equal(read_one(&collector_cpu, &ctx, "run_cpus_steal"), 80000 + 80000);
}

/* As an Intel machine has it: a core's count of its own, a package's at each of its CPUs. */
static void too_hot(void **state)
{
	struct collector_ctx ctx = scratch_ctx;
	cpu_set_t cpus;

	(void)state;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CPU_SET(2, &cpus);
	ctx.cpus = &cpus;
	assert_int_equal(read_one(&collector_thermal, &ctx, "core_throttle_count"), ABSENT);
	put("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "40\n");
	put("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "40\n");
	put("/sys/devices/system/cpu/cpu2/thermal_throttle/core_throttle_count", "5\n");
	put("/sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count", "7\n");
	put("/sys/devices/system/cpu/cpu2/thermal_throttle/package_throttle_count", "7\n");
	assert_int_equal(read_one(&collector_thermal, &ctx, "core_throttle_count"), 45);
	assert_int_equal(read_one(&collector_thermal, &ctx, "package_throttle_count"), 7);
	assert_int_equal(read_one(&collector_thermal, &scratch_ctx, "core_throttle_count"), ABSENT);
}

static void merged_pages(void **state)
{
	(void)state;
	assert_int_equal(read_one(&collector_ksm, &scratch_ctx, "pages_sharing"), ABSENT);
	put("/sys/kernel/mm/ksm/pages_shared", "3\n");
	put("/sys/kernel/mm/ksm/pages_sharing", "12\n");
	put("/sys/kernel/mm/ksm/full_scans", "4\n");
	assert_int_equal(read_one(&collector_ksm, &scratch_ctx, "pages_sharing"), 12);
	assert_int_equal(read_one(&collector_ksm, &scratch_ctx, "full_scans"), 4);
}

static void several_areas(void **state)
{
	(void)state;
	write_file("proc/swaps",
		   "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		   "/dev/sdb2                               partition\t200\t\t20\t\t5\n"
		   "/dev/sdb                                partition\t100\t\t10\t\t-2\n"
		   "/var/my\\040swap\\040(deleted)           file\t\t400\t\t40\t\t-3");
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "size"), 200 * 1024);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "used"), 20 * 1024);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "others_used"), 50 * 1024);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "all_size"), 700 * 1024);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "all_used"), 70 * 1024);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "areas"), 3);

	/* No area at all: the kernel still prints the header. */
	write_file("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "size"), ABSENT);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "others_used"), ABSENT);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "all_used"), 0);
	assert_int_equal(read_one(&collector_swap_area, &scratch_ctx, "areas"), 0);
}

/* The real columns are longer on later kernels; what is cut short is absent. */
static void disk_of_the_area(void **state)
{
	static const char *const dirs[] = { "sys", "sys/class", "sys/class/block",
					    "sys/class/block/sdb2" };

	(void)state;
	assert_int_equal(read_one(&collector_swap_device, &scratch_ctx, "read"), ABSENT);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		make_dir(dirs[i]);
	write_file("sys/class/block/sdb2/stat",
		   "    1201        2    80016       33      904        5     7232     1100\n");
	assert_int_equal(read_one(&collector_swap_device, &scratch_ctx, "read"), 80016 * 512);
	assert_int_equal(read_one(&collector_swap_device, &scratch_ctx, "written"), 7232 * 512);
	write_file("sys/class/block/sdb2/stat", "1201 2 80016 33 904 5\n");
	assert_int_equal(read_one(&collector_swap_device, &scratch_ctx, "read"), 80016 * 512);
	assert_int_equal(read_one(&collector_swap_device, &scratch_ctx, "written"), ABSENT);
	assert_int_equal(read_one(&collector_swap_device, &no_group, "read"), ABSENT);
}

static void odd_pressure(void **state)
{
	(void)state;
	write_file("memory.pressure", "some avg10=100.00 avg60=0.00 avg300=0.00\n"
				      "full avg10=x avg60=0.00 avg300=0.00 total=5\n");
	assert_int_equal(read_one(&collector_pressure, &scratch_ctx, "some_avg10"), 100000);
	/* Not that of the line below. */
	assert_int_equal(read_one(&collector_pressure, &scratch_ctx, "some_total"), ABSENT);
	assert_int_equal(read_one(&collector_pressure, &scratch_ctx, "full_avg10"), ABSENT);
	assert_int_equal(read_one(&collector_pressure, &scratch_ctx, "full_total"), 5);
	assert_int_equal(read_one(&collector_pressure, &scratch_ctx, "system_full_total"), ABSENT);
}

/* The two files of v1 are not read at one instant. */
static void swapped_memory_is_never_negative(void **state)
{
	struct collector_ctx v1 = scratch_ctx;

	(void)state;
	v1.cgroup_version = 1;
	write_file("memory.usage_in_bytes", "8192\n");
	write_file("memory.memsw.usage_in_bytes", "4096\n");
	assert_int_equal(read_one(&collector_memory_usage, &v1, "memory.swap.current"), 0);
	write_file("memory.memsw.usage_in_bytes", "12288\n");
	assert_int_equal(read_one(&collector_memory_usage, &v1, "memory.swap.current"), 4096);
	assert_int_equal(read_one(&collector_memory_usage, &v1, "memory.peak"), ABSENT);
}

int main(void)
{
#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, make_scratch, remove_scratch)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(captured_values),
		cmocka_unit_test(every_key_as_the_plain_reader),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(no_group_no_device),
		cmocka_unit_test(progress_of_a_job),
		cmocka_unit_test(vanished_source),
		cmocka_unit_test(unreadable_source),
		SCRATCH(odd_memory_stat),
		SCRATCH(changing_file),
		SCRATCH(long_file),
		SCRATCH(file_that_does_not_seek),
		SCRATCH(offline_cpu),
		cmocka_unit_test_setup_teardown(too_hot, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(merged_pages, tree_setup, tree_teardown),
		SCRATCH(several_areas),
		SCRATCH(disk_of_the_area),
		SCRATCH(odd_pressure),
		SCRATCH(swapped_memory_is_never_negative),
	};

	return cmocka_run_group_tests_name("collectors", tests, NULL, NULL);
}
