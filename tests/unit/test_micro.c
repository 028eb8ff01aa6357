// SPDX-License-Identifier: GPL-2.0-or-later
/* The micro-benchmarks' table and parameters, their regions' content checks, their loops. */
#include "tests/unit/test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "micro/loop.h"
#include "micro/micro.h"
#include "micro/mode.h"
#include "micro/pager.h"
#include "micro/region.h"

/* --- table ---------------------------------------------------------------------------------- */

static const struct opt *find_opt(const struct opt *table, const char *name)
{
	for_each_opt (o, table) {
		if (strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; micro_table[i]; i++) {
		const struct workload *w = micro_table[i];
		void *params = calloc(1, w->params_size);
		struct err err = { 0 };

		assert_non_null(params);
		assert_non_null(w->summary);
		assert_non_null(w->main);
		assert_int_equal(w->shape, WORKLOAD_LOOP);
		assert_ptr_equal(micro_find(w->name, NULL), w);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(micro_table[j]->name, w->name);
		if (w->limit) {
			assert_non_null(find_opt(w->opts, "region"));
			assert_non_null(find_opt(w->opts, "verify"));
		}

		for (const struct metric *m = w->metrics; m->name; m++) {
			for (const struct metric *n = w->metrics; n != m; n++)
				assert_string_not_equal(n->name, m->name);
		}
		/* Defaults make sense, if the machine has what it takes. */
		opt_defaults(w->opts, params);
		if (w->check && w->check(params, NULL, &err))
			assert_int_equal(err.kind, ERR_MISSING);
		if (w->limit) {
			uint64_t bytes = 0;
			bool lift;

			w->limit(params, &bytes, &lift);
			assert_in_range(bytes, 1 << 20, 1 << 30);
		}
		opt_release(w->opts, params);
		free(params);
	}
}

static void test_find(void **state)
{
	struct err err;

	(void)state;
	assert_null(micro_find("fault_latancy", &err));
	assert_non_null(strstr(err.msg, "did you mean 'fault_latency'"));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(micro_find("zzz", &err));
	assert_non_null(strstr(err.msg, "fmbench list"));
}

static char sequential[] = "sequential", stride[] = "stride", zipf[] = "zipf";
static char reading[] = "read", writing[] = "write";

static const struct micro_common good = { .region_bytes = 64 << 20,
					  .local_bytes = 16 << 20,
					  .pattern = sequential,
					  .access = reading,
					  .stride_pages = 16,
					  .threads = 4 };

static void check_refused(const struct micro_common *c, const char *why)
{
	struct err err = { 0 };

	assert_true(micro_check(c, &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, why));
}

static void test_check(void **state)
{
	struct micro_common c = good;
	struct err err;

	(void)state;
	assert_int_equal(micro_check(&c, &err), 0);
	c.local_bytes = c.region_bytes;
	check_refused(&c, "nothing would be far away");
	c = good;
	c.region_bytes = 1 << 20;
	c.local_bytes = 1 << 19;
	c.threads = 200;
	check_refused(&c, "too small for 200 threads");
	c = good;
	c.pattern = stride;
	assert_int_equal(micro_check(&c, &err), 0);
	c.stride_pages = 4096;
	check_refused(&c, "leaps over");
	c = good;
	c.shared = c.verify = true;
	assert_int_equal(micro_check(&c, &err), 0);
	c.access = writing;
	check_refused(&c, "whose write");
}

static void test_mode(void **state)
{
	struct micro_common c = good;
	struct err err;

	(void)state;
	assert_int_equal(mode_check("evict-clean", &c, &err), 0);
	assert_string_equal(mode_access("evict-clean", &c), "read");
	assert_string_equal(mode_access("evict-dirty", &c), "write");
	assert_string_equal(mode_access("noevict", &c), "read");
	c.access = writing;
	assert_string_equal(mode_access("noevict", &c), "write");
	assert_true(mode_check("evict-clean", &c, &err) < 0);
	c.pattern = zipf;
	assert_true(mode_check("noevict", &c, &err) < 0);
	assert_int_equal(mode_check("evict-dirty", &c, &err), 0);
}

static void test_limit(void **state)
{
	struct micro_common c = good;
	uint64_t plain = micro_limit(&c);

	(void)state;
	assert_true(plain >= c.local_bytes + c.region_bytes / PAGE_BYTES * 8);
	c.verify = true;
	assert_int_equal(micro_limit(&c) - plain, c.region_bytes / PAGE_BYTES * 2);
}

/* --- region --------------------------------------------------------------------------------- */

#define PAGES 64

static struct region new_region(bool verify, double compressible)
{
	struct micro_common c = { .region_bytes = PAGES * PAGE_BYTES,
				  .verify = verify,
				  .compressible = compressible };
	struct region r;
	struct err err;

	assert_int_equal(region_init(&r, &c, 3, &err), 0);
	return r;
}

static struct damage check_all(const struct region *r)
{
	struct damage d = { 0 };

	for (uint64_t i = 0; i < r->pages; i++)
		region_check_page(r, i, &d);
	return d;
}

static void test_region_is_whole(void **state)
{
	static const double shares[] = { 0, 0.5, 0.998 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct region r = new_region(true, shares[i]);

		assert_int_equal(check_all(&r).checked, PAGES);
		assert_int_equal(check_all(&r).pages, 0);
		/* No page is one word all over: those the kernel stores as a pattern. */
		assert_true(r.content >= 1 && region_page(&r, 0)[0] != region_page(&r, 0)[511]);
		region_renew_page(&r, 5);
		region_renew_page(&r, 5);
		assert_int_equal(check_all(&r).pages, 0);
		region_release(&r);
	}
}

/* One bit anywhere, in the random half or the zero half. */
static void test_region_finds_a_bit(void **state)
{
	static const size_t offsets[] = { 0, 8, 2047, 2048, 4095 };
	struct region r = new_region(false, 0.5);

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		unsigned char *byte = (unsigned char *)region_page(&r, 9) + offsets[i];
		struct damage d;

		*byte ^= 1;
		d = check_all(&r);
		*byte ^= 1;
		assert_int_equal(d.pages, 1);
		assert_int_equal(d.words, 1);
		assert_int_equal(d.where[0].page, 9);
		assert_int_equal(d.where[0].offset, offsets[i] / 8 * 8);
		assert_ptr_equal(d.where[0].address,
				 (char *)region_page(&r, 9) + offsets[i] / 8 * 8);
		assert_int_equal(d.where[0].found ^ d.where[0].expected,
				 1ull << offsets[i] % 8 * 8);
	}
	assert_int_equal(check_all(&r).pages, 0);
	region_release(&r);
}

