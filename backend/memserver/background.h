/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What takes seconds for a large client, registering memory and clearing it, is done by one thread
 * beside the event loop, one task after the other in the order in which they were added. So a task
 * finds done what was added before.
 */
#ifndef MEMSERVER_BACKGROUND_H
#define MEMSERVER_BACKGROUND_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

struct task {
	struct task *next;
	void (*run)(struct task *task);	   /* in the thread */
	void (*finish)(struct task *task); /* in the event loop, afterwards; frees the task */
};

struct background {
	pthread_t thread;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t change;
	struct task *waiting, *done;
	unsigned int unfinished;
	bool ending;
	int fd; /* of events: readable when a task waits for its finish() */
};

int background_start(struct background *b, struct err *err);

/* Finishes all that was added. */
void background_stop(struct background *b);
void background_add(struct background *b, struct task *task);

/* Calls finish() of what has run. For the event loop alone, which alone adds tasks, too. */
void background_finish(struct background *b);

/* Waits until nothing is left, finish() and what finish() adds included. */
void background_drain(struct background *b);

#endif
