// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/lock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/dirs.h"
#include "base/log.h"
#include "harness/run/signals.h"

#define MACHINE_LOCK "/run/lock/fmbench.lock"
#define HANDED_DOWN  "FMBENCH_LOCK"

static bool may_wait = true;

void machine_lock_set_wait(bool wait)
{
	may_wait = wait;
}

static int open_lock(const char *state_dir, char *path, size_t size)
{
	const char *handed_down = getenv(HANDED_DOWN);
	int fd;

	snprintf(path, size, "%s", handed_down ? handed_down : MACHINE_LOCK);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* O_CREAT on another user's file in a sticky directory is refused (fs.protected_regular). */
	if (fd < 0 && errno == ENOENT)
		fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		return fd;
	snprintf(path, size, "%s/lock", state_dir);
	return open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = buf_read_fd(b, fd);
	close(fd);
	return rc;
}

/* Lines "1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF", proc_locks(5). 0: can't be told. */
static pid_t holder_of(int fd)
{
	struct buf locks = BUF_INIT;
	struct stat st;
	pid_t holder = 0;
	char *save, *line;

	if (fstat(fd, &st) != 0 || read_file("/proc/locks", &locks) != 0)
		goto out;
	for (line = strtok_r(locks.data, "\n", &save); line && !holder;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned int major, minor;
		uint64_t inode;
		pid_t pid;

		if (sscanf(line, "%*s FLOCK %*s %*s %d %x:%x:%" SCNu64, &pid, &major, &minor,
			   &inode) == 4 &&
		    inode == st.st_ino && makedev(major, minor) == st.st_dev)
			holder = pid;
	}
out:
	buf_release(&locks);
	return holder;
}

/* "another fmbench", or "process 123 (fmbench run memaslap)" where it can be told. */
static void describe_holder(int fd, struct buf *who)
{
	struct buf words = BUF_INIT;
	pid_t pid = holder_of(fd);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	if (pid <= 0 || read_file(path, &words) != 0 || !words.len) {
		buf_adds(who, "another fmbench");
	} else {
		for (size_t i = 0; i + 1 < words.len; i++) {
			if ((unsigned char)words.data[i] < ' ')
				words.data[i] = ' ';
		}
		buf_addf(who, "process %d (%.200s)", pid, words.data);
	}
	buf_release(&words);
}

int machine_lock(const char *state_dir, struct err *err)
{
	struct buf who = BUF_INIT;
	char path[PATH_MAX];
	int fd, rc = make_dirs(state_dir, 0700, err);

	if (rc)
		return rc;
	fd = open_lock(state_dir, path, sizeof(path));
	if (fd < 0)
		return err_failed(err, errno, "cannot open %s (see --state-dir)", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	describe_holder(fd, &who);
	if (!may_wait) {
		rc = err_failed(err, 0,
				"%s has this machine (%s); without --no-wait this one waits",
				who.data, path);
		buf_release(&who);
		close(fd);
		return rc;
	}
	log_info("waiting for %s, which has this machine (%s)", who.data, path);
	buf_release(&who);
	while (flock(fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			rc = err_failed(err, errno, "cannot lock %s", path);
		else
			rc = signals_check(err);
		if (rc) {
			close(fd);
			return rc;
		}
	}
	return fd;
}

void machine_lock_hand_down(int fd, const char *instead)
{
	fcntl(fd, F_SETFD, 0);
	setenv(HANDED_DOWN, instead, 1);
}

bool machine_lock_handed_down(void)
{
	return getenv(HANDED_DOWN);
}
