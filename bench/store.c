// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the store costs: rows written per second, and the time of each question about one long run
 * (by default 1 h at 10 Hz with 200 metrics, half of them changing at every tick).
 *
 *	build/bench/store [SECONDS [METRICS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "results/export.h"

#define HZ 10

static struct err err;

static void ok(int r)
{
	if (r) {
		fprintf(stderr, "bench/store: %s\n", err.msg);
		exit(1);
	}
}

static double since_s(uint64_t begin_ns)
{
	return (double)(clock_ns() - begin_ns) / 1e9;
}

/* The keys that the summary asks for, then others; even ones are counters. */
static int64_t add_metric(struct store *s, int i)
{
	static const char *const known[][2] = {
		{ "memory_stat", "pgmajfault" },
		{ "memory_usage", "memory.current" },
		{ "memory_stat", "pswpout" },
		{ "memory_usage", "memory.swap.current" },
	};
	char key[32];
	int64_t metric;

	snprintf(key, sizeof(key), "key_%03d", i);
	ok(store_metric(s, i < 4, i < 4 ? known[i][0] : "bench", i < 4 ? known[i][1] : key, "pages",
			i % 2 == 0, &metric, &err));
	return metric;
}

static int64_t begin_run(struct store *s)
{
	struct facts facts = { 0 };
	struct job_record job = { .name = "null", .workload = "null", .ratio = 0.5 };
	struct run_record record = {
		.uuid = "bench",
		.backend = "none",
		.repeat = 1,
		.jobs = &job,
		.nr_jobs = 1,
	};
	int64_t machine, run;

	ok(store_machine(s, &facts, &machine, &err));
	ok(store_run_begin(s, machine, &record, &run, &err));
	return run;
}

static void write_run(struct store *s, int64_t run, int seconds, int nr_metrics)
{
	uint64_t origin = clock_ns(), rows = 0, begin_ns;
	int64_t *metrics = calloc((size_t)nr_metrics, sizeof(*metrics));

	if (!metrics)
		exit(1);
	for (int i = 0; i < nr_metrics; i++)
		metrics[i] = add_metric(s, i);
	begin_ns = clock_ns();
	for (int tick = 0; tick <= seconds * HZ; tick++) {
		uint64_t t_ns = origin + (uint64_t)tick * (NSEC_PER_SEC / HZ);
		struct store_tick t = { t_ns, t_ns, 0 };

		ok(store_begin(s, &err));
		ok(store_tick(s, run, (uint64_t)tick, &t, &err));
		for (int i = 0; i < nr_metrics; i++) {
			/* One half changes always, the other once in 50 ticks. */
			if (i % 4 >= 2 && (tick + i) % 50 && tick)
				continue;
			ok(store_sample(s, run, (uint64_t)tick, metrics[i], (uint64_t)(tick * i),
					&err));
			rows++;
		}
		ok(store_commit(s, &err));
	}
	printf("%-34s %8.2f s  %.0f rows/s, a transaction a tick\n", "write", since_s(begin_ns),
	       (double)rows / since_s(begin_ns));
	ok(store_phase(s, run, "load", origin, origin + NSEC_PER_SEC, &err));
	ok(store_phase(s, run, "measure", origin + NSEC_PER_SEC,
		       origin + (uint64_t)seconds * NSEC_PER_SEC, &err));
	free(metrics);
}

static void time_export(struct store *s, const char *kind, bool wide, enum export_format format)
{
	struct export_filter filter = { .shape = wide ? EXPORT_WIDE : 0 };
	FILE *out = tmpfile();
	uint64_t begin_ns = clock_ns();
	struct stat st;
	char what[64];

	if (!out)
		exit(1);
	ok(export_rows(s, kind, &filter, format, out, &err));
	fstat(fileno(out), &st);
	snprintf(what, sizeof(what), "export %s %s%s", format == EXPORT_CSV ? "csv" : "json", kind,
		 wide ? " --wide" : "");
	printf("%-34s %8.2f s  %.0f MiB\n", what, since_s(begin_ns), (double)st.st_size / 1048576);
	fclose(out);
}

int main(int argc, char *argv[])
{
	int seconds = argc > 1 ? atoi(argv[1]) : 3600, nr_metrics = argc > 2 ? atoi(argv[2]) : 200;
	char dir[] = "/tmp/fmbench-bench.XXXXXX", path[64], wal[72];
	struct store *s;
	struct stat st;
	int64_t run;
	double value;

	if (seconds < 2 || nr_metrics < 4 || !mkdtemp(dir)) {
		fprintf(stderr, "usage: store [SECONDS >= 2 [METRICS >= 4]]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/bench.db", dir);
	ok(store_open(path, STORE_WRITE, &s, &err));
	run = begin_run(s);
	write_run(s, run, seconds, nr_metrics);

	uint64_t begin_ns = clock_ns();

	ok(store_run_end(s, run, "ok", NULL, &err));
	printf("%-34s %8.2f s\n", "end the run", since_s(begin_ns));
	begin_ns = clock_ns();
	ok(store_phase_value(s, run, 1, "measure", "memory_stat", "pgmajfault", &value, &err));
	printf("%-34s %8.2f ms\n", "one counter's delta", since_s(begin_ns) * 1e3);
	begin_ns = clock_ns();
	ok(store_phase_value(s, run, 1, "measure", "memory_usage", "memory.current", &value, &err));
	printf("%-34s %8.2f ms\n", "one gauge's mean", since_s(begin_ns) * 1e3);
	time_export(s, "runs", false, EXPORT_CSV);
	time_export(s, "deltas", false, EXPORT_CSV);
	time_export(s, "samples", true, EXPORT_CSV);
	time_export(s, "samples", false, EXPORT_CSV);
	time_export(s, "samples", false, EXPORT_JSON);
	store_close(s);
	stat(path, &st);
	printf("%-34s %8.0f MiB\n", "database", (double)st.st_size / 1048576);
	unlink(path);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	unlink(wal);
	snprintf(wal, sizeof(wal), "%s-shm", path);
	unlink(wal);
	rmdir(dir);
	return 0;
}