/* The faults of a swap backend: another page's content, an old one, nothing. */
static void test_region_finds_wrong_pages(void **state)
{
	struct region r = new_region(true, 0.5);
	uint64_t old[PAGE_WORDS];

	(void)state;
	memcpy(region_page(&r, 1), region_page(&r, 2), PAGE_BYTES);
	assert_int_equal(check_all(&r).pages, 1);
	region_fill_page(&r, 1);

	memcpy(old, region_page(&r, 7), PAGE_BYTES);
	region_renew_page(&r, 7);
	memcpy(region_page(&r, 7), old, PAGE_BYTES);
	assert_int_equal(check_all(&r).pages, 1);
	assert_int_equal(check_all(&r).where[0].page, 7);
	region_fill_page(&r, 7);

	for (uint64_t i = 20; i < 30; i++)
		memset(region_page(&r, i), 0, PAGE_BYTES);
	assert_int_equal(check_all(&r).pages, 10);
	region_release(&r);
}

static void test_damage_merges(void **state)
{
	struct damage a = { .checked = 10, .pages = 3, .words = 3 };
	struct damage b = { .checked = 5, .pages = 2, .words = 9 };

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		a.where[i].page = i;
	b.where[0].page = 77;
	b.where[1].page = 78;
	damage_merge(&a, &b);
	assert_int_equal(a.checked, 15);
	assert_int_equal(a.pages, 5);
	assert_int_equal(a.words, 12);
	assert_int_equal(a.where[2].page, 2);
	assert_int_equal(a.where[3].page, 77);
}

static size_t count_mapped(const struct region *r)
{
	uint8_t near[PAGES];
	struct err err;
	size_t nr = 0;

	assert_int_equal(region_look(r, near, &err), 0);
	for (size_t i = 0; i < PAGES; i++) {
		assert_true(!(near[i] & NEAR_MAPPED) || (near[i] & NEAR_MEMORY));
		nr += (near[i] & NEAR_MAPPED) != 0;
	}
	return nr;
}

