// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench recover: undo what a killed run left behind, after a reboot or a double kill too. */
#include <unistd.h>

#include "harness/cli/command.h"
#include "harness/run/recover.h"
#include "results/store.h"

static int cmd_recover_run(struct cli *cli)
{
	struct store *store = NULL;
	struct err err = { 0 };
	int nr = 0, dead = 0, rc;

	(void)cli;
	rc = recover_all(common.state_dir, false, &nr, &err);
	if (!rc && access(common.db, F_OK) == 0) {
		rc = store_open(common.db, STORE_WRITE, &store, &err);
		if (!rc)
			rc = store_mark_dead(store, &dead, &err);
		store_close(store);
	}
	if (rc)
		return command_fail(&err);
	if (nr || dead)
		printf("undid %d dead run(s); %d marked failed in %s\n", nr, dead, common.db);
	else
		printf("nothing to recover\n");
	return 0;
}

const struct command cmd_recover = {
	.name = "recover",
	.args = "",
	.summary = "undo what a killed run left behind",
	.run = cmd_recover_run,
};
