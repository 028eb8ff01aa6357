// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run says of its own numbers: each rule just within and just beyond its threshold. */
#include "tests/unit/synthetic.h"

#include "backend/fastswap_area.h"
#include "backend/swap_areas.h"
#include "harness/run/flags.h"

#define LIMIT (100u << 20)
#define PAGE  4096u

/*
 * A run of four phases, one second each, with a tick at each boundary and one in between: phase n
 * lasts from tick 2 n to tick 2 n + 2.
 */
enum { LOAD, SHRINK, WARMUP, MEASURE, NR_PHASES };
static const char *const phases[] = { "load", "shrink", "warmup", "measure" };

static struct store *store;
static int64_t run;
static struct flag_input in;
static struct results results;
static struct placement placement;
static struct sampler_stats sampler;
static struct facts settings;

static void begin(void)
{
	struct run_record record = synthetic_record("null", "zram", 0.5, 1);

	store = synthetic_store("trust.db");
	run = synthetic_begin(store, &record);
	placement = (struct placement){ .reclaim_cpu = 3 };
	CPU_SET(0, &placement.workload);
	sampler = (struct sampler_stats){ .ticks = 100 };
	facts_init(&settings);
	facts_set(&settings, "page_cluster", "0");
	facts_set(&settings, "thp", "madvise");
	results_init(&results);
	in = (struct flag_input){
		.store = store,
		.run = run,
		.job = 1,
		.nr_jobs = 1,
		.window_us = 1e6,
		.nr_cpus = 2,
		.limit_bytes = LIMIT,
		.target_bytes = LIMIT,
		.has_group = true,
		.cgroup_version = 2,
		.placement = &placement,
		.settings = &settings,
		.usage = fastswap_usage,
		.sampler = &sampler,
		.hz = 10,
	};
	assert_ok(store_begin(store, &err));
	for (uint64_t tick = 0; tick <= 2 * NR_PHASES; tick++)
		synthetic_tick(store, run, tick, (tick + 1) * NSEC_PER_SEC / 2);
	for (uint64_t i = 0; i < NR_PHASES; i++)
		assert_ok(store_phase(store, run, phases[i], (2 * i + 1) * NSEC_PER_SEC / 2,
				      (2 * i + 3) * NSEC_PER_SEC / 2, &err));
	assert_ok(store_commit(store, &err));
}

static void end(void)
{
	results_release(&results);
	facts_release(&settings);
	store_close(store);
	store = NULL;
}

/* The collectors of a group are the job's, the others the machine's. */
static int64_t metric_of(const char *collector, const char *key, bool counter)
{
	int job = strncmp(collector, "memory_", 7) == 0 || strcmp(collector, "cgroup_cpu") == 0 ||
		  strcmp(collector, "numa") == 0 || strcmp(collector, "pager") == 0;
	int64_t metric = 0;

	assert_ok(store_metric(store, job, collector, key, "pages", counter, &metric, &err));
	return metric;
}

static void sample(int64_t metric, uint64_t tick, double value)
{
	assert_ok(store_begin(store, &err));
	assert_ok(store_sample(store, run, tick, metric, (uint64_t)value, &err));
	assert_ok(store_commit(store, &err));
}

/* A counter, which began elsewhere than at zero, grows once. */
static void count(const char *collector, const char *key, int phase, double delta)
{
	int64_t metric = metric_of(collector, key, true);

	sample(metric, 0, 77);
	if (delta > 0)
		sample(metric, 2 * (uint64_t)phase + 1, 77 + delta);
}

/* A level, in one phase only. */
static void level(const char *collector, const char *key, int phase, double value)
{
	int64_t metric = metric_of(collector, key, false);

	if (phase > 0)
		sample(metric, 0, 0);
	sample(metric, 2 * (uint64_t)phase, value);
	if (phase < MEASURE)
		sample(metric, 2 * (uint64_t)phase + 2, 0);
}

/* A level at a moment within a phase. */
static void spike(const char *collector, const char *key, int phase, double value)
{
	int64_t metric = metric_of(collector, key, false);

	sample(metric, 0, 0);
	sample(metric, 2 * (uint64_t)phase + 1, value);
	sample(metric, 2 * (uint64_t)phase + 2, 0);
}

/* A level all the time. */
static void steady(const char *collector, const char *key, double value)
{
	sample(metric_of(collector, key, false), 0, value);
}

