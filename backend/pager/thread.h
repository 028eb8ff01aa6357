/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pager's own threads: all signals blocked, on stacks that are not paged. */
#ifndef BACKEND_PAGER_THREAD_H
#define BACKEND_PAGER_THREAD_H

#include <stdbool.h>

/* Is this one of them? */
bool thread_is_own(void);
/* 0 or -errno. It runs for ever. */
int thread_start(void *(*fn)(void *arg));

#endif
