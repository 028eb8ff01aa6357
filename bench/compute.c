// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One computation of workloads/ by itself, on resident memory: load, measure, verify, and its results as
 * lines "NAME VALUE", rates per second of CPU time. For bench/workloads.sh.
 *
 *	build/bench/compute [--dump DIR] NAME [key=value]...
 *
 * --dump writes each array of its input to DIR/NAME-OF-ARRAY, for others to compute with, and does not
 * measure.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "workloads/compute.h"

static int dump(const struct compute_run *r, const char *dir)
{
	for (unsigned int i = 0; i < r->nr_ranges; i++) {
		const struct compute_range *range = &r->ranges[i];
		char path[PATH_MAX];
		FILE *f;

		if (range->kind != COMPUTE_INPUT)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, range->name);
		f = fopen(path, "w");
		if (!f || fwrite(range->base, range->bytes, 1, f) != 1 || fclose(f) != 0) {
			perror(path);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

static int run(struct compute_run *r, const struct compute *c)
{
	/* Of one thread CPU time is what it worked, whoever else wanted the CPU. */
	uint64_t begin_ns = clock_process_ns();
	struct results results;
	double seconds;

	c->measure(r);
	seconds = (double)(clock_process_ns() - begin_ns) / NSEC_PER_SEC;
	compute_verify(r, c);
	if (r->wrong[0]) {
		fprintf(stderr, "compute: %s\n", r->wrong);
		return EXIT_FAILURE;
	}
	results_init(&results);
	c->report(r, seconds, &results);
	for (size_t i = 0; i < results.nr; i++)
		printf("%s %.6g\n", results.rows[i].name, results.rows[i].value);
	printf("elapsed %.6g\n", seconds);
	results_release(&results);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	const char *dir = argc > 2 && strcmp(argv[1], "--dump") == 0 ? argv[2] : NULL;
	int first = dir ? 3 : 1, rc = EXIT_FAILURE;
	const struct workload *w;
	struct compute_run r = { .seed = 1 };
	struct err err = { 0 };
	int fd;

	if (first >= argc) {
		fprintf(stderr, "usage: compute [--dump DIR] NAME [key=value]...\n");
		return ERR_USAGE;
	}
	w = workload_find(argv[first], &err);
	if (!w || !w->compute) {
		fprintf(stderr, "compute: %s\n", w ? "not a computation" : err.msg);
		return ERR_USAGE;
	}

	void *params = xcalloc(1, w->params_size);

	opt_defaults(w->opts, params);
	for (int i = first + 1; i < argc; i++) {
		if (opt_set_pair(w->opts, params, argv[i], w->name, &err))
			goto out;
	}
	r.params = params;
	if ((w->check && w->check(params, NULL, &err)) || progress_new(&r.progress, &fd, &err) ||
	    compute_load(&r, w->compute, &err))
		goto out;
	progress_begin(r.progress, r.crew.nr);
	rc = dir ? dump(&r, dir) : run(&r, w->compute);
out:
	if (err.msg[0])
		fprintf(stderr, "compute: %s\n", err.msg);
	return rc;
}