/* Judges, wants just this flag whose sentence has these words, and begins another run. */
static void expect(const char *code, enum severity severity, const char *words)
{
	const struct result_flag *f;

	flags_judge(&in, &results);
	f = results.flags;
	if (results.nr_flags != 1 || strcmp(f->code, code) != 0 || f->severity != severity ||
	    !strstr(f->detail, words))
		fail_msg("%zu flags, %s: %s; not %s: %s", results.nr_flags,
			 results.nr_flags ? f->code : "", results.nr_flags ? f->detail : "", code,
			 words);
	assert_int_equal(flags_untrusted(&results), severity == SEVERITY_FATAL);
	end();
	begin();
}

static void expect_none(void)
{
	flags_judge(&in, &results);
	if (results.nr_flags)
		fail_msg("%s: %s", results.flags[0].code, results.flags[0].detail);
	assert_false(flags_untrusted(&results));
	end();
	begin();
}

static int setup(void **state)
{
	(void)state;
	begin();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	end();
	return 0;
}

/* --- memory against its limit -------------------------------------------------------------------- */

static void resident_memory(double share)
{
	level("memory_usage", "memory.current", MEASURE, share * LIMIT);
}

static void eviction_incomplete(void **state)
{
	(void)state;
	resident_memory(1.0199);
	expect_none();
	resident_memory(1.0201);
	expect("EVICTION_INCOMPLETE", SEVERITY_FATAL, "the limit is 100M");
	resident_memory(1.0201);
	in.limit_bytes = 0; /* lifted by then */
	expect_none();
	level("memory_usage", "memory.current", WARMUP, 2.0 * LIMIT);
	expect_none();
	/* Another job's memory is not this one's. */
	resident_memory(2);
	in.job = 2;
	expect_none();
}

/* From one tick of the window to the next. */
static void on_fast_node(double begin, double middle, double end)
{
	int64_t metric = metric_of("numa", "local", false);

	in.tiered = true;
	in.usage = backend_tier.usage;
	sample(metric, 2 * WARMUP, 3.0 * LIMIT);
	sample(metric, 2 * MEASURE, begin * LIMIT);
	sample(metric, 2 * MEASURE + 1, middle * LIMIT);
	sample(metric, 2 * MEASURE + 2, end * LIMIT);
}

static void ratio_not_held(void **state)
{
	(void)state;
	on_fast_node(1.0499, 1.0499, 1.0499);
	expect_none(); /* although both nodes' sum is above the limit */
	on_fast_node(1.0501, 1.0501, 1.0501);
	expect("RATIO_NOT_HELD", SEVERITY_FATAL, "the ratio says 100M");
	on_fast_node(0.9499, 0.9499, 0.9499);
	expect_none(); /* it may be a small one */
	on_fast_node(0.9499, 0.9499, 0.9499);
	in.fills_limit = true;
	expect("RATIO_NOT_HELD", SEVERITY_FATAL, "-5.0 %");
	on_fast_node(1, 1.0499, 1);
	expect_none();
	on_fast_node(1, 1.0501, 1);
	expect("RATIO_NOT_HELD", SEVERITY_WARNING, "-o tier.hold=");
	on_fast_node(1, 0.9499, 1);
	expect_none();
	on_fast_node(1, 0.9499, 1);
	in.fills_limit = true;
	expect("RATIO_NOT_HELD", SEVERITY_WARNING, "5.0 %");
	/* The other backends' flags are not a tier's, nor the other way round. */
	on_fast_node(1.2, 1.2, 1.2);
	in.tiered = false;
	in.usage = fastswap_usage;
	expect_none();
}

/* Without a limit all memory belongs on the fast node. */
static void all_of_it_local(void **state)
{
	(void)state;
	in.limit_bytes = in.target_bytes = 0;
	in.peak_bytes = LIMIT;
	in.peak_seen = true;
	on_fast_node(1, 1, 1);
	steady("numa", "far", LIMIT * 0.0526);
	expect_none();
	in.limit_bytes = in.target_bytes = 0;
	on_fast_node(1, 1, 1);
	steady("numa", "far", LIMIT * 0.0527);
	expect_none(); /* a micro-benchmark */
	in.limit_bytes = in.target_bytes = 0;
	in.peak_bytes = LIMIT;
	in.peak_seen = true;
	on_fast_node(1, 1, 1);
	steady("numa", "far", LIMIT * 0.0527);
	expect("RATIO_NOT_HELD", SEVERITY_FATAL, "too little memory free");
}

