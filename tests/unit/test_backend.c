// SPDX-License-Identifier: GPL-2.0-or-later
/* Backends on captured and made-up trees; what needs root is in backend_killed.c. */
#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "backend/backend.h"
#include "backend/module.h"
#include "backend/swap_areas.h"
#include "backend/busy.h"
#include "backend/zram.h"
#include "base/alloc.h"
#include "base/sysfile.h"

#define SEVERAL "tests/fixtures/swap-several"
#define HEADER	"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

static char tree[64]; /* a made-up root, empty at the start of each test */

static void put(const char *path, const char *text)
{
	char full[PATH_MAX], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", tree, path);
	for (slash = strchr(full + strlen(tree) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_holds(const char *path, const char *text)
{
	struct buf b = BUF_INIT;

	assert_int_equal(sysfile_read(path, &b), 0);
	assert_string_equal(b.len ? b.data : "", text);
	buf_release(&b);
}

static int setup(void **state)
{
	(void)state;
	strcpy(tree, "/tmp/fmbench-backend.XXXXXX");
	if (!mkdtemp(tree))
		return -1;
	put("/proc/swaps", HEADER);
	sysfile_set_root(tree);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	sysfile_set_root("");
	return nftw(tree, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void *params_of(const struct backend *b, const char *pair)
{
	void *params = xcalloc(1, b->params_size + 1);
	struct err err = { 0 };

	opt_defaults(b->opts, params);
	if (pair && opt_set_pair(b->opts, params, pair, b->name, &err) < 0)
		fail_msg("%s", err.msg);
	return params;
}

static int check_with(const struct backend *b, const char *pair, struct err *err)
{
	void *params = params_of(b, pair);
	int rc = b->check(params, err);

	opt_release(b->opts, params);
	free(params);
	return rc;
}

static void table_is_whole(void **state)
{
	unsigned int nr_rows = 0, nr_files = 0;
	struct dirent *entry;
	DIR *dir;

	(void)state;
	for (const struct backend *const *b = backend_table; *b; b++, nr_rows++) {
		assert_non_null((*b)->summary);
		assert_non_null((*b)->check);
		assert_non_null((*b)->up);
		assert_non_null((*b)->facts);
		assert_int_equal((*b)->opts != NULL, (*b)->params_size != 0);
		assert_ptr_equal(backend_find((*b)->name, NULL), *b); /* also: names are unique */
	}
	dir = opendir("backend");
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		struct buf text = BUF_INIT;
		char path[PATH_MAX];

		if (!dot || strcmp(dot, ".c") != 0)
			continue;
		snprintf(path, sizeof(path), "backend/%s", entry->d_name);
		sysfile_set_root("");
		assert_int_equal(sysfile_read(path, &text), 0);
		nr_files += strstr(text.data, "\nconst struct backend backend_") != NULL;
		buf_release(&text);
	}
	closedir(dir);
	assert_int_equal(nr_rows, nr_files);
}

static void find_suggests(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_null(backend_find("zarm", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, "did you mean 'zram'"));
	assert_null(backend_find("", &err));
}

static void auto_prefers_swap_that_is_on(void **state)
{
	struct err err = { 0 };

	(void)state;
	put("/proc/swaps", HEADER "/dev/vdb partition 1024 0 -2\n");
	assert_ptr_equal(backend_auto(&err), &backend_swap);
}

static void areas_are_parsed(void **state)
{
	const struct swap_area *area;
	struct swap_areas areas;
	struct err err = { 0 };

	(void)state;
	sysfile_set_root(SEVERAL);
	assert_int_equal(swap_areas_read(&areas, &err), 0);
	assert_int_equal(areas.nr, 3);
	area = swap_areas_find(&areas, "/dev/zram1");
	assert_non_null(area);
	assert_false(area->is_file);
	assert_int_equal(area->size_bytes, 65532 * 1024);
	assert_int_equal(area->used_bytes, 0);
	assert_int_equal(area->priority, 100);
	area = swap_areas_find(&areas, "/var/tmp/far memory/swap file");
	assert_non_null(area);
	assert_true(area->is_file);
	assert_int_equal(area->priority, -2);
	assert_null(swap_areas_find(&areas, "/dev/zram"));
	swap_areas_release(&areas);
}

static void odd_swaps_files(void **state)
{
	struct swap_areas areas;
	struct err err = { 0 };
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(swap_areas_read(&areas, &err), 0);
	assert_int_equal(areas.nr, 0);
	swap_areas_release(&areas);

	put("/proc/swaps", HEADER "/a\\011b\\134c file 8388604 4 32767\n");
	assert_int_equal(swap_areas_read(&areas, &err), 0);
	assert_int_equal(areas.nr, 1);
	assert_string_equal(areas.rows[0].path, "/a\tb\\c");
	assert_int_equal(areas.rows[0].used_bytes, 4096);
	assert_int_equal(areas.rows[0].priority, 32767);
	swap_areas_release(&areas);

	snprintf(path, sizeof(path), "%s/proc/swaps", tree);
	unlink(path);
	assert_true(swap_areas_read(&areas, &err) < 0);
	assert_int_equal(err.kind, ERR_MISSING);
}

static void swap_takes_what_is_on(void **state)
{
	struct backend_ctx ctx = { .backend = &backend_swap };
	struct err err = { 0 };
	struct facts facts;

	(void)state;
	assert_true(backend_swap.check(NULL, &err) < 0);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "swapon"));

	put("/sys/module/zswap/parameters/enabled", "Y\n");
	put("/proc/swaps", HEADER "/dev/vdb partition 1024 256 -2\n");
	assert_int_equal(backend_swap.check(NULL, &err), 0);
	ctx.need_bytes = 769 * 1024; /* 768 KiB are free */
	assert_true(backend_swap.up(&ctx, NULL, &err) < 0);
	assert_int_equal(err.kind, ERR_MISSING);
	ctx.need_bytes = 768 * 1024;
	assert_int_equal(backend_swap.up(&ctx, NULL, &err), 0);
	assert_string_equal(ctx.swap_device, "/dev/vdb");
	facts_init(&facts);
	backend_swap.facts(&ctx, &facts);
	assert_string_equal(facts_get(&facts, "swap_size_bytes"), "1048576");
	assert_string_equal(facts_get(&facts, "swap_priority"), "-2");
	assert_string_equal(facts_get(&facts, "zswap_enabled"), "Y");
	assert_null(facts_get(&facts, "swap_devices"));
	facts_release(&facts);

	assert_int_equal(backend_swap.health(&ctx, &err), 0);
	put("/proc/swaps", HEADER);
	assert_true(backend_swap.health(&ctx, &err) < 0);
	assert_non_null(strstr(err.msg, "/dev/vdb"));
}

/* A device that went away under a swap area: told apart from one that was turned off, and from a swap
 * file that was only unlinked. */
static void lost_devices_are_told(void **state)
{
	struct backend_ctx ctx = { .backend = &backend_swapfile, .swap_device = "/dev/nvme0n1" };
	char *args[JOURNAL_MAX_ARGS] = { (char *)"/dev/nvme0n1", (char *)"a UUID" };
	struct swap_areas areas;
	struct err err = { 0 };

	(void)state;
	put("/proc/swaps", HEADER "/dev/nvme0n1\\040(deleted) partition 1024 8 32767\n"
				  "/var/a\\040(deleted) file 1024 8 -2\n"
				  "/dev/vdb partition 1024 8 -3\n");
	assert_int_equal(swap_areas_read(&areas, &err), 0);
	assert_true(areas.rows[0].is_lost);
	assert_false(areas.rows[1].is_lost);
	assert_false(areas.rows[2].is_lost);
	swap_areas_release(&areas);
	assert_true(swap_area_health(&ctx, &err) < 0);
	assert_non_null(strstr(err.msg, "is gone while it was swap"));
	assert_int_equal(swap_area_undo(args, &err), 0); /* no swapoff can be called */
	snprintf(ctx.swap_device, sizeof(ctx.swap_device), "/dev/nvme0n");
	assert_true(swap_area_health(&ctx, &err) < 0);
	assert_non_null(strstr(err.msg, "no longer on"));
}

static void targets_are_parsed(void **state)
{
	static const struct {
		const struct backend *backend;
		const char *pair;
		bool good;
	} rows[] = {
		{ &backend_nvme_tcp, "target=10.0.0.2:4420,nqn=far", true },
		{ &backend_nvme_tcp, "target=10.0.0.2:4420,nqn=a:b,nsid=2,hostnqn=h", true },
		{ &backend_nvme_rdma, "target=10.0.0.2:4420,nqn=far", true },
		{ &backend_nvme_tcp, "target=10.0.0.2:4420", false },
		{ &backend_nvme_tcp, "target=10.0.0.2,nqn=far", false },
		{ &backend_nvme_tcp, "target=10.0.0:1,nqn=far", false },
		{ &backend_nvme_tcp, "target=10.0.0.2:0,nqn=far", false },
		{ &backend_nvme_tcp, "target=10.0.0.2:4420,nqn=", false },
		{ &backend_nvme_tcp, "target=10.0.0.2:4420,nqn=far,nsid=0", false },
		{ &backend_nvme_tcp, "target=10.0.0.2:4420,nqn=far,path=x", false },
		{ &backend_nbd, "target=10.0.0.2:10809", true },
		{ &backend_nbd, "target=10.0.0.2:10809,name=far", true },
		{ &backend_nbd, "target=10.0.0.2", false },
		{ &backend_nbd, "target=10.0.0.2:x", false },
		{ &backend_nbd, "target=far:10809", false },
		{ &backend_nbd, "target=10.0.0.2:10809,export=far", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = { 0 };

		check_with(rows[i].backend, rows[i].pair, &err);
		if ((err.kind == ERR_USAGE) == rows[i].good)
			fail_msg("%s %s: %s", rows[i].backend->name, rows[i].pair, err.msg);
	}
}

static void zswap_stands_before_devices(void **state)
{
	const struct backend *b = backend_find("zswap+nvme-tcp", NULL);
	struct err err = { 0 };
	void *params;

	(void)state;
	assert_non_null(b);
	assert_ptr_equal(backend_find("zswap+nvme-tcp", NULL), b);
	assert_true(b->caps & CAP_ZSWAP && b->caps & CAP_REMOTE);
	for_each_opt (o, backend_nvme_tcp.opts)
		assert_non_null(opt_find(b->opts, o->name));
	/* Each reads its own part of the parameters. */
	put("/sys/module/zswap/parameters/enabled", "N\n");
	assert_true(check_with(b, "target=10.0.0.2", &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, "nvme-tcp"));
	assert_true(check_with(b, "shrinker=on", &err) < 0);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "6.8"));
	params = params_of(b, "max-pool=7");
	opt_release(b->opts, params);
	free(params);
	assert_null(backend_find("zswap+swap", &err));
	assert_null(backend_find("zswap+fastswap-dram", &err));
	assert_null(backend_find("zswap+zswap+brd", &err));
	assert_null(backend_find("zswap+nvme-tpc", &err));
	assert_non_null(strstr(err.msg, "did you mean 'nvme-tcp'"));
}

static void swap_names_several(void **state)
{
	struct backend_ctx ctx = { .backend = &backend_swap, .swap_device = "x" };
	struct err err = { 0 };
	struct facts facts;

	(void)state;
	sysfile_set_root(SEVERAL);
	assert_int_equal(backend_swap.up(&ctx, NULL, &err), 0);
	assert_string_equal(ctx.swap_device, "");
	facts_init(&facts);
	backend_swap.facts(&ctx, &facts);
	assert_string_equal(facts_get(&facts, "swap_areas_on"), "3");
	assert_non_null(strstr(facts_get(&facts, "swap_devices"), "/dev/zram1 (priority 100)"));
	assert_non_null(strstr(facts_get(&facts, "swap_devices"), "far memory/gone"));
	facts_release(&facts);
	assert_int_equal(backend_swap.health(&ctx, &err), 0);
}

static void zram_reports_its_device(void **state)
{
	struct backend_ctx ctx = { .backend = &backend_zram, .swap_device = "/dev/zram1" };
	struct facts facts;

	(void)state;
	sysfile_set_root(SEVERAL);
	facts_init(&facts);
	backend_zram.facts(&ctx, &facts);
	assert_string_equal(facts_get(&facts, "zram_algorithm"), "lzo-rle");
	assert_string_equal(facts_get(&facts, "zram_disksize_bytes"), "67108864");
	assert_string_equal(facts_get(&facts, "zram_mem_limit_bytes"), "0");
	assert_string_equal(facts_get(&facts, "swap_priority"), "100");
	facts_release(&facts);
}

static void zram_refuses_before_touching(void **state)
{
	struct err err = { 0 };

	(void)state;
	put("/sys/class/zram-control/hot_remove", "");
	put("/sys/block/zram0/disksize", "0\n");
	put("/sys/block/zram0/comp_algorithm", "[lzo-rle] lzo lz4 \n");
	assert_true(check_with(&backend_zram, "algorithm=lz", &err) < 0); /* a prefix of one */
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "lz4"));
	assert_true(check_with(&backend_zram, "size=4K", &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	err.kind = ERR_NONE;
	check_with(&backend_zram, "algorithm=lzo-rle", &err);
	assert_int_not_equal(err.kind, ERR_USAGE);
}

static void zram_undo_gives_back(void **state)
{
	char *keep[JOURNAL_MAX_ARGS] = { (char *)"1", (char *)"lzo-rle", NULL };
	char *added[JOURNAL_MAX_ARGS] = { (char *)"1", (char *)"remove", NULL };
	char *gone[JOURNAL_MAX_ARGS] = { (char *)"7", (char *)"remove", NULL };
	char *junk[JOURNAL_MAX_ARGS] = { (char *)"1x", (char *)"remove", NULL };
	struct err err = { 0 };

	(void)state;
	put("/sys/class/zram-control/hot_remove", "");
	put("/sys/block/zram1/disksize", "67108864\n");
	put("/sys/block/zram1/comp_algorithm", "lzo-rle lzo [lz4]\n");
	put("/sys/block/zram1/reset", "");

	assert_int_equal(zram_undo(gone, &err), 0);
	assert_true(zram_undo(junk, &err) < 0);
	assert_holds("/sys/block/zram1/reset", "");
	assert_holds("/sys/class/zram-control/hot_remove", "");

	assert_int_equal(zram_undo(keep, &err), 0);
	assert_holds("/sys/block/zram1/reset", "1");
	assert_holds("/sys/block/zram1/comp_algorithm", "lzo-rle");
	assert_holds("/sys/class/zram-control/hot_remove", "");

	assert_int_equal(zram_undo(added, &err), 0);
	assert_holds("/sys/class/zram-control/hot_remove", "1");
}

static void swapfile_names_the_file_system(void **state)
{
	static const char *const unfit[] = { "tmpfs", "overlay", "9p", "fuse.sshfs" };
	struct err err = { 0 };
	char line[128];

	(void)state;
	put("/proc/meminfo", "MemTotal:        1024 kB\n");
	put("/proc/filesystems", "nodev\ttmpfs\nnodev\toverlay\nnodev\t9p\nnodev\tfuse\n\text4\n");
	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++) {
		snprintf(line, sizeof(line),
			 "25 1 8:1 / / rw - ext4 /dev/a rw\n"
			 "26 25 0:5 / /tmp rw - %s none rw\n",
			 unfit[i]);
		put("/proc/self/mountinfo", line);
		assert_true(check_with(&backend_swapfile, "dir=/tmp", &err) < 0);
		assert_int_equal(err.kind, ERR_MISSING);
		assert_non_null(strstr(err.msg, unfit[i]));
	}
	assert_true(check_with(&backend_swapfile, "dir=/no/such", &err) < 0);
	assert_non_null(strstr(err.msg, "/no/such"));
	put("/proc/self/mountinfo", "25 1 8:1 / / rw - ext4 /dev/a rw\n");
	assert_true(check_with(&backend_swapfile, "size=16T", &err) < 0);
	assert_non_null(strstr(err.msg, "does not fit"));
}

