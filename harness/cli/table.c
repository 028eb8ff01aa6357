// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/command.h"

const struct command *const command_table[] = {
	&cmd_run,   &cmd_corun,	 &cmd_simulate, &cmd_fit,     &cmd_micro,    &cmd_sweep,
	&cmd_merge, &cmd_show,	 &cmd_summary,	&cmd_compare, &cmd_report,   &cmd_artifact,
	&cmd_list,  &cmd_export, &cmd_plot,	&cmd_backend, &cmd_doctor,   &cmd_recover,
	&cmd_demo,  &cmd_config, &cmd_worker,	&cmd_manual,  &cmd_complete, NULL,
};