static void paged(double local, double unpaged, double shared, double above)
{
	in.usage = backend_pager.usage;
	steady("pager", "local", local);
	steady("pager", "unpaged", unpaged);
	steady("memory_stat", "shmem", shared);
	steady("pager", "above", above);
}

static void pager_leaves_some(void **state)
{
	(void)state;
	paged(LIMIT, LIMIT * 0.0249, LIMIT * 0.025, 0);
	expect_none();
	paged(LIMIT, LIMIT * 0.0251, LIMIT * 0.025, 0);
	expect("PAGER_UNPAGED", SEVERITY_WARNING, "5.0 % of the limit of 100M");
	paged(LIMIT, 0, 0, 0);
	steady("pager", "bare", 2);
	expect("PAGER_UNPAGED", SEVERITY_FATAL, "2 of the job's programs can't be paged");
	paged(LIMIT, 0, 0, 4 << 20);
	expect("LIMIT_OVERSHOT", SEVERITY_WARNING, "4M above the limit of 100M");
	paged(LIMIT, LIMIT, LIMIT, 4 << 20);
	in.limit_bytes = in.target_bytes = 0;
	expect_none(); /* nothing was to leave */
}

static void limit_not_reached(void **state)
{
	(void)state;
	resident_memory(0.9799);
	expect_none(); /* it may be a small one */
	resident_memory(0.9799);
	in.fills_limit = true;
	expect("LIMIT_NOT_REACHED", SEVERITY_WARNING, "below the limit of 100M");
	resident_memory(0.9801);
	in.fills_limit = true;
	expect_none();
}

/* Where nothing was sampled the run's own readings count. */
static void limit_without_samples(void **state)
{
	(void)state;
	in.seen = (struct usage_seen){ .nr = 4, .sum_bytes = 4 * 1.0201 * LIMIT };
	expect("EVICTION_INCOMPLETE", SEVERITY_FATAL, "");
	in.seen = (struct usage_seen){ .nr = 4, .sum_bytes = 4 * 1.0199 * LIMIT };
	expect_none();
	in.seen = (struct usage_seen){ .nr = 4, .sum_bytes = 4 * 1.0201 * LIMIT };
	resident_memory(1);
	expect_none();
}

/* --- room for what leaves ------------------------------------------------------------------------ */

static void swap_full(void **state)
{
	(void)state;
	steady("swap_area", "size", 1000 * PAGE);
	spike("swap_area", "used", SHRINK, 989 * PAGE);
	expect_none();
	for (int phase = 0; phase < NR_PHASES; phase++) {
		steady("swap_area", "size", 1000 * PAGE);
		spike("swap_area", "used", phase, 990 * PAGE);
		expect("SWAP_FULL", SEVERITY_FATAL, phases[phase]);
	}
	steady("swap_area", "size", 1000 * PAGE);
	spike("swap_area", "used", SHRINK, 990 * PAGE);
	in.target_bytes = 0; /* nothing had to leave */
	expect_none();
	/* No area of the backend's own: all of them. */
	steady("swap_area", "all_size", 1000 * PAGE);
	spike("swap_area", "all_used", MEASURE, 990 * PAGE);
	expect("SWAP_FULL", SEVERITY_FATAL, "in phase measure");
	/* What the limit still asked for is said. */
	steady("swap_area", "size", 1000 * PAGE);
	spike("swap_area", "used", SHRINK, 1000 * PAGE);
	sample(metric_of("memory_usage", "memory.current", false), 0, LIMIT + (3 << 20));
	sample(metric_of("memory_usage", "memory.current", false), 6, LIMIT);
	expect("SWAP_FULL", SEVERITY_FATAL, "when 3M more had to leave");
}

static void relief(void **state)
{
	(void)state;
	in.reliefs.events = 2;
	expect("V1_OOM_RELIEF", SEVERITY_WARNING, "2 times under its hard limit although swap had");
	in.reliefs.events = 2;
	in.reliefs.in_vain = true;
	expect("V1_OOM_RELIEF", SEVERITY_WARNING,
	       "under its hard limit; each time the limit was raised by 1/64 "
	       "for a moment, the last time in vain");
	in.reliefs.swap_full = true; /* a run without samples */
	expect("SWAP_FULL", SEVERITY_FATAL, "when the kernel gave up reclaim");
}

/* --- where pages went -------------------------------------------------------------------------- */

