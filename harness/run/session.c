// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/session.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dirs.h"
#include "harness/cli/command.h"
#include "harness/run/lock.h"
#include "harness/run/machine.h"
#include "harness/run/recover.h"

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	signalled = sig;
}

int session_signal(void)
{
	return signalled;
}

int session_check_signal(struct err *err)
{
	if (!signalled)
		return 0;
	err_failed(err, 0, "interrupted by SIG%s", sigabbrev_np(signalled));
	return -EINTR;
}

static void take_signals(void)
{
	static const int asked[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal }; /* no SA_RESTART: waits must end */

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		sigaction(asked[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int session_open(struct session *s, const char *line, struct err *err)
{
	struct facts facts;
	char *db_copy;
	int nr = 0, rc;

	memset(s, 0, sizeof(*s));
	s->lock_fd = -1;
	s->line = line;
	s->db_path = common.db;
	s->state_dir = common.state_dir;
	take_signals();

	s->lock_fd = machine_lock(s->state_dir, err);
	if (s->lock_fd < 0)
		return s->lock_fd;
	rc = recover_all(s->state_dir, false, &nr, err);
	if (rc) {
		err_prefix(err, "what an earlier run left behind is still there");
		return rc;
	}
	db_copy = strdup(s->db_path);
	if (!db_copy)
		abort();
	rc = make_dirs(dirname(db_copy), 0777, err);
	free(db_copy);
	if (!rc)
		rc = store_open(s->db_path, STORE_WRITE, &s->store, err);
	if (!rc)
		rc = store_mark_dead(s->store, &nr, err);
	if (rc)
		return rc;
	facts_init(&facts);
	machine_facts(&facts);
	rc = store_machine(s->store, &facts, &s->machine, err);
	facts_release(&facts);
	return rc;
}

void session_close(struct session *s)
{
	store_close(s->store);
	s->store = NULL;
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
}
