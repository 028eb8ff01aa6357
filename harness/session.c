// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/session.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/command.h"
#include "harness/machine.h"
#include "harness/recover.h"

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

/* mkdir -p */
static int make_dirs(const char *path, mode_t mode, struct err *err)
{
	char dir[PATH_MAX];

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return err_usage(err, "the path '%s' is too long", path);
	for (char *c = dir + 1;; c++) {
		char kept = *c;

		if (kept != '/' && kept != '\0')
			continue;
		*c = '\0';
		if (mkdir(dir, mode) != 0 && errno != EEXIST)
			return err_failed(err, errno, "cannot make directory %s", dir);
		*c = kept;
		if (!kept)
			return 0;
	}
}

/* One for the machine: two runs at once would swap to each other's areas. */
static int open_lock(const char *state_dir, char *path, size_t size)
{
	int fd;

	snprintf(path, size, "/run/lock/fmbench.lock");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* O_CREAT on another user's file in a sticky directory is refused (fs.protected_regular). */
	if (fd < 0 && errno == ENOENT)
		fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		return fd;
	snprintf(path, size, "%s/lock", state_dir);
	return open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int take_lock(struct session *s, struct err *err)
{
	char path[PATH_MAX];

	s->lock_fd = open_lock(s->state_dir, path, sizeof(path));
	if (s->lock_fd < 0)
		return err_failed(err, errno, "cannot open %s (see --state-dir)", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	log_info("another fmbench is measuring on this machine; waiting for it to end (%s)", path);
	while (flock(s->lock_fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return err_failed(err, errno, "cannot lock %s", path);
		if (session_check_signal(err))
			return -EINTR;
	}
	return 0;
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

	rc = make_dirs(s->state_dir, 0700, err);
	if (!rc)
		rc = take_lock(s, err);
	if (!rc)
		rc = recover_all(s->state_dir, false, &nr, err);
	if (rc)
		return rc;
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
