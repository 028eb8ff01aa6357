// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench compare: sets of runs, each against the first, result by result. */
#include "harness/cli/command.h"
#include "results/compare.h"

struct params {
	char *power, *format;
	bool untrusted, not_interleaved;
};

static const struct opt opts[] = { OPT_STRING("power", struct params, power, NULL,
					      "how many runs would show a difference of, say, 2%",
					      .arg = "PERCENT"),
				   OPT_BOOL("untrusted", struct params, untrusted, NULL,
					    "take in runs that a fatal flag made untrusted"),
				   OPT_BOOL("not-interleaved", struct params, not_interleaved, NULL,
					    "give a verdict on sides that were not measured beside "
					    "each other"),
				   OPT_FORMAT(struct params, format), OPT_END };

static const char doc[] =
	"A, B, … choose runs by key=value terms with commas between, all of which must hold; a word\n"
	"without '=' is another value for the key before it, and at the front a run. Keys: workload,\n"
	"backend, ratio, experiment, run, offload, machine (its host name), kernel, every parameter\n"
	"(algorithm or zram.algorithm) and every fact (thp, page_cluster …) stored with a run.\n\n"
	"A is the base. Each set must be of one kind, and it may differ from A in nothing but what both\n"
	"name; else the command says what they differ in and exits with status 2. Sets that are chosen by\n"
	"run numbers alone may differ, and the output says in what. Failed runs are left out, untrusted\n"
	"ones too unless asked for, and the output says which.\n\n"
	"Runs of one repeat are a block: where both sides have the blocks the ratio is taken within each\n"
	"(Student's t on logarithms), so that what drifts over the experiment cancels; else over all runs\n"
	"(Welch). The verdict is on the performance alone (the first result with a better). None with fewer than 4\n"
	"runs or blocks a side, nor where one side was measured after the other (--not-interleaved). With\n"
	"more than two sets the verdicts are a family: their p are corrected (Holm).\n\n"
	"Examples:\n"
	"  fmbench compare backend=swapfile,ratio=0.5 backend=zram,ratio=0.5\n"
	"  fmbench compare workload=memaslap,ratio=1 workload=memaslap,ratio=0.5 --power 2%\n"
	"  fmbench compare 3,5,7 4,6,8\n"
	"  fmbench compare algorithm=lz4 algorithm=lzo-rle algorithm=zstd\n";

static int cmd_compare_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct compare_request request = { .sides = (const char *const *)cli->args,
					   .untrusted = p->untrusted,
					   .not_interleaved = p->not_interleaved };
	struct store *store = NULL;
	enum export_format format;
	struct err err = { 0 };
	int rc = export_format_parse(p->format, &format, &err);

	if (!rc && p->power)
		rc = compare_parse_power(p->power, &request.power, &err);
	if (!rc)
		rc = store_open(common.db, STORE_READ, &store, &err);
	if (!rc)
		rc = compare_runs(store, &request, format, stdout, stderr, &err);
	store_close(store);
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_compare = {
	.name = "compare",
	.args = "A B...",
	.summary = "sets of runs, each against the first: a ratio with its interval, and a verdict "
		   "where there can be one",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = COMPARE_MAX_SIDES,
	.run = cmd_compare_run,
};
