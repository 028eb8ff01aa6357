// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The backends that make their own swap area, on the real machine, as root: up, pages out and
 * back, undo; and SIGKILL at many instants while they come up. The machine must look as before.
 *
 *	backend_killed DIR	DIR: on a disk, for the journal and swap files; removed if empty
 */
#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "backend/backend.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/sysfile.h"

#define NR_KILLS    60
#define REGION_SIZE (32ul << 20)
#define NEED_BYTES  (64ull << 20)

static const struct journal_op *const ops[] = { journal_ops_base, journal_ops_backend, NULL };
static const char *work_dir;
static char journal_dir[PATH_MAX];

/* What a backend may change: swap areas, modules, zram devices and settings, files in work_dir. */
static void look(struct buf *b)
{
	static const char *const attrs[] = { "disksize", "comp_algorithm" };
	struct dirent **entries;
	struct swap_areas areas;
	struct err err = { 0 };
	int nr;

	buf_reset(b);
	buf_adds(b, "swap:");
	if (swap_areas_read(&areas, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < areas.nr; i++)
		buf_addf(b, " %s@%d", areas.rows[i].path, areas.rows[i].priority);
	swap_areas_release(&areas);
	buf_addf(b, "\nzram is %s", sysfile_exists("/sys/module/zram") ? "there" : "not there");

	for (unsigned int n = 0; n < 16; n++) {
		for (size_t i = 0; i < sizeof(attrs) / sizeof(*attrs); i++) {
			char path[64], value[256];

			snprintf(path, sizeof(path), "/sys/block/zram%u/%s", n, attrs[i]);
			if (sysfile_read_line(path, value, sizeof(value)) == 0)
				buf_addf(b, "\nzram%u: %s %s", n, attrs[i], value);
		}
	}

	nr = scandir(work_dir, &entries, NULL, alphasort);
	assert_true(nr >= 0);
	for (int i = 0; i < nr; i++) {
		if (strstr(entries[i]->d_name, ".swap"))
			buf_addf(b, "\nfile %s", entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void assert_as_before(const struct buf *before)
{
	struct buf now = BUF_INIT;

	look(&now);
	assert_string_equal(now.data, before->data);
	buf_release(&now);
}

struct setting {
	const struct backend *backend;
	const char *pair; /* NULL: dir=work_dir */
};

static void *make_params(const struct setting *s)
{
	char dir[PATH_MAX + 8];
	struct err err = { 0 };
	void *params = xcalloc(1, s->backend->params_size);

	opt_defaults(s->backend->opts, params);
	snprintf(dir, sizeof(dir), "dir=%s", work_dir);
	if (opt_set_pair(s->backend->opts, params, s->pair ? s->pair : dir, "test", &err) < 0)
		fail_msg("%s", err.msg);
	return params;
}

static void free_params(const struct setting *s, void *params)
{
	opt_release(s->backend->opts, params);
	free(params);
}

/* Skips the test where the backend can't work here. */
static void require(const struct setting *s)
{
	void *params = make_params(s);
	struct err err = { 0 };
	int rc = s->backend->check(params, &err);

	free_params(s, params);
	if (rc == 0)
		return;
	print_message("# %s\n", err.msg);
	if (err.kind != ERR_MISSING)
		fail();
	skip();
}

static uint64_t used_bytes(const char *device)
{
	const struct swap_area *area;
	struct swap_areas areas;
	struct err err = { 0 };
	uint64_t used;

	if (swap_areas_read(&areas, &err) < 0)
		fail_msg("%s", err.msg);
	area = swap_areas_find(&areas, device);
	assert_non_null(area);
	used = area->used_bytes;
	swap_areas_release(&areas);
	return used;
}

/* Stamp pages, push them out, and read each back. */
static void pages_go_and_come(const char *device)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *region =
		mmap(NULL, REGION_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(region, MAP_FAILED);
	for (size_t at = 0; at < REGION_SIZE; at += page)
		for (size_t i = 0; i < page / sizeof(size_t); i += 16)
			((size_t *)(void *)(region + at))[i] = at + i + 1;
	assert_int_equal(madvise(region, REGION_SIZE, MADV_PAGEOUT), 0);
	assert_true(used_bytes(device) > REGION_SIZE / 2);
	for (size_t at = 0; at < REGION_SIZE; at += page)
		for (size_t i = 0; i < page / sizeof(size_t); i += 16)
			assert_int_equal(((size_t *)(void *)(region + at))[i], at + i + 1);
	munmap(region, REGION_SIZE);
}

static void up_and_undo(void **state)
{
	const struct setting *s = *state;
	struct backend_ctx ctx = { .backend = s->backend, .need_bytes = NEED_BYTES };
	struct buf before = BUF_INIT;
	struct err err = { 0 };
	struct journal *j;
	struct facts facts;
	void *params;

	require(s);
	look(&before);
	params = make_params(s);
	ctx.params = params;
	assert_int_equal(journal_create(journal_dir, "up", ops, &j, &err), 0);
	if (s->backend->up(&ctx, j, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(s->backend->health(&ctx, &err), 0);
	facts_init(&facts);
	s->backend->facts(&ctx, &facts);
	for (size_t i = 0; i < facts.nr; i++)
		print_message("# %s: %s\n", facts.rows[i].name, facts.rows[i].value);
	assert_true(strtoull(facts_get(&facts, "swap_size_bytes"), NULL, 10) > NEED_BYTES);
	facts_release(&facts);

	pages_go_and_come(ctx.swap_device);

	if (journal_undo_to(j, 0, &err) < 0)
		fail_msg("%s", err.msg);
	journal_free(j);
	assert_as_before(&before);
	assert_true(s->backend->health(&ctx, &err) < 0);
	free_params(s, params);
	buf_release(&before);
}

static void child_up(const struct setting *s)
{
	struct backend_ctx ctx = { .backend = s->backend, .need_bytes = NEED_BYTES };
	struct err err = { 0 };
	struct journal *j;

	ctx.params = make_params(s);
	if (journal_create(journal_dir, "killed", ops, &j, &err) < 0 ||
	    s->backend->up(&ctx, j, &err) < 0) {
		fprintf(stderr, "# %s\n", err.msg);
		_exit(1);
	}
	for (;;)
		pause();
}

/* The first line of a journal names its owner. 0 as long as there is none. */
static size_t count_entries(const char *path)
{
	FILE *in = fopen(path, "re");
	size_t nr = 0;
	int c;

	if (!in)
		return 0;
	while ((c = getc(in)) != EOF)
		nr += c == '\n';
	fclose(in);
	return nr ? nr - 1 : 0;
}

static int undo_one(const char *path, void *arg)
{
	size_t *nr_entries = arg;
	struct err err = { 0 };
	struct journal *j;

	if (journal_load(path, ops, &j, &err) < 0)
		fail_msg("%s", err.msg);
	*nr_entries = count_entries(path);
	if (journal_undo_to(j, 0, &err) < 0)
		fail_msg("%s", err.msg);
	journal_free(j);
	return 0;
}

/* How long a whole up takes, and how many entries it writes, so that the kills can be spread over it. */
static uint64_t time_up(const struct setting *s, size_t *ret_nr_entries)
{
	struct backend_ctx ctx = { .backend = s->backend, .need_bytes = NEED_BYTES };
	struct err err = { 0 };
	uint64_t begin_ns = clock_ns();
	char path[PATH_MAX + 32];
	struct journal *j;
	void *params = make_params(s);

	ctx.params = params;
	assert_int_equal(journal_create(journal_dir, "timed", ops, &j, &err), 0);
	assert_int_equal(s->backend->up(&ctx, j, &err), 0);
	begin_ns = clock_ns() - begin_ns;
	snprintf(path, sizeof(path), "%s/timed.journal", journal_dir);
	*ret_nr_entries = count_entries(path);
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	journal_free(j);
	free_params(s, params);
	return begin_ns;
}

static void wait_for_entries(pid_t pid, size_t nr)
{
	uint64_t end_ns = clock_ns() + 60 * NSEC_PER_SEC;
	char path[PATH_MAX + 32];
	siginfo_t ended = { 0 };

	snprintf(path, sizeof(path), "%s/killed.journal", journal_dir);
	while (count_entries(path) < nr) {
		assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
		if (ended.si_pid || clock_ns() > end_ns)
			fail_msg("%s has not come to %zu entries", path, nr);
		clock_sleep_until(clock_ns() + NSEC_PER_MSEC / 10);
	}
}

/*
 * A kill follows an entry of the journal, each entry in turn, at once or up to a step later: so however
 * fast the machine is just then, there are kills between any two of them.
 */
static void killed_while_coming_up(void **state)
{
	const struct setting *s = *state;
	size_t seen[8] = { 0 }, nr_whole, half_way = 0;
	struct buf before = BUF_INIT;
	uint64_t step_ns;

	require(s);
	look(&before);
	step_ns = time_up(s, &nr_whole);
	assert_in_range(nr_whole, 2, sizeof(seen) / sizeof(*seen) - 1);
	step_ns /= nr_whole;
	for (unsigned int i = 0; i < NR_KILLS; i++) {
		size_t nr_entries = 0;
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			child_up(s);
		wait_for_entries(pid, i % (nr_whole + 1));
		clock_sleep_until(clock_ns() + step_ns * i / NR_KILLS);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		journal_each(journal_dir, undo_one, &nr_entries);
		assert_in_range(nr_entries, 0, nr_whole);
		seen[nr_entries]++;
		assert_as_before(&before);
	}
	for (size_t i = 0; i <= nr_whole; i++)
		print_message("# killed with %zu entries in the journal: %zu times\n", i, seen[i]);
	for (size_t i = 1; i < nr_whole; i++)
		half_way += seen[i];
	assert_true(half_way > 0);
	buf_release(&before);
}

/* With every device taken, zram must make one of its own. */
static const struct setting taken = { .backend = &backend_zram, .pair = "priority=0" };
static struct journal *taken_journal;
static void *taken_params;

static int take_zram(void **state)
{
	struct backend_ctx ctx = { .backend = taken.backend, .need_bytes = NEED_BYTES };
	struct err err = { 0 };

	(void)state;
	taken_journal = NULL;
	taken_params = make_params(&taken);
	if (taken.backend->check(taken_params, &err) < 0)
		return 0; /* the test skips itself */
	ctx.params = taken_params;
	/* Its own directory: the tests undo every journal they find in theirs. */
	if (journal_create(work_dir, "taken", ops, &taken_journal, &err) < 0 ||
	    taken.backend->up(&ctx, taken_journal, &err) < 0) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

static int return_zram(void **state)
{
	struct err err = { 0 };
	int rc = taken_journal ? journal_undo_to(taken_journal, 0, &err) : 0;

	(void)state;
	if (rc < 0)
		print_error("%s\n", err.msg);
	journal_free(taken_journal);
	free_params(&taken, taken_params);
	return rc;
}

int main(int argc, char **argv)
{
	struct setting zram = { .backend = &backend_zram, .pair = "size=256M" };
	struct setting zram_lz4 = { .backend = &backend_zram, .pair = "algorithm=lz4" };
	struct setting swapfile = { .backend = &backend_swapfile };
	const struct CMUnitTest tests[] = {
		{ "zram: up, pages out and back, undo", up_and_undo, NULL, NULL, &zram },
		{ "zram lz4: up, pages out and back, undo", up_and_undo, NULL, NULL, &zram_lz4 },
		{ "another zram: up, pages out and back, undo", up_and_undo, take_zram, return_zram,
		  &zram },
		{ "swapfile: up, pages out and back, undo", up_and_undo, NULL, NULL, &swapfile },
		{ "zram: killed while coming up", killed_while_coming_up, NULL, NULL, &zram_lz4 },
		{ "another zram: killed while coming up", killed_while_coming_up, take_zram,
		  return_zram, &zram },
		{ "swapfile: killed while coming up", killed_while_coming_up, NULL, NULL,
		  &swapfile },
	};
	char unnamed[PATH_MAX + 32];
	int failed;

	if (argc != 2) {
		fprintf(stderr, "usage: backend_killed DIR\n");
		return 2;
	}
	work_dir = argv[1];
	snprintf(journal_dir, sizeof(journal_dir), "%s/journals", work_dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	/* A kill just before a journal gets its name leaves this, with nothing to undo. */
	snprintf(unnamed, sizeof(unnamed), "%s/killed.journal.new", journal_dir);
	unlink(unnamed);
	rmdir(journal_dir);
	return failed != 0;
}
