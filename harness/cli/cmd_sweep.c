// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench sweep: an experiment from its file, resumable. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/cli/command.h"
#include "harness/cli/config.h"
#include "harness/cli/dry_run.h"
#include "harness/plan/experiment.h"
#include "harness/plan/plan.h"
#include "harness/plan/scale.h"
#include "harness/plan/slurm.h"
#include "results/export.h"

struct params {
	bool dry_run, slurm, skip_missing;
	uint64_t block;
	char *format, *scale;
};

static const struct opt opts[] = {
	OPT_BOOL("dry-run", struct params, dry_run, NULL,
		 "list the runs in their order and the time they will take; make none",
		 .letter = 'n'),
	OPT_BOOL("skip-missing", struct params, skip_missing, NULL,
		 "leave out what this machine lacks the backend or program for"),
	OPT_U64("block", struct params, block, NULL, 1, 10000, "only the Nth round", .arg = "N"),
	OPT_CHOICE("scale", struct params, scale, NULL, SCALES,
		   "size of the experiment, where its file has several: what stands as KEY@SCALE "
		   "(default: full with 64 GiB of memory, else small)"),
	OPT_BOOL("slurm", struct params, slurm, NULL,
		 "print a Slurm array script: one task a round"),
	OPT_FORMAT(struct params, format),
	OPT_END
};

static const char doc[] =
	"EXPERIMENT is a file that says what to run (experiments/README.md), or the name of one that comes\n"
	"with fmbench: memaslap-ratio. Runs of a round come in random order, rounds one after the other.\n"
	"The same command again goes on where the last one stopped: what is in the database and did not\n"
	"fail is not made again.\n\n"
	"Examples:\n"
	"  fmbench sweep --dry-run memaslap-ratio\n"
	"  fmbench sweep memaslap-ratio\n"
	"  fmbench sweep --slurm experiments/memaslap-ratio.ini >job.sh && sbatch job.sh\n";

static int slurm(const struct experiment *e, struct matrix *m, const char *path, struct err *err)
{
	struct plan_left left;
	int rc = dry_run_fill(m, err);

	if (rc)
		return rc;
	left = plan_left(m);
	return slurm_print(e, path, common.db, &left, stdout, err);
}

static int sweep(const struct experiment *e, struct matrix *m, enum export_format format,
		 int *ret_code, struct err *err)
{
	int rc = matrix_run(m, format, ret_code, err);

	if (!rc && e->figure && (*ret_code == 0 || *ret_code == ERR_UNTRUSTED))
		log_info("draw it: fmbench plot %s --experiment %s -o %s.pdf", e->figure, e->name,
			 e->name);
	return rc;
}

static int check_params(const struct params *p, const struct experiment *e, struct err *err)
{
	if (p->slurm && (p->dry_run || p->block))
		return err_usage(err,
				 "--slurm makes a script of the whole experiment: leave out %s",
				 p->dry_run ? "--dry-run" : "--block");
	if (p->block > e->repeat)
		return err_usage(err, "--block %llu: %s has %llu rounds (repeat)",
				 (unsigned long long)p->block, e->name,
				 (unsigned long long)e->repeat);
	return 0;
}

static int cmd_sweep_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct matrix m = { .line = cli->line,
			    .db_path = common.db,
			    .state_dir = common.state_dir,
			    .config = config_text(),
			    .skip_missing = p->skip_missing,
			    .summary = true,
			    .verbose = common.verbose };
	enum export_format format;
	struct experiment e = { 0 };
	struct err err = { 0 };
	int rc = export_format_parse(p->format, &format, &err), code = 0;
	const char *path = cli->args[0];
	char found[PATH_MAX];

	if (experiment_find(path, found, sizeof(found)))
		path = found;
	else if (!rc && access(path, F_OK) != 0 && experiment_near(path, found, sizeof(found)))
		rc = err_usage(&err, "no experiment '%s'; did you mean '%s'?", path, found);
	if (!rc)
		rc = experiment_read(path, p->scale, &e, &err);
	if (!rc)
		rc = check_params(p, &e, &err);
	m.seed = e.seed;
	m.resume = !p->slurm; /* a script is for other machines, which have made nothing */
	for (size_t i = 0; i < e.nr_cells && !rc; i++) {
		if (!p->block || e.cells[i].repeat == (int)p->block)
			matrix_add(&m, &e.cells[i]);
	}
	if (!rc)
		matrix_warn_repeats(e.repeat);
	if (!rc && p->dry_run) {
		printf("%s%s%s\n\n", e.name, e.question ? ": " : "", e.question ? e.question : "");
		rc = dry_run(&m, &err);
	} else if (!rc && p->slurm)
		rc = slurm(&e, &m, path, &err);
	else if (!rc)
		rc = sweep(&e, &m, format, &code, &err);
	matrix_release(&m);
	experiment_release(&e);
	return rc ? command_fail(&err) : code;
}

const struct command cmd_sweep = {
	.name = "sweep",
	.args = "EXPERIMENT",
	.summary = "run an experiment from its file: shuffled, repeated, resumable",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.in_lab = true,
	.takes_units = true,
	.run = cmd_sweep_run,
};
