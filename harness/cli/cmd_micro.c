// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench micro: a micro-benchmark over numbers of cores and backends. */
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "harness/cli/choice.h"
#include "harness/cli/command.h"
#include "harness/cli/config.h"
#include "harness/cli/dry_run.h"
#include "harness/plan/matrix.h"
#include "harness/run/run_opts.h"
#include "micro/micro.h"

struct params {
	char *cores, *backend, *format;
	uint64_t repeat, seed;
	bool dry_run, skip_missing;
	struct run_settings settings;
};

static const struct opt opts[] = {
	OPT_STRING("cores", struct params, cores, NULL,
		   "threads to run with, one after the other, such as 1-4 or 1,2,8", .arg = "LIST"),
	CHOICE_OPTS(struct params), RUN_SETTINGS_OPTS(struct params, settings),
	OPT_FORMAT(struct params, format), OPT_END
};

static const char doc[] =
	"Options of each micro-benchmark: fmbench list micro -v\n\n"
	"Examples:\n"
	"  fmbench micro fault_latency --backend zram\n"
	"  fmbench micro fault_throughput --cores 1-4 --backend zram -o mode=evict-dirty --repeat 5\n";

static bool typed(const struct cli *cli, const char *key)
{
	for (size_t i = 0; i < cli->nr_pairs; i++) {
		if (strncmp(cli->pairs[i], key, strlen(key)) == 0 &&
		    cli->pairs[i][strlen(key)] == '=')
			return true;
	}
	return false;
}

/* A parameter set; --duration is the window of a micro-benchmark that has one. */
static int add_variant(struct choice *c, const struct cli *cli, int threads, struct err *err)
{
	const struct params *p = cli->params;
	char number[32];
	void *params;
	int rc = choice_add_params(c, cli, &params, err);

	if (!rc && opt_find(c->workload->opts, "duration") && !typed(cli, "duration")) {
		snprintf(number, sizeof(number), "%.9f",
			 (double)p->settings.duration_ns / NSEC_PER_SEC);
		rc = opt_set(c->workload->opts, params, "duration", number, "--duration", err);
	}
	if (!rc && threads) {
		snprintf(number, sizeof(number), "%d", threads);
		rc = opt_set(c->workload->opts, params, "threads", number, "--cores", err);
	}
	return rc;
}

/* One parameter set for each number of threads in the list; one in all where there is no list. */
static int add_variants(struct choice *c, const struct cli *cli, const char *cores, struct err *err)
{
	hwloc_bitmap_t list;
	int rc = 0;

	if (!cores)
		return add_variant(c, cli, 0, err);
	if (!opt_find(c->workload->opts, "threads"))
		return err_usage(err, "micro %s runs on one core: leave out --cores",
				 c->workload->name);
	if (list_check(cores, "--cores", err) != 0)
		return -EINVAL;
	list = hwloc_bitmap_alloc();
	if (!list)
		abort();
	if (strspn(cores, "0123456789,-") != strlen(cores) ||
	    hwloc_bitmap_list_sscanf(list, cores) != 0 || hwloc_bitmap_iszero(list) ||
	    hwloc_bitmap_isset(list, 0) || hwloc_bitmap_weight(list) < 0)
		rc = err_usage(err,
			       "--cores '%s' is not a list of numbers of threads such as 1-4,8",
			       cores);
	for (int n = hwloc_bitmap_first(list); n > 0 && !rc;
	     n = hwloc_bitmap_next(list, (unsigned int)n))
		rc = add_variant(c, cli, n, err);
	hwloc_bitmap_free(list);
	return rc;
}

static int cmd_micro_run(struct cli *cli)
{
	struct params *p = cli->params;
	struct matrix m = { .line = cli->line,
			    .db_path = common.db,
			    .state_dir = common.state_dir,
			    .config = config_text(),
			    .settings = &p->settings,
			    .seed = p->seed,
			    .skip_missing = p->skip_missing,
			    .summary = p->repeat > 2,
			    .verbose = common.verbose };
	struct cell cell = { .ratio = 1 };
	struct choice c = { 0 };
	enum export_format format;
	struct err err = { 0 };
	int code = 0, rc = export_format_parse(p->format, &format, &err);

	c.workload = rc ? NULL : micro_find(cli->args[0], &err);
	if (!rc && !c.workload) {
		rc = -EINVAL;
		if (workload_find(cli->args[0], NULL))
			err_usage(&err, "%s is a workload: fmbench run %s", cli->args[0],
				  cli->args[0]);
	}
	if (!rc)
		rc = choice_backends(&c, p->backend, c.workload->limit, &err);
	if (!rc)
		rc = add_variants(&c, cli, p->cores, &err);
	if (rc) {
		choice_release(&c);
		return command_fail(&err);
	}

	cell.workload = c.workload;
	for (cell.repeat = 1; cell.repeat <= (int)p->repeat; cell.repeat++) {
		for (size_t b = 0; b < c.nr_backends; b++) {
			cell.backend = c.backends[b].backend;
			cell.backend_params = c.backends[b].params;
			for (size_t i = 0; i < c.nr_params; i++) {
				cell.workload_params = c.params[i];
				matrix_add(&m, &cell);
			}
		}
	}
	if (p->repeat > 1)
		matrix_warn_repeats(p->repeat);
	rc = p->dry_run ? dry_run(&m, &err) : matrix_run(&m, format, &code, &err);
	matrix_release(&m);
	choice_release(&c);
	return rc ? command_fail(&err) : code;
}

const struct command cmd_micro = {
	.name = "micro",
	.args = "BENCHMARK",
	.summary = "run a micro-benchmark: what one fault costs, how many a machine can take",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.takes_pairs = true,
	.in_lab = true,
	.takes_units = true,
	.run = cmd_micro_run,
};