static void sizes_have_slack(void **state)
{
	(void)state;
	for (uint64_t need = 1; need < 1ull << 44; need = need * 3 + 1) {
		uint64_t size = swap_area_size_for(need);

		assert_true(size >= need + need / 4);
		assert_true(size <= 2 * need + (66ull << 20));
		assert_int_equal(size % (1 << 20), 0);
	}
}

static void long_names_are_refused(void **state)
{
	struct backend_ctx ctx = { 0 };
	struct err err = { 0 };
	char name[256];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(ctx.swap_device)] = '\0';
	assert_true(swap_area_name(&ctx, name, &err) < 0);
	assert_string_equal(ctx.swap_device, "");
	name[sizeof(ctx.swap_device) - 1] = '\0';
	assert_int_equal(swap_area_name(&ctx, name, &err), 0);
}

/* Another area took the same path since: its UUID differs, and it must stay on. */
static void swapoff_only_of_ours(void **state)
{
	char *ours[JOURNAL_MAX_ARGS] = { NULL, (char *)"00112233-4455-6677-8899-aabbccddeeff",
					 NULL };
	char *other[JOURNAL_MAX_ARGS] = { NULL, (char *)"10112233-4455-6677-8899-aabbccddeeff",
					  NULL };
	static const unsigned char uuid[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
					      0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	char path[PATH_MAX], swaps[PATH_MAX + 128];
	struct err err = { 0 };
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/area", tree);
	ours[0] = other[0] = path;
	assert_int_equal(swap_area_undo(ours, &err), 0); /* not on: nothing to do */

	f = fopen(path, "w");
	assert_non_null(f);
	fseek(f, 1024 + 12, SEEK_SET); /* behind version, last_page and nr_badpages */
	fwrite(uuid, 1, sizeof(uuid), f);
	fseek(f, 4095, SEEK_SET);
	fputc('2', f);
	fclose(f);
	snprintf(swaps, sizeof(swaps), HEADER "%s file 1024 0 5\n", path);
	put("/proc/swaps", swaps);
	assert_int_equal(swap_area_undo(other, &err), 0);
	/* Ours: swapoff is called, and says that this plain file is not on (or that we are not root). */
	assert_true(swap_area_undo(ours, &err) < 0);
	assert_non_null(strstr(err.msg, "swapoff"));
}

static void module_undo_takes_none_for_done(void **state)
{
	char *gone[JOURNAL_MAX_ARGS] = { (char *)"fmbench_none", NULL };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(module_undo(gone, &err), 0);
	assert_false(module_available("fmbench_none"));
}

/* A memserver that ends before it serves: how, its last words, and the next step are told. */
static void memserver_says_how_it_ended(void **state)
{
	static const struct {
		const char *script, *told;
	} rows[] = {
		{ "echo 'first words'; echo 'no memory left' >&2; exit 3",
		  "memserver exited with status 3 before it served: first words | no memory left; try" },
		{ "kill -KILL $$",
		  "memserver was killed by signal 9 (Killed) before it served, saying nothing; try" },
	};
	const struct journal_op *const ops[] = { journal_ops_base, journal_ops_backend, NULL };
	char path[PATH_MAX], program[128], tried[256];
	char *before = strdup(getenv("PATH"));

	(void)state;
	snprintf(path, sizeof(path), "%s:%s", tree, before);
	snprintf(program, sizeof(program), "%s/memserver", tree);
	snprintf(tried, sizeof(tried), "`%s --listen 127.0.0.1:0 --size 1048576`", program);
	setenv("PATH", path, 1);
	put("/sys/class/infiniband/soft0/ports/1/gid_attrs/ndevs/0", "lo\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct backend *b = &backend_fastswap_rdma;
		void *params = params_of(b, "size=1M");
		struct backend_ctx ctx = { .backend = b, .params = params, .state_dir = tree };
		struct err err = { 0 }, undo_err = { 0 };
		struct journal *j;
		char script[256];

		snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", rows[i].script);
		put("/memserver", script);
		chmod(program, 0700);
		assert_int_equal(journal_create(tree, "test", ops, &j, &err), 0);
		assert_true(b->up(&ctx, j, &err) < 0);
		if (!strstr(err.msg, rows[i].told) || !strstr(err.msg, tried))
			fail_msg("%s", err.msg);
		assert_int_equal(journal_undo_to(j, 0, &undo_err), 0);
		journal_free(j);
		b->release(&ctx);
		opt_release(b->opts, params);
		free(params);
	}
	setenv("PATH", before, 1);
	free(before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(table_is_whole),
		TEST(find_suggests),
		TEST(auto_prefers_swap_that_is_on),
		TEST(areas_are_parsed),
		TEST(odd_swaps_files),
		TEST(swap_takes_what_is_on),
		TEST(lost_devices_are_told),
		TEST(targets_are_parsed),
		TEST(zswap_stands_before_devices),
		TEST(swap_names_several),
		TEST(zram_reports_its_device),
		TEST(zram_refuses_before_touching),
		TEST(zram_undo_gives_back),
		TEST(swapfile_names_the_file_system),
		TEST(sizes_have_slack),
		TEST(long_names_are_refused),
		TEST(swapoff_only_of_ours),
		TEST(module_undo_takes_none_for_done),
		TEST(memserver_says_how_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
