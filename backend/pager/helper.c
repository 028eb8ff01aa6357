// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/pager/pager.h"
#include "backend/pager/thread.h"

static struct {
	_Atomic uint32_t asked; /* counts: the helper sleeps on it */
	void (*fn)(void *arg);
	void *arg;
	atomic_bool done;
	bool (*step)(void);
} task;

static void *helper_run(void *unused)
{
	uint32_t seen = 0, now;

	(void)unused;
	pager.helper_tid = (pid_t)syscall(SYS_gettid);
	for (;;) {
		while ((now = task.asked) == seen)
			syscall(SYS_futex, &task.asked, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
		seen = now;
		task.fn(task.arg);
		task.done = true;
		eventfd_write(pager.wake_fd, 1);
	}
	return NULL;
}

int helper_start(bool (*step)(void))
{
	task.step = step;
	task.asked = 0;
	pager.helper_tid = 0;
	return thread_start(helper_run);
}

void helper_do(void (*fn)(void *arg), void *arg)
{
	task.fn = fn;
	task.arg = arg;
	task.done = false;
	task.asked++;
	syscall(SYS_futex, &task.asked, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	while (!task.done) {
		struct pollfd fds[] = { { pager.space.uffd, POLLIN, 0 },
					{ pager.wake_fd, POLLIN, 0 } };

		poll(fds, 2, -1);
		while (task.step())
			;
		if (fds[1].revents) {
			eventfd_t nr;

			eventfd_read(pager.wake_fd, &nr);
		}
	}
}
