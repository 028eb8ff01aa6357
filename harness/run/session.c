// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/session.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dirs.h"
#include "harness/run/lock.h"
#include "harness/run/machine.h"
#include "harness/run/recover.h"
#include "harness/run/signals.h"

int session_open(struct session *s, const char *db_path, const char *state_dir, const char *line,
		 struct err *err)
{
	struct facts facts;
	char *db_copy;
	int nr = 0, rc;

	memset(s, 0, sizeof(*s));
	s->lock_fd = -1;
	s->line = line;
	s->db_path = db_path;
	s->state_dir = state_dir;
	signals_take();

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
	if (facts_get(&facts, "lab"))
		snprintf(s->lab, sizeof(s->lab), "%s", facts_get(&facts, "lab"));
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