static void areas(double nr, double own, double others)
{
	steady("swap_area", "areas", nr);
	level("swap_area", "used", SHRINK, own);
	level("swap_area", "others_used", SHRINK, others);
}

static void other_areas(void **state)
{
	(void)state;
	areas(1, 99000, 5000);
	expect_none();
	areas(2, 99000, 1000);
	expect("SEVERAL_SWAPS", SEVERITY_WARNING, "2 swap areas were on; ");
	areas(2, 98900, 1100);
	expect("PAGES_ELSEWHERE", SEVERITY_FATAL, "1.1 % of what left");
	areas(2, 98900, 1100);
	in.target_bytes = 0;
	expect("SEVERAL_SWAPS", SEVERITY_WARNING, "is not known");
	steady("swap_area", "areas", 2);
	expect("SEVERAL_SWAPS", SEVERITY_WARNING, "is not known");
	/* What stood there before is not the run's. */
	steady("swap_area", "areas", 2);
	level("swap_area", "used", SHRINK, 99000);
	steady("swap_area", "others_used", 50000);
	expect("SEVERAL_SWAPS", SEVERITY_WARNING, "; 0");
}

static void hooks(void **state)
{
	static const char *const takers[][2] = { { "vmstat", "zswpout" },
						 { "frontswap", "succ_stores" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		count("vmstat", "pswpout", SHRINK, 99000);
		count(takers[i][0], takers[i][1], SHRINK, 1000);
		expect_none();
		count("vmstat", "pswpout", SHRINK, 98900);
		count(takers[i][0], takers[i][1], MEASURE, 1100);
		expect("PAGES_ELSEWHERE", SEVERITY_FATAL, "1100 pages (1.1 %");
	}
	count("vmstat", "zswpout", SHRINK, 1000);
	in.whole_machine = true; /* zswap is part of the backend */
	expect("ZSWAP", SEVERITY_WARNING, "1000 pages, 100.0 % of what left");
	count("vmstat", "zswpout", SHRINK, 1000);
	count("vmstat", "pswpout", SHRINK, 99000);
	in.whole_machine = true;
	expect_none();
	count("vmstat", "zswpout", SHRINK, 1000);
	in.target_bytes = 0;
	expect_none();
	/* fmbench's own hook. */
	count("frontswap", "succ_stores", SHRINK, 1000);
	count("fastswap", "stores", SHRINK, 1000);
	expect_none();
}

static void refused_pages(void **state)
{
	(void)state;
	count("frontswap", "failed_stores", WARMUP, 5);
	expect_none();
	/* zswap that is off refuses all of them. */
	count("frontswap", "failed_stores", MEASURE, 1);
	expect_none();
	count("frontswap", "failed_stores", MEASURE, 1);
	count("frontswap", "succ_stores", WARMUP, 1);
	count("fastswap", "stores", WARMUP, 1);
	expect("FAILED_STORES", SEVERITY_WARNING, "1 pages were refused by the page hook");
}

/* --- the same pages, counted by several ----------------------------------------------------------- */

/* By the group and by fmbench's page hook. */
static void hooked(double faults, double loads)
{
	count("memory_stat", "pgmajfault", MEASURE, faults);
	count("fastswap", "loads", MEASURE, loads - 500);
	count("fastswap", "loads_async", MEASURE, 500);
}

/* 1 % and 256 pages are let pass. */
static void loads_of_the_hook(void **state)
{
	(void)state;
	hooked(100000, 100000 - 1256);
	expect_none();
	hooked(100000, 100000 - 1257);
	expect("LOADS_MISMATCH", SEVERITY_FATAL, "the backend loaded only 98743 pages");
	hooked(100000, 100000 + 1256);
	expect_none();
	hooked(100000, 100000 + 1257);
	expect("LOADS_MISMATCH", SEVERITY_FATAL, "without read-ahead");
	hooked(100000, 200000);
	facts_set(&settings, "page_cluster", "3");
	expect_none();
}

static void failures_of_the_hook(void **state)
{
	(void)state;
	hooked(1000, 1000);
	count("fastswap", "failed_stores", MEASURE, 1);
	expect("FAILED_STORES", SEVERITY_WARNING, "1 stores failed");
	hooked(1000, 1000);
	count("fastswap", "failed_loads", MEASURE, 1);
	expect("FAILED_LOADS", SEVERITY_WARNING, "1 loads failed");
}

static void read_by_disk(const char *collector, double pages, double disk_pages)
{
	count(collector, "pswpin", MEASURE, pages);
	count("swap_device", "read", MEASURE, disk_pages * (double)sysconf(_SC_PAGESIZE));
}

static void loads_of_the_disk(void **state)
{
	(void)state;
	read_by_disk("vmstat", 100000, 100000 - 1256);
	expect_none();
	read_by_disk("vmstat", 100000, 100000 - 1257);
	expect("LOADS_MISMATCH", SEVERITY_FATAL, "the backend's disk read only 98743");
	read_by_disk("vmstat", 1000, 100000); /* files are on it, too */
	expect_none();
	read_by_disk("vmstat", 100000, 0); /* its driver keeps no account */
	expect_none();
	read_by_disk("vmstat", 100000, 0);
	count("swap_device", "written", SHRINK, 1);
	expect("LOADS_MISMATCH", SEVERITY_FATAL, "100.0 % came from elsewhere");
	/* The group's own count goes before the machine's. */
	read_by_disk("vmstat", 100000, 1000);
	count("memory_stat", "pswpin", MEASURE, 1000);
	expect_none();
	read_by_disk("vmstat", 100000, 1000);
	in.target_bytes = 0;
	expect_none();
}

static void own_faults(double own, double faults)
{
	results_add(&results, "all_major_faults", "count", BETTER_NEITHER, own);
	count("memory_stat", "pgmajfault", MEASURE, faults);
}

static void faults_of_the_program(void **state)
{
	(void)state;
	own_faults(100000 + 1256, 100000);
	expect_none();
	own_faults(100000 + 1257, 100000);
	expect("FAULTS_MISMATCH", SEVERITY_FATAL, "counted 101257 major faults");
	own_faults(100000 - 1256, 100000);
	expect_none();
	own_faults(100000 - 1257, 100000);
	expect("FAULTS_MISMATCH", SEVERITY_FATAL, "its group 100000");
	/* It reads no files, so that its faults are what came from swap. */
	own_faults(100000, 100000);
	count("vmstat", "pswpin", MEASURE, 100000 - 1257);
	expect("LOADS_MISMATCH", SEVERITY_FATAL, "the machine's swap loaded only");
	count("memory_stat", "pgmajfault", MEASURE, 100000);
	count("vmstat", "pswpin", MEASURE, 0);
	expect_none();
}

static void stored(double faults, double stores)
{
	in.limit_bytes = 0;
	count("memory_stat", "pgmajfault", MEASURE, faults);
	count("vmstat", "pswpout", MEASURE, stores);
}

static void stores_without_reclaim(void **state)
{
	(void)state;
	stored(10000, 356);
	expect_none();
	stored(10000, 357);
	expect("STORES_WITHOUT_RECLAIM", SEVERITY_WARNING, "357 pages were stored");
	/* A micro-benchmark knows that nothing has to leave. */
	results_add(&results, "all_major_faults", "count", BETTER_NEITHER, 10000);
	stored(10000, 357);
	expect("STORES_WITHOUT_RECLAIM", SEVERITY_FATAL, "357 pages were stored");
	stored(10000, 357);
	in.limit_bytes = LIMIT;
	expect_none();
	in.limit_bytes = 0;
	count("memory_stat", "pgmajfault", MEASURE, 10000);
	count("fastswap", "stores", MEASURE, 300);
	count("fastswap", "stores_async", MEASURE, 57);
	expect("STORES_WITHOUT_RECLAIM", SEVERITY_WARNING, "357 pages were stored");
}

/* Of these 400 MiB none, or too few, or enough. */
static void far_memory(double bytes, double page_ins)
{
	in.far_bytes = 400 << 20;
	in.usage = swap_usage;
	level("memory_usage", "memory.swap.current", MEASURE, bytes);
	count("memory_stat", "workingset_refault_anon", MEASURE, page_ins);
}

static void nothing_far(void **state)
{
	(void)state;
	far_memory(0, 0);
	expect("NOTHING_FAR", SEVERITY_FATAL, "moves 400M away, and 0 (0.0 %) ever left");
	far_memory((4 << 20) - 1, 0);
	expect("NOTHING_FAR", SEVERITY_FATAL, "(1.0 %)");
	far_memory(4 << 20, 1);
	expect_none();
	far_memory(4 << 20, 0);
	expect("NOTHING_FAR", SEVERITY_WARNING, "no page (0.0 %) came back");
	far_memory(0, 0);
	in.far_bytes = 0; /* ratio 1 */
	expect_none();
	/* Where the gauge was read at the phase's ends only, pages that left tell. */
	far_memory(0, 1);
	expect("NOTHING_FAR", SEVERITY_FATAL, "");
	in.far_bytes = 400 << 20;
	in.usage = swap_usage;
	count("vmstat", "pswpout", SHRINK, 1024);
	count("memory_stat", "workingset_refault_anon", MEASURE, 1);
	expect_none();
	in.far_bytes = 400 << 20; /* nothing is known */
	expect_none();
}

static void peak(uint64_t far_able, uint64_t kept)
{
	in.limit_bytes = in.target_bytes = 0;
	in.peak_seen = true;
	in.peak_bytes = far_able;
	in.memory_peak_bytes = kept;
}

static void file_cache(void **state)
{
	(void)state;
	peak(95 << 20, 100 << 20);
	expect_none();
	peak((95 << 20) - 1, 100 << 20);
	expect("FILE_CACHE_IN_PEAK", SEVERITY_WARNING, "5.0 % of its peak of 100M");
	peak(1 << 20, 3 << 20); /* program text */
	expect_none();
	peak(95 << 20, 0); /* Linux 5.10 keeps none */
	expect_none();
	peak(2 << 20, 2 << 20);
	in.peak_seen = false;
	expect_none();
	peak(100 << 20, 100 << 20);
	in.peak_seen = false;
	expect("FILE_CACHE_IN_PEAK", SEVERITY_WARNING, "up to 100 % of the peak of 100M");
	/* Under a limit. */
	resident_memory(1);
	level("memory_stat", "inactive_file", MEASURE, 3 << 20);
	level("memory_stat", "active_file", MEASURE, 2 << 20);
	expect_none();
	resident_memory(1);
	level("memory_stat", "inactive_file", MEASURE, 3 << 20);
	level("memory_stat", "active_file", MEASURE, (2 << 20) + 4096);
	expect("FILE_CACHE_IN_PEAK", SEVERITY_WARNING, "under a limit of 100M");
}

static void faults_on(double faults, double page_ins)
{
	count("memory_stat", "pgmajfault", MEASURE, faults);
	count("memory_stat", "workingset_refault_anon", MEASURE, page_ins);
}

static void file_faults(void **state)
{
	(void)state;
	faults_on(100000, 95000);
	expect_none();
	faults_on(100000, 94999);
	expect("FILE_FAULTS", SEVERITY_WARNING,
	       "5001 of 100000 major faults (5.0 %) were of files");
	faults_on(256, 0);
	expect_none();
	/* Pages that read-ahead brought are nobody's major fault. */
	faults_on(100000, 100000);
	count("vmstat", "swap_ra", MEASURE, 5001);
	expect("FILE_FAULTS", SEVERITY_WARNING, "");
	/* Unless another program's are among them. */
	faults_on(100000, 100000);
	count("vmstat", "swap_ra", MEASURE, 90000);
	count("vmstat", "workingset_refault_anon", MEASURE, 400000);
	expect("OTHER_SWAPPER", SEVERITY_WARNING, "");
}

static void other_swapper(void **state)
{
	double slack = 256 * (double)sysconf(_SC_NPROCESSORS_ONLN);

	(void)state;
	faults_on(99000 - slack, 99000 - slack);
	count("vmstat", "workingset_refault_anon", MEASURE, 100000);
	expect_none();
	faults_on(98999 - slack, 98999 - slack);
	count("vmstat", "workingset_refault_anon", MEASURE, 100000);
	expect("OTHER_SWAPPER", SEVERITY_WARNING, "of the 100000 pages (");
	faults_on(0, 0);
	count("vmstat", "workingset_refault_anon", MEASURE, 100000);
	in.job = 2; /* told once */
	expect_none();
}

static void compressed(double pages, double poor)
{
	level("zram", "orig_data_size", MEASURE, pages * 4096);
	level("zram", "compr_data_size", MEASURE, poor * 4096);
	level("zram", "huge_pages", MEASURE, poor);
}

static void incompressible(void **state)
{
	(void)state;
	compressed(1000, 500);
	expect_none();
	compressed(1000, 501);
	expect("INCOMPRESSIBLE", SEVERITY_WARNING, "zram could not compress 50.1 % of its pages");
	compressed(1000, 501);
	in.target_bytes = 0;
	expect_none();
	level("memory_stat", "zswapped", MEASURE, 1000);
	level("memory_stat", "zswap", MEASURE, 750);
	expect_none();
	level("memory_stat", "zswapped", MEASURE, 1000);
	level("memory_stat", "zswap", MEASURE, 751);
	expect("INCOMPRESSIBLE", SEVERITY_WARNING, "zswap could not compress");
}

/* --- processors ------------------------------------------------------------------------------- */

/* Of two CPUs for a second, microseconds. */
static void cpu_time(double busy, double own, double client, double stolen)
{
	count("cpu", "run_cpus_busy", MEASURE, busy);
	count("cpu", "run_cpus_steal", MEASURE, stolen);
	count("cgroup_cpu", "usage_usec", MEASURE, own);
	count("cgroup_cpu", "client_usage_usec", MEASURE, client);
}

static void cpu_contended(void **state)
{
	(void)state;
	cpu_time(1900000, 1000000, 700000, 0);
	expect_none();
	cpu_time(1900001, 1000000, 700000, 0);
	expect("CPU_CONTENDED", SEVERITY_WARNING,
	       "for 10.0 % of the time (0.2 of 2.0 s on 2 CPUs)");
	cpu_time(1900001, 1000000, 700000, 0);
	in.own_cpu_us = 1; /* fmbench itself */
	expect_none();
	cpu_time(1000000, 1100000, 0, 200001);
	expect("CPU_CONTENDED", SEVERITY_WARNING, "hypervisor took 10.0 %");
	cpu_time(2000000, 0, 0, 0);
	in.job = 2; /* told once */
	expect_none();
}

static void throttled(void **state)
{
	(void)state;
	count("cgroup_cpu", "nr_throttled", MEASURE, 7);
	count("cgroup_cpu", "throttled_usec", MEASURE, 10000);
	expect_none();
	count("cgroup_cpu", "nr_throttled", MEASURE, 7);
	count("cgroup_cpu", "throttled_usec", MEASURE, 10001);
	expect("THROTTLED", SEVERITY_WARNING, "stopped it 7 times, for 1.0 % of the time");
	count("thermal", "core_throttle_count", MEASURE, 0);
	expect_none();
	count("thermal", "core_throttle_count", MEASURE, 2);
	count("thermal", "package_throttle_count", MEASURE, 1);
	expect("THROTTLED", SEVERITY_WARNING, "too hot and slowed down (2 times a core, 1 times");
}

static void frequency(void **state)
{
	(void)state;
	facts_set(&settings, "governor", "schedutil");
	expect("GOVERNOR", SEVERITY_WARNING, "the governor schedutil moves");
	facts_set(&settings, "governor", "performance");
	expect_none();
	facts_set(&settings, "governor", "performance");
	facts_set(&settings, "boost", "1");
	expect("GOVERNOR", SEVERITY_NOTE, "turbo is on");
	facts_set(&settings, "no_turbo", "0");
	expect("GOVERNOR", SEVERITY_NOTE, "turbo is on");
	facts_set(&settings, "no_turbo", "1");
	facts_set(&settings, "boost", "0");
	expect_none();
	strcpy(placement.siblings, "workload and load generator (CPUs 0 and 8)");
	expect("SMT_SIBLING", SEVERITY_WARNING, "CPUs 0 and 8) are hardware threads of one core");
}

/* --- the kernel, the sampler, the machine ------------------------------------------------------- */

static void oom_kill(void **state)
{
	(void)state;
	for (int phase = 0; phase < NR_PHASES; phase++) {
		count("memory_events", "oom_kill", phase, 1);
		expect("OOM_KILL", SEVERITY_FATAL, phases[phase]);
	}
	count("memory_events", "oom_kill", MEASURE, 0);
	expect_none();
}

static void sampler_late(void **state)
{
	(void)state;
	sampler.late = 5;
	expect_none();
	sampler.late = 6;
	expect("SAMPLER_LATE", SEVERITY_WARNING, "6 of 100 ticks came late and 0 were dropped");
	sampler.dropped = 1;
	expect("SAMPLER_LATE", SEVERITY_WARNING, "1 were dropped");
	sampler.late = 100;
	in.hz = 0; /* marks only */
	expect_none();
	sampler.lost = 3;
	sampler.lost_name = "zram";
	expect("COUNTER_LOST", SEVERITY_WARNING, "collector zram could not be read 3 times");
}

static void the_machine(void **state)
{
	(void)state;
	facts_set(&settings, "ksm", "1");
	steady("ksm", "pages_sharing", 0);
	expect_none();
	facts_set(&settings, "ksm", "1");
	steady("ksm", "pages_shared", 10);
	steady("ksm", "pages_sharing", 30);
	expect("KSM", SEVERITY_WARNING,
	       "40 pages of this machine's shared 10 frames (75.0 % saved)");
	facts_set(&settings, "ksm", "2"); /* it has stopped, and merged pages were taken apart */
	steady("ksm", "pages_sharing", 30);
	expect_none();
	in.cgroup_version = 1;
	expect("V1_LIMIT", SEVERITY_NOTE, "memory.limit_in_bytes");
	in.has_group = false;
	in.cgroup_version = 1;
	expect("NO_GROUP", SEVERITY_NOTE, "no permission");
	facts_set(&settings, "thp", "always");
	expect("THP_ENABLED", SEVERITY_WARNING, "echo madvise");
	placement.reclaim_shared = true;
	expect("RECLAIM_CPU_SHARED", SEVERITY_WARNING, "the reclaim CPU 3");
	snprintf(placement.shared, sizeof(placement.shared), "3 jobs");
	expect("SHARED_CORES", SEVERITY_WARNING, "too few cores: 3 jobs share one");
}

static void an_emulated_guest(void **state)
{
	(void)state;
	in.lab = "kvm";
	expect_none();
	in.lab = "tcg";
	expect("EMULATED", SEVERITY_WARNING, "mean something; measure on real hardware");
	in.lab = "tcg, exact";
	expect("EMULATED", SEVERITY_WARNING, "instruction counts are exact");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* CPU time of the measure phase, of the job's groups. */
static void client_time(double client_us, double server_us)
{
	static const char *const keys[] = { "client_usage_usec", "usage_usec" };
	double us[] = { client_us, server_us };
	int64_t metric;

	for (int i = 0; i < 2; i++) {
		assert_ok(store_metric(store, 1, "cgroup_cpu", keys[i], "us", true, &metric, &err));
		sample(metric, 0, 5);
		sample(metric, 2 * MEASURE + 2, 5 + us[i]);
	}
	in.fills_limit = true;
	in.limit_bytes = 0;
	in.window_us = 1e6;
	in.client_threads = 2;
	CPU_ZERO(&placement.client);
	CPU_ZERO(&placement.workload);
	for (int cpu = 0; cpu < 4; cpu++)
		CPU_SET(cpu, &placement.client);
	CPU_SET(4, &placement.workload);
	CPU_SET(5, &placement.workload);
}

/* A load generator of two threads on four CPUs, a server on two. */
static void client_bound(void **state)
{
	(void)state;
	client_time(1.92e6, 1.2e6);
	expect("CLIENT_BOUND", SEVERITY_WARNING,
	       "used 96 % of its 2 CPU(s), the server 60 % of its 2");
	client_time(1.88e6, 1.2e6);
	expect_none();
	client_time(1.96e6, 1.92e6); /* both at their limit */
	expect_none();
	client_time(1.96e6, 1.2e6);
	in.client_threads = 0; /* unknown: it may use all CPUs that it has */
	expect_none();
	/* One with a schedule uses all of its CPU and is not at its limit while it keeps the schedule. */
	client_time(1.96e6, 1.2e6);
	results_add(&results, "late", "share", BETTER_LOWER, 0.0099);
	expect_none();
	client_time(1.96e6, 1.2e6);
	results_add(&results, "late", "share", BETTER_LOWER, 0.0101);
	expect("CLIENT_BOUND", SEVERITY_WARNING, "the client was measured");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(eviction_incomplete),
		TEST(ratio_not_held),
		TEST(all_of_it_local),
		TEST(pager_leaves_some),
		TEST(limit_not_reached),
		TEST(limit_without_samples),
		TEST(swap_full),
		TEST(relief),
		TEST(other_areas),
		TEST(hooks),
		TEST(refused_pages),
		TEST(loads_of_the_hook),
		TEST(failures_of_the_hook),
		TEST(loads_of_the_disk),
		TEST(faults_of_the_program),
		TEST(stores_without_reclaim),
		TEST(nothing_far),
		TEST(file_cache),
		TEST(file_faults),
		TEST(other_swapper),
		TEST(incompressible),
		TEST(cpu_contended),
		TEST(throttled),
		TEST(frequency),
		TEST(oom_kill),
		TEST(sampler_late),
		TEST(the_machine),
		TEST(an_emulated_guest),
		TEST(client_bound),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, synthetic_clean);
}
