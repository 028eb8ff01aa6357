// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/cli/config.h"

struct common common;

const struct opt common_opts[] = {
	OPT_STRING("db", struct common, db, "results/fmbench.db", "the results database",
		   .arg = "FILE"),
	OPT_STRING("state-dir", struct common, state_dir, NULL,
		   "undo journals and files of a run (default: /var/lib/fmbench for root, else "
		   "~/.local/state/fmbench)",
		   .arg = "DIR"),
	OPT_STRING("config", struct common, config, NULL,
		   "defaults for options (default: ~/.config/fmbench/config); `fmbench config`",
		   .arg = "FILE"),
	OPT_BOOL("in-lab", struct common, in_lab, NULL, "run the same command in the lab guest"),
	OPT_STRING("lab", struct common, lab, "--cpus 4 --mem 3G --rdma --disk 4G",
		   "the guest of --in-lab; `lab/fmlab --help`", .arg = "OPTIONS"),
	OPT_BOOL("no-wait", struct common, no_wait, NULL,
		 "fail at once where another fmbench is measuring here, rather than wait for it"),
	OPT_STRING(
		"units", struct common, units, NULL,
		"read units from this directory, too (FMBENCH_UNITS: from several; doc/UNITS.md)",
		.arg = "DIR"),
	OPT_BOOL("verbose", struct common, verbose, NULL, "say more", .letter = 'v'),
	OPT_BOOL("quiet", struct common, quiet, NULL,
		 "no messages but errors; results are printed as ever", .letter = 'q'),
	OPT_END
};

static void set_from_environment(const char *variable, const char *option)
{
	const char *value = getenv(variable);
	struct err err;

	if (value && value[0])
		opt_set(common_opts, &common, option, value, variable,
			&err); /* a string: can't fail */
}

static void default_state_dir(void)
{
	const char *home = getenv("XDG_STATE_HOME");
	int rc;

	if (geteuid() == 0)
		rc = asprintf(&common.state_dir, "/var/lib/fmbench");
	else if (home && home[0])
		rc = asprintf(&common.state_dir, "%s/fmbench", home);
	else
		rc = asprintf(&common.state_dir, "%s/.local/state/fmbench",
			      getenv("HOME") ? getenv("HOME") : "/tmp");
	if (rc < 0)
		abort();
}

int common_init(struct err *err)
{
	int rc;

	opt_release(common_opts, &common);
	memset(&common, 0, sizeof(common));
	opt_defaults(common_opts, &common);
	default_state_dir();
	rc = config_apply("common", common_opts, &common, err);
	set_from_environment("FMBENCH_DB", "db");
	set_from_environment("FMBENCH_STATE_DIR", "state-dir");
	return rc;
}

void common_release(void)
{
	opt_release(common_opts, &common);
}

bool is_json(const char *format)
{
	return strcmp(format, "json") == 0;
}

int command_fail(const struct err *err)
{
	log_error("%s", err->msg);
	return err->kind ? (int)err->kind : ERR_FAILED;
}
