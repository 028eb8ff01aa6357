// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/slurm.h"

#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"

#define SLACK	     2.0 /* a node may be slower than the one that knows the times */
#define SLACK_S	     600 /* start, calibration */
#define SECS_PER_MIN 60

static const char head[] =
	"#\n"
	"# A block is one round of the experiment: each of its cells once, in random order. So a node\n"
	"# that is faster than others is so for all cells alike. A task that was killed or requeued goes\n"
	"# on where it was; so does the whole array when it is submitted again.\n"
	"# fmbench needs root on the nodes, or a delegated control group and a swap area that is on.\n"
	"set -euo pipefail\n\n";

static const char body[] =
	"\n"
	"mkdir -p \"$blocks\"\n"
	"if [[ $SLURM_ARRAY_TASK_ID -eq $SLURM_ARRAY_TASK_MIN ]]; then\n"
	"\tsbatch --dependency=\"afterany:$SLURM_ARRAY_JOB_ID\" --job-name=\"$name-merge\" \\\n"
	"\t\t--output=\"$name-merge.log\" \\\n"
	"\t\t--wrap \"$(printf '%q ' \"$fmbench\" merge --into \"$merged\") $(printf '%q' \"$blocks\")/*.db\"\n"
	"fi\n"
	"exec \"$fmbench\" sweep --scale $scale --block \"$SLURM_ARRAY_TASK_ID\" \\\n"
	"\t--db \"$blocks/$SLURM_ARRAY_TASK_ID.db\" \"$experiment\"\n";

/* name='value' for a shell. */
static void print_variable(const char *name, const char *value, FILE *out)
{
	fprintf(out, "%s='", name);
	for (; *value; value++)
		fprintf(out, *value == '\'' ? "'\\%c'" : "%c", *value);
	fputs("'\n", out);
}

/* The directory of the database may not be there yet. */
static int absolute(const char *path, char *dst, size_t size, struct err *err)
{
	char cwd[PATH_MAX];
	int len;

	if (path[0] == '/')
		len = snprintf(dst, size, "%s", path);
	else if (!getcwd(cwd, sizeof(cwd)))
		return err_failed(err, errno, "cannot tell the current directory");
	else
		len = snprintf(dst, size, "%s/%s", cwd, path);
	return (size_t)len < size ? 0 : err_usage(err, "the path '%s' is too long", path);
}

/* What a task may take; nothing where part of it is not known: then the partition's default. */
static void print_time(const struct experiment *e, const struct plan_left *left, FILE *out)
{
	double block_s = left->expected_s / (double)e->repeat;

	if (!left->nr_unknown)
		fprintf(out, "#SBATCH --time=%.0f\n",
			ceil((block_s * SLACK + SLACK_S) / SECS_PER_MIN));
}

int slurm_print(const struct experiment *e, const char *ini, const char *db,
		const struct plan_left *left, FILE *out, struct err *err)
{
	char program[PATH_MAX], file[PATH_MAX], merged[PATH_MAX], blocks[PATH_MAX], dir[PATH_MAX];
	int rc = process_program(program, sizeof(program));

	if (rc)
		return err_failed(err, -rc, "/proc/self/exe");
	rc = absolute(ini, file, sizeof(file), err);
	if (!rc)
		rc = absolute(db, merged, sizeof(merged), err);
	if (rc)
		return rc;
	snprintf(dir, sizeof(dir), "%s", merged);
	snprintf(blocks, sizeof(blocks), "%.3800s/blocks/%s", dirname(dir), e->name);

	fprintf(out,
		"#!/usr/bin/env bash\n"
		"# Made by `fmbench sweep --slurm %s`; submit it with sbatch.\n"
		"#SBATCH --job-name=%s\n"
		"#SBATCH --array=1-%llu\n"
		"#SBATCH --exclusive\n"
		"#SBATCH --requeue\n"
		"#SBATCH --open-mode=append\n"
		"#SBATCH --output=%s-%%a.log\n",
		ini, e->name, (unsigned long long)e->repeat, e->name);
	print_time(e, left, out);
	fputs(head, out);
	print_variable("name", e->name, out);
	print_variable("fmbench", program, out);
	print_variable("experiment", file, out);
	print_variable("scale", e->scale, out);
	print_variable("blocks", blocks, out);
	print_variable("merged", merged, out);
	fputs(body, out);
	return 0;
}
