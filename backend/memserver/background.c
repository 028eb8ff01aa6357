/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/background.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void append(struct task **list, struct task *task)
{
	while (*list)
		list = &(*list)->next;
	task->next = NULL;
	*list = task;
}

static void *work(void *arg)
{
	struct background *b = arg;
	struct task *task;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (!b->waiting && !b->ending)
			pthread_cond_wait(&b->change, &b->lock);
		task = b->waiting;
		if (!task)
			break;
		b->waiting = task->next;
		pthread_mutex_unlock(&b->lock);
		task->run(task);
		pthread_mutex_lock(&b->lock);
		append(&b->done, task);
		pthread_cond_broadcast(&b->change);
		eventfd_write(b->fd, 1);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

int background_start(struct background *b, struct err *err)
{
	int rc;

	*b = (struct background){ .lock = PTHREAD_MUTEX_INITIALIZER,
				  .change = PTHREAD_COND_INITIALIZER };
	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->fd < 0)
		return err_failed(err, errno, "cannot make an eventfd");
	rc = pthread_create(&b->thread, NULL, work, b);
	if (!rc)
		return 0;
	close(b->fd);
	return err_failed(err, rc, "cannot start the thread that registers memory");
}

void background_stop(struct background *b)
{
	background_drain(b);
	pthread_mutex_lock(&b->lock);
	b->ending = true;
	pthread_cond_broadcast(&b->change);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	close(b->fd);
}

void background_add(struct background *b, struct task *task)
{
	pthread_mutex_lock(&b->lock);
	append(&b->waiting, task);
	b->unfinished++;
	pthread_cond_broadcast(&b->change);
	pthread_mutex_unlock(&b->lock);
}

void background_finish(struct background *b)
{
	struct task *done, *next;
	eventfd_t n;

	eventfd_read(b->fd, &n);
	pthread_mutex_lock(&b->lock);
	done = b->done;
	b->done = NULL;
	for (struct task *i = done; i; i = i->next)
		b->unfinished--;
	pthread_mutex_unlock(&b->lock);
	for (; done; done = next) {
		next = done->next;
		done->finish(done);
	}
}

void background_drain(struct background *b)
{
	/* The event loop alone adds: what it reads here nobody raises meanwhile. */
	while (b->unfinished) {
		pthread_mutex_lock(&b->lock);
		while (!b->done)
			pthread_cond_wait(&b->change, &b->lock);
		pthread_mutex_unlock(&b->lock);
		background_finish(b);
	}
}
