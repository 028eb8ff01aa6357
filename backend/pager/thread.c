// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "backend/pager/pager.h"

#define STACK_BYTES (256u << 10)

/* The stack is private memory, which a forked child has, too: libc looks there at what threads it had. */
/* Of the static kind: the other would allocate memory when it is first touched. */
static _Thread_local bool is_own __attribute__((tls_model("initial-exec")));

bool thread_is_own(void)
{
	return is_own;
}

static void *run(void *fn)
{
	is_own = true;
	return ((void *(*)(void *))fn)(NULL);
}

int thread_start(void *(*fn)(void *arg))
{
	void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	if (stack == MAP_FAILED)
		return -errno;
	region_keep_out((uint64_t)stack, (uint64_t)stack + STACK_BYTES);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, &attr, run, (void *)fn);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}
