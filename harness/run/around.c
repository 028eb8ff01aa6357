// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/around.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "harness/run/signals.h"

#define POLL_MS	    100
#define PATIENCE_NS (60 * NSEC_PER_SEC)
#define GRACE_MS    2000

static int wait_for_end(struct child *c, const char *name, bool until_signal, struct err *err)
{
	uint64_t begin_ns = clock_ns(), signal_ns = 0;
	int rc;

	for (;;) {
		rc = child_wait(c, POLL_MS, err);
		if (rc != 0 && rc != -EINTR)
			return rc < 0 ? rc : 0;
		if (signals_seen() && !signal_ns)
			signal_ns = clock_ns();
		if (signal_ns && (until_signal || clock_ns() - signal_ns > PATIENCE_NS))
			return signals_check(err);
		log_progress("%s %.0f s", name, (double)(clock_ns() - begin_ns) / NSEC_PER_SEC);
	}
}

int around_run(const char *name, const char *line, const char *dir, bool until_signal,
	       struct err *err)
{
	char shell[] = "sh", dash_c[] = "-c", log[PATH_MAX], how[128], tail[400];
	char *const argv[] = { shell, dash_c, (char *)line, NULL };
	struct child c = CHILD_INIT;
	int rc;

	snprintf(log, sizeof(log), "%.3000s/%s.log", dir, name);
	rc = child_spawn(&c, argv, NULL, CHILD_LOG, log, err);
	if (!rc)
		rc = wait_for_end(&c, name, until_signal, err);
	if (rc)
		child_stop(&c, GRACE_MS);
	if (!rc && !(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0)) {
		child_describe(&c, how, sizeof(how));
		child_log_tail(log, tail, sizeof(tail));
		rc = err_failed(err, 0, "--%s '%.200s' %s; %s%s", name, line, how,
				*tail ? "its last output: " : "it printed nothing", tail);
	}
	child_release(&c);
	log_progress(NULL);
	return rc;
}

int around_journal(struct journal *j, const char *line, const char *dir, struct err *err)
{
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return err_failed(err, errno, "--cleanup: no working directory");
	return journal_add(j, err, "cleanup", line, dir, cwd, NULL);
}

static int cleanup_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	const char *line = args[0], *dir = args[1], *cwd = args[2];
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err why = { 0 };
	char begun[PATH_MAX];

	(void)err;
	snprintf(begun, sizeof(begun), "%.3000s/cleanup.log", dir);
	if (chdir(cwd) != 0)
		log_error("--cleanup '%.200s' of a killed run was not run: its directory %s is "
			  "gone; run it by hand",
			  line, cwd);
	else if (access(begun, F_OK) != 0 && around_run("cleanup", line, dir, false, &why) != 0)
		log_error("%s", why.msg);
	if (here >= 0 && fchdir(here) != 0)
		log_verbose("cannot go back to the working directory");
	if (here >= 0)
		close(here);
	return 0;
}

const struct journal_op journal_ops_around[] = {
	{ "cleanup", 3, "run --cleanup", cleanup_undo, false },
	{ 0 },
};
