// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor --fix: settings for the time of a command. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness/doctor/doctor.h"
#include "harness/run/janitor.h"
#include "harness/run/lock.h"
#include "harness/run/recover.h"

struct mending {
	const struct check *check;
	const struct setting *setting;
	struct journal *journal;
	int nr, rc;
	struct err *err;
};

static void mend(const char *path, void *arg)
{
	struct mending *m = arg;
	struct err err = { 0 };
	char now[256];

	if (m->rc || !setting_differs(m->setting, path, now, sizeof(now)))
		return;
	if (journal_write(m->journal, path, m->setting->to, &err) == 0) {
		log_info("%s: %s, was %s (%s)", m->check->name, m->setting->to, now, path);
		m->nr++;
	} else if (err.kind == ERR_MISSING) {
		m->rc = -EACCES;
		*m->err = err;
	} else {
		log_warn("%s stays as it is: %s", m->check->name, err.msg);
	}
}

int doctor_fix(const struct doctor *d, struct journal *j, int *ret_nr, struct err *err)
{
	struct mending m = { .journal = j, .err = err };

	for (size_t g = 0; doctor_groups[g].title; g++) {
		for (const struct check *c = doctor_groups[g].checks; c->name; c++) {
			struct finding f;

			if (!c->settings[0].files)
				continue;
			doctor_check(d, c, &f);
			if (f.verdict <= VERDICT_OK)
				continue;
			m.check = c;
			for (size_t i = 0; i < DOCTOR_MAX_SETTINGS && c->settings[i].files; i++) {
				m.setting = &c->settings[i];
				doctor_each_file(m.setting->files, mend, &m);
			}
		}
	}
	*ret_nr = m.nr;
	return m.rc;
}

static const int asked[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };

static void asked_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		sigaddset(set, asked[i]);
}

/* In the foreground, on the caller's terminal; it ends when we are killed. */
static pid_t start(char **argv, const sigset_t *mask, int lock_fd, const char *lock_below,
		   struct err *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return err_failed(err, errno, "cannot fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(128 + SIGTERM);
	machine_lock_hand_down(lock_fd, lock_below);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	log_error("cannot run %s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Signals are blocked, so none can come between the last change and its undoing. */
static int wait_for(pid_t pid, const sigset_t *set)
{
	siginfo_t info;
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		int sig = sigwaitinfo(set, &info);

		/* One from the terminal has gone to the command as well. */
		if (sig > 0 && sig != SIGCHLD && info.si_code != SI_KERNEL)
			kill(pid, sig);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* fmbench below COMMAND would wait for us for ever: it has a lock of its own to take. */
static int lock(const char *state_dir, char *below, int *ret_fd, struct err *err)
{
	static const char name[] = "/fix.lock";

	if (machine_lock_handed_down())
		return err_usage(err, "doctor --fix is at work already, and this is below it: one "
				      "is enough");
	*ret_fd = machine_lock(state_dir, err);
	if (*ret_fd < 0)
		return *ret_fd;
	if (!realpath(state_dir, below))
		return err_failed(err, errno, "cannot find %s", state_dir);
	if (strlen(below) + sizeof(name) > PATH_MAX)
		return err_failed(err, ENAMETOOLONG, "%s", state_dir);
	strcat(below, name);
	return 0;
}

int doctor_fix_during(const struct doctor *d, char **argv, const char *state_dir, int *ret_status,
		      struct err *err)
{
	struct janitor janitor = { .pid = 0 };
	struct journal *j = NULL;
	struct err undo_err = { 0 };
	sigset_t set, before;
	char dir[PATH_MAX], name[32], lock_below[PATH_MAX];
	int lock_fd = -1, nr, rc, undo_rc;
	pid_t pid;

	rc = lock(state_dir, lock_below, &lock_fd, err);
	if (rc) {
		if (lock_fd >= 0)
			close(lock_fd);
		return rc;
	}

	recover_journal_dir(state_dir, dir, sizeof(dir));
	snprintf(name, sizeof(name), "fix-%llx", (unsigned long long)clock_ns());
	signal(SIGCHLD, SIG_DFL); /* ignored, the command's status would be lost */
	asked_set(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	rc = recover_all(state_dir, false, &nr, err);
	if (!rc)
		rc = journal_create(dir, name, recover_ops, &j, err);
	if (!rc)
		rc = janitor_start(&janitor, journal_path(j), NULL, err);
	if (!rc)
		rc = doctor_fix(d, j, &nr, err);
	if (!rc) {
		if (nr == 0)
			log_info("nothing to change");
		pid = start(argv, &before, lock_fd, lock_below, err);
		rc = pid < 0 ? pid : 0;
		if (!rc)
			*ret_status = wait_for(pid, &set);
	}
	undo_rc = j ? journal_undo_to(j, 0, &undo_err) : 0;
	journal_free(j);
	janitor_end(&janitor);
	close(lock_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (undo_rc && rc)
		log_error("%s; `fmbench recover` tries again", undo_err.msg);
	else if (undo_rc)
		*err = undo_err;
	return rc ? rc : undo_rc;
}
