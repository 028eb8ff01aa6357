// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench merge: what several machines have measured, in one database. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/command.h"
#include "results/store.h"

struct params {
	char *into;
};

static const struct opt opts[] = {
	OPT_STRING("into", struct params, into, NULL,
		   "the database that takes them in (default: that of --db)", .arg = "FILE"),
	OPT_END
};

static const char doc[] =
	"Runs are known by their uuid and machines by their facts: merging twice changes nothing.\n"
	"The databases that are read stay as they are; logs and artifacts stay where they are.\n\n"
	"Example:\n"
	"  fmbench merge node1.db node2.db --into all.db\n";

/* All are looked at before the first is taken in. */
static int check_sources(const struct cli *cli, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < cli->nr_args && !rc; i++) {
		struct store *store;

		rc = store_open(cli->args[i], STORE_READ, &store, err);
		if (!rc)
			store_close(store);
	}
	return rc;
}

/* Where artifacts are that a database names, as store_merge() wants it: nothing to say of those that
 * lie beside both. */
static int find_artifacts(const char *from, const char *into, char *ret, struct err *err)
{
	char there[PATH_MAX], here[PATH_MAX];

	if (!realpath(from, there) || !realpath(into, here))
		return err_failed(err, errno, "cannot find %s or %s", from, into);
	dirname(there);
	dirname(here);
	if (strcmp(there, here) == 0)
		ret[0] = '\0';
	else
		snprintf(ret, PATH_MAX, "%.*s/", PATH_MAX - 2, there);
	return 0;
}

static int merge_all(const struct cli *cli, const char *into, struct store *store, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < cli->nr_args && !rc; i++) {
		char artifacts_in[PATH_MAX];
		struct store_merged merged;

		rc = find_artifacts(cli->args[i], into, artifacts_in, err);
		if (!rc)
			rc = store_merge(store, cli->args[i], 0, artifacts_in, &merged, err);
		if (rc)
			break;
		printf("%s: %lld runs added to %s, %lld were there", cli->args[i],
		       (long long)merged.nr_new, into, (long long)merged.nr_known);
		if (merged.nr_under_way)
			printf(", %lld not ended and left out", (long long)merged.nr_under_way);
		putchar('\n');
	}
	return rc;
}

static int cmd_merge_run(struct cli *cli)
{
	const struct params *p = cli->params;
	const char *into = p->into ? p->into : common.db;
	struct store *store;
	struct err err = { 0 };
	int rc = check_sources(cli, &err);

	if (!rc)
		rc = store_open(into, STORE_WRITE, &store, &err);
	if (rc)
		return command_fail(&err);
	rc = merge_all(cli, into, store, &err);
	store_close(store);
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_merge = {
	.name = "merge",
	.args = "FILE...",
	.summary = "join the databases of several machines",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 10000,
	.run = cmd_merge_run,
};
