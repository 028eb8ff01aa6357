// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/janitor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/run/recover.h"
#include "results/store.h"

static void janitor_main(int fd, const char *journal_path, const char *db_path)
{
	static const int deaf[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	struct err err = { 0 };
	struct store *store;
	char byte;
	ssize_t n;
	int nr;

	/* Its own session: a kill of the harness's process group must not hit it. */
	setsid();
	prctl(PR_SET_NAME, "fmbench-janitor");
	for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++)
		signal(deaf[i], SIG_IGN);
	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n > 0 || access(journal_path, F_OK) != 0)
		_exit(0);
	if (recover_journal(journal_path, &err) != 0)
		log_error("%s; `fmbench recover` tries again", err.msg);
	if (db_path && store_open(db_path, STORE_WRITE, &store, &err) == 0) {
		store_mark_dead(store, &nr, &err);
		store_close(store);
	}
	_exit(0);
}

int janitor_start(struct janitor *jan, const char *journal_path, const char *db_path,
		  struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_failed(err, errno, "pipe for the janitor");
	jan->pid = fork();
	if (jan->pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return err_failed(err, errno, "cannot fork the janitor");
	}
	if (jan->pid == 0) {
		close(fds[1]);
		janitor_main(fds[0], journal_path, db_path);
	}
	close(fds[0]);
	jan->pipe_fd = fds[1];
	return 0;
}

void janitor_end(struct janitor *jan)
{
	if (jan->pid <= 0)
		return;
	/* A word that its work is done, or was tried and reported; one that is killed says nothing. */
	if (write(jan->pipe_fd, "", 1) < 0)
		log_verbose("the janitor is gone");
	close(jan->pipe_fd);
	while (waitpid(jan->pid, NULL, 0) < 0 && errno == EINTR)
		;
	jan->pid = 0;
}
