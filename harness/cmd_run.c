/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fmbench run: a workload at one or more local ratios. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/command.h"
#include "harness/matrix.h"
#include "harness/run.h"
#include "results/export.h"

struct params {
	char *ratios;
	char *backend;
	uint64_t repeat;
	uint64_t peak_bytes;
	bool recalibrate;
	uint64_t seed;
	char *format;
	char *reclaim_cpu;
	char *cpus, *client_cpus;
	double mem_node;
	struct run_settings settings;
};

#define ROW(n, t, field, ...)                                                                      \
	{                                                                                          \
		.name = n, .type = t, .offset = offsetof(struct params, field), __VA_ARGS__        \
	}

static const struct opt opts[] = {
	ROW("ratio", OPT_T_STRING, ratios, .def = "1", .arg = "LIST",
	    .help = "local memory as a share of the workload's peak, such as 1,0.5,0.25"),
	ROW("backend", OPT_T_STRING, backend, .def = "auto", .arg = "NAME",
	    .help = "where far memory is; `fmbench list backends`"),
	ROW("repeat", OPT_T_U64, repeat, .def = "1", .min = 1, .max = 10000, .arg = "N",
	    .help = "runs of each ratio, interleaved in random order"),
	ROW("duration", OPT_T_DURATION, settings.duration_ns, .def = "10s", .min = 1e6,
	    .max = 864e11, .arg = "TIME", .help = "the measure window of a service"),
	ROW("warmup", OPT_T_DURATION, settings.warmup_ns, .def = "3s", .min = 0, .max = 864e11,
	    .arg = "TIME", .help = "before it, not counted"),
	ROW("settle-timeout", OPT_T_DURATION, settings.settle_ns, .def = "10s", .min = 1e6,
	    .max = 864e11, .arg = "TIME", .help = "how long shrinking may make no progress"),
	ROW("peak", OPT_T_SIZE, peak_bytes, .min = 1 << 20, .max = 1e15, .arg = "SIZE",
	    .help = "state the workload's peak instead of measuring it"),
	ROW("recalibrate", OPT_T_BOOL, recalibrate, .help = "measure the peak again"),
	ROW("sample-hz", OPT_T_U64, settings.sample_hz, .def = "10", .min = 0, .max = 1000,
	    .arg = "HZ", .help = "samples a second; 0: only at phase boundaries"),
	ROW("reclaim-cpu", OPT_T_STRING, reclaim_cpu, .def = "auto", .arg = "CPU",
	    .help = "a CPU no workload thread may use: a number, auto or none"),
	ROW("cpus", OPT_T_STRING, cpus, .arg = "LIST",
	    .help = "the workload's CPUs (default: chosen)"),
	ROW("client-cpus", OPT_T_STRING, client_cpus, .arg = "LIST",
	    .help = "the load generator's CPUs (default: chosen)"),
	ROW("mem-node", OPT_T_DOUBLE, mem_node, .def = "-1", .min = -1, .max = 1023, .arg = "NODE",
	    .help = "bind the workload's memory to this NUMA node; -1: any"),
	ROW("cgroup-root", OPT_T_STRING, settings.cgroup_root, .arg = "GROUP",
	    .help = "make groups below this one (default: / for root, else the process's own)"),
	ROW("experiment", OPT_T_STRING, settings.experiment, .arg = "NAME",
	    .help = "a label stored with the runs"),
	ROW("seed", OPT_T_U64, seed, .def = "1", .min = 0, .max = 9e18, .arg = "N",
	    .help = "of the workload and of the order of runs"),
	ROW("format", OPT_T_CHOICE, format, .def = "table", .choices = "table|csv|json", .arg = "F",
	    .help = "of the closing table"),
	OPT_END
};

static const char doc[] =
	"The workload runs in a control group of its own. Without a limit first, once, to learn its\n"
	"peak; then, for each ratio below 1, memory.high is lowered to ratio x peak and the rest goes\n"
	"to the backend. Exit status: 0 ok, 1 failed, 2 usage, 3 something needed is missing, 7 done\n"
	"but not to be trusted (the flags say why).\n\n"
	"Examples:\n"
	"  fmbench run memaslap --ratio 0.5\n"
	"  fmbench run memaslap --ratio 1,0.5,0.25 --backend zram -o memory=1G -o zram.algorithm=lz4\n"
	"  fmbench run --ratio 0.5 -- ./my_program args\n";