/* Resident memory is near; a page that was given back is not. */
static void test_region_is_near(void **state)
{
	struct region r = new_region(false, 0.5);
	struct err err;
	int fd = region_open_pagemap(&err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(count_mapped(&r), PAGES);
	assert_true(region_is_mapped(&r, fd, 5));
	assert_int_equal(madvise(region_page(&r, 5), PAGE_BYTES, MADV_DONTNEED), 0);
	assert_int_equal(count_mapped(&r), PAGES - 1);
	assert_false(region_is_mapped(&r, fd, 5));
	assert_true(region_is_mapped(&r, fd, 6));
	close(fd);
	region_release(&r);
}

/* --- loops ---------------------------------------------------------------------------------- */

static struct walk new_walk(struct region *r, enum access access, bool verify, uint64_t most,
			    const atomic_bool *stop)
{
	struct walk w = {
		.region = r, .access = access, .verify = verify, .most = most, .stop = stop
	};

	order_init(&w.order, ORDER_RANDOM, 0, r->pages, 1, NULL, 1);
	return w;
}

/* A look at one touch in LOOK_EVERY, before it: of a region half of which is not there. */
static void test_loop_looks(void **state)
{
	atomic_bool stop = false;
	struct region r = new_region(false, 0.5);
	struct walk w = new_walk(&r, ACCESS_READ, false, 10 * LOOK_EVERY, &stop);
	_Atomic uint64_t touched = 0;
	struct err err;

	(void)state;
	loop_count(&w, &touched);
	assert_int_equal(w.looked, 0);
	w.pagemap_fd = region_open_pagemap(&err);
	w.until_look = LOOK_EVERY;
	loop_count(&w, &touched);
	assert_int_equal(w.looked, 10);
	assert_int_equal(w.near, 10);
	assert_int_equal(madvise(r.base, PAGES * PAGE_BYTES, MADV_DONTNEED), 0);
	w.most = LOOK_EVERY - 1; /* one short of the next look */
	w.until_look = 1;	 /* which comes with the first touch */
	loop_count(&w, &touched);
	assert_int_equal(w.looked, 11);
	assert_int_equal(w.near, 10);
	close(w.pagemap_fd);
	region_release(&r);
}

/* Every access leaves a page that passes its check, and damage is found whatever it does. */
static void test_loops_verify(void **state)
{
	static const char *const accesses[] = { "read", "write", "read-then-write" };
	atomic_bool stop = false;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct region r = new_region(true, 0.5);
		struct walk w = new_walk(&r, access_kind(accesses[i]), true, 3 * PAGES, &stop);
		_Atomic uint64_t touched = 0;

		loop_count(&w, &touched);
		assert_int_equal(touched, 3 * PAGES);
		assert_int_equal(w.damage.checked, 3 * PAGES);
		assert_int_equal(w.damage.pages, 0);
		assert_int_equal(check_all(&r).pages, 0);
		assert_int_equal(r.generation[4], i ? 3 : 0);

		region_page(&r, 4)[0] ^= 1; /* the very word that is touched */
		w = new_walk(&r, access_kind(accesses[i]), true, PAGES, &stop);
		loop_count(&w, &touched);
		assert_int_equal(w.damage.pages, 1);
		assert_int_equal(w.damage.where[0].page, 4);
		assert_int_equal(w.damage.where[0].offset, 0);
		region_release(&r);
	}
}

static void test_loop_time(void **state)
{
	struct region r = new_region(false, 0.5);
	atomic_bool stop = false, recording = true;
	struct walk w = new_walk(&r, ACCESS_READ, false, 1000, &stop);
	_Atomic uint64_t touched = 0;
	uint64_t took_ns;
	struct ticks ticks;
	struct timing t = { .ticks = &ticks, .recording = &recording };

	(void)state;
	ticks_init(&ticks);
	assert_true(ticks.tsc || ticks.why_not);
	for (size_t k = 0; k < NR_FAULT_KINDS; k++) {
		t.hist[k] = hist_new();
		assert_non_null(t.hist[k]);
	}
	loop_time(&w, &t, &touched);
	assert_int_equal(t.hist[FAULT_NONE]->count + t.hist[FAULT_MINOR]->count +
				 t.hist[FAULT_MAJOR]->count,
			 1000);
	assert_int_equal(t.hist[FAULT_MAJOR]->count, 0);
	assert_true(t.hist[FAULT_NONE]->count > 900);

	/* A pace that cannot be kept: what is late counts from when it was due, so that the last waits for
	 * all before it. */
	hist_reset(t.hist[FAULT_NONE]);
	t.interval_ns = 1;
	w = new_walk(&r, ACCESS_READ, false, 1000, &stop);
	took_ns = clock_ns();
	loop_time(&w, &t, &touched);
	took_ns = clock_ns() - took_ns;
	assert_true(t.late > 900);
	assert_true(t.hist[FAULT_NONE]->max > took_ns / 3);

	/* One that can: 100 touches 20 us apart. */
	t.interval_ns = 20000;
	w = new_walk(&r, ACCESS_READ, false, 100, &stop);

	uint64_t begin = ticks_now(&ticks);

	loop_time(&w, &t, &touched);
	assert_true(ticks_to_ns(&ticks, ticks_now(&ticks) - begin) >= 100 * 20000);

	stop = true;
	loop_time(&w, &t, &touched);
	assert_int_equal(touched, 100);
	for (size_t k = 0; k < NR_FAULT_KINDS; k++)
		hist_free(t.hist[k]);
	region_release(&r);
}

/* --- pager ---------------------------------------------------------------------------------- */

static void pager_round(const char *handler, const char *evict, unsigned int fds)
{
	struct pager_config config = {
		.handler = handler, .evict = evict, .fds = fds, .handlers = 2, .track_writes = true
	};
	struct pager *p = calloc(1, sizeof(*p));
	struct region r = new_region(true, 0.5);
	uint64_t pages[PAGES], filled = 0;
	struct err err = { 0 };

	assert_non_null(p);
	if (pager_check(&config, &err)) {
		print_message("not here: %s\n", err.msg);
		goto out;
	}
	assert_int_equal(pager_init(p, &config, &r, &err), 0);
	assert_int_equal(count_mapped(&r), 0);

	/* All come, are written, go back, and come again as written. */
	pager_count_into(&filled);
	for (uint64_t i = 0; i < PAGES; i++) {
		pages[i] = i;
		region_renew_page(&r, i);
		assert_int_equal(pager_write_back(p, i), 0);
	}
	assert_int_equal(pager_evict(p, pages, PAGES), 0);
	assert_int_equal(count_mapped(&r), 0);
	assert_int_equal(check_all(&r).pages, 0);
	if (strcmp(handler, "sigbus") == 0)
		assert_int_equal(filled, 2 * PAGES);
	else
		/* A handler counts a page only after its thread runs on: the last of each may be
		 * missing. */
		assert_in_range(p->handlers[0].filled + p->handlers[1].filled, 2 * PAGES - 2,
				2 * PAGES);

	/* In bulk. */
	assert_int_equal(pager_evict(p, pages, PAGES), 0);
	assert_int_equal(pager_copy_in(p, 0, PAGES / fds), 0);
	assert_int_equal(pager_copy_in(p, 0, 1), -EEXIST);
	assert_int_equal(pager_protect(p, 0, PAGES / fds, false), 0);
	pager_count_into(NULL);
out:
	pager_release(p);
	free(p);
	region_release(&r);
}

static void test_pager(void **state)
{
	(void)state;
	pager_round("sigbus", "madvise", 1);
	pager_round("sigbus", "process_madvise", 2);
	pager_round("poll", "madvise", 1);
	pager_round("spin", "madvise", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_region_is_whole),
		cmocka_unit_test(test_region_finds_a_bit),
		cmocka_unit_test(test_region_finds_wrong_pages),
		cmocka_unit_test(test_damage_merges),
		cmocka_unit_test(test_region_is_near),
		cmocka_unit_test(test_loops_verify),
		cmocka_unit_test(test_loop_looks),
		cmocka_unit_test(test_loop_time),
		cmocka_unit_test(test_pager),
	};

	return cmocka_run_group_tests_name("micro", tests, NULL, NULL);
}