static int parse_ratios(const char *list, struct matrix *m, struct err *err)
{
	char *copy = strdup(list), *save, *word;
	int rc = 0;

	if (!copy)
		abort();
	for (word = strtok_r(copy, ",", &save); word && !rc; word = strtok_r(NULL, ",", &save)) {
		double ratio;

		if (parse_double(word, &ratio) != 0 || !(ratio > 0 && ratio <= 1))
			rc = err_usage(err, "ratio '%s' is not in (0, 1]", word);
		else if (m->nr_ratios == MATRIX_MAX_RATIOS)
			rc = err_usage(err, "more than %d ratios", MATRIX_MAX_RATIOS);
		else
			m->ratios[m->nr_ratios++] = ratio;
	}
	if (!rc && !m->nr_ratios)
		rc = err_usage(err, "no ratio in '%s'; try --ratio 1,0.5,0.25", list);
	free(copy);
	return rc;
}

static int choose_units(const struct cli *cli, const struct params *p, struct matrix *m,
			struct err *err)
{
	bool shrinks = false;

	if (cli->argv && cli->nr_args)
		return err_usage(err, "run takes a WORKLOAD or `-- COMMAND`, not both ('%s')",
				 cli->args[0]);
	m->argv = cli->argv;
	m->workload = cli->argv ? &workload_command : workload_find(cli->args[0], err);
	if (!m->workload)
		return -EINVAL;
	if (m->workload == &workload_command && !cli->argv)
		return err_usage(err, "workload command runs a program of yours: fmbench run "
				      "[options] -- COMMAND ARGS...");
	for (size_t i = 0; i < m->nr_ratios; i++)
		shrinks |= m->ratios[i] < 1;
	if (strcmp(p->backend, "auto") != 0)
		m->backend = backend_find(p->backend, err);
	else
		m->backend = shrinks ? backend_auto(err) : &backend_none;
	return m->backend ? 0 : err->kind == ERR_MISSING ? -ENOENT : -EINVAL;
}

/* key=value is the workload's; NAME.key=value is backend NAME's. */
static int set_pairs(const struct cli *cli, struct matrix *m, struct err *err)
{
	size_t len = strlen(m->backend->name);
	char what[64];
	int rc = 0;

	m->workload_params = calloc(1, m->workload->params_size + 1);
	m->backend_params = calloc(1, m->backend->params_size + 1);
	if (!m->workload_params || !m->backend_params)
		abort();
	opt_defaults(m->workload->opts, m->workload_params);
	opt_defaults(m->backend->opts, m->backend_params);
	for (size_t i = 0; i < cli->nr_pairs && !rc; i++) {
		const char *pair = cli->pairs[i];

		if (strncmp(pair, m->backend->name, len) == 0 && pair[len] == '.') {
			snprintf(what, sizeof(what), "backend %s", m->backend->name);
			rc = opt_set_pair(m->backend->opts, m->backend_params, pair + len + 1, what,
					  err);
		} else {
			snprintf(what, sizeof(what), "workload %s", m->workload->name);
			rc = opt_set_pair(m->workload->opts, m->workload_params, pair, what, err);
		}
	}
	return rc;
}

static int cmd_run_run(struct cli *cli)
{
	struct params *p = cli->params;
	struct matrix m = { .line = cli->line };
	enum export_format format;
	struct err err = { 0 };
	int rc;

	if (p->mem_node != (int)p->mem_node) {
		err_usage(&err, "--mem-node %g is not a node's number", p->mem_node);
		return command_fail(&err);
	}
	p->settings.placement = (struct placement_wish){
		.cpus = p->cpus,
		.client_cpus = p->client_cpus,
		.reclaim_cpu = p->reclaim_cpu,
		.mem_node = (int)p->mem_node,
	};
	m.settings = &p->settings;
	m.repeat = (int)p->repeat;
	m.seed = p->seed;
	m.peak_bytes = p->peak_bytes;
	m.recalibrate = p->recalibrate;
	rc = export_format_parse(p->format, &format, &err);
	if (!rc && p->peak_bytes && p->recalibrate)
		rc = err_usage(&err, "--peak states what --recalibrate would measure: choose one");
	if (!rc)
		rc = parse_ratios(p->ratios, &m, &err);
	if (!rc)
		rc = choose_units(cli, p, &m, &err);
	if (!rc)
		rc = set_pairs(cli, &m, &err);
	if (!rc)
		p->settings.placement.needs_client =
			m.workload->shape == WORKLOAD_SERVICE && !m.workload->main;
	rc = rc ? command_fail(&err) : matrix_run(&m, format);

	if (m.workload)
		opt_release(m.workload->opts, m.workload_params);
	if (m.backend)
		opt_release(m.backend->opts, m.backend_params);
	free(m.workload_params);
	free(m.backend_params);
	return rc;
}

const struct command cmd_run = {
	.name = "run",
	.args = "WORKLOAD",
	.summary = "run a workload with part of its memory far away",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.takes_pairs = true,
	.takes_command = true,
	.in_lab = true,
	.run = cmd_run_run,
};
