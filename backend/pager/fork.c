// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fork: the kernel tells of the child, and hands over a descriptor for its memory, before the child runs.
 * Which pages are far is then copied for the child; slots are shared until one of the two writes again.
 *
 * The child is a ward of its parent's handler until it has a handler itself, which it starts as the first
 * thing that libc has it do (pthread_atfork). Then it asks for its descriptor by a socket. A child that
 * was made past libc never asks: all its far pages are brought to it at once, and it is not paged.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/pager/pager.h"
#include "backend/pager/passing.h"
#include "backend/pager/uffd.h"

#define PROTECT_TRIES 50
#define PROTECT_US    20

struct ward {
	struct space space; /* .process NULL: this one is free */
	int socket;
};

static struct ward wards[MAX_WARDS];
static pthread_mutex_t forking = PTHREAD_MUTEX_INITIALIZER;
static int sockets[2];		 /* the parent's end and the child's, of the fork under way */
static _Atomic int pending = -1; /* the parent's, until the kernel has told of the child */
static void (*attach_child)(int socket);

/* --- in the program's thread ----------------------------------------------------------------------- */

static void before_fork(void)
{
	pthread_mutex_lock(&forking);
	hook_enter();
	sockets[0] = sockets[1] = -1;
	if (!pager.attached)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0)
		pending = sockets[0];
}

static void after_fork_in_parent(void)
{
	if (sockets[1] >= 0) {
		close(sockets[1]);
		pager_sync();
		if (atomic_exchange(&pending, -1) >= 0) /* there is no child */
			close(sockets[0]);
	}
	hook_leave();
	pthread_mutex_unlock(&forking);
}

static void after_fork_in_child(void)
{
	bool had = pager.attached;

	pager.attached = false;
	hook_reset();
	pending = -1;
	for (size_t i = 0; i < MAX_WARDS; i++)
		wards[i].space.process = NULL;
	if (had && sockets[1] >= 0) {
		close(sockets[0]);
		attach_child(sockets[1]);
	}
	pthread_mutex_init(&forking, NULL);
}

void fork_init(void (*in_child)(int socket))
{
	attach_child = in_child;
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* --- in the handler -------------------------------------------------------------------------------- */

/* All far pages of the parent to the child, which is not paged from then on. */
static void bring_all(struct space *parent, int uffd)
{
	uint32_t at = parent->process->first_block;
	int why;

	for (; at != NO_BLOCK; at = board_block(pager.board, at)->next) {
		struct block *block = board_block(pager.board, at);

		for (unsigned int i = 0; i < BLOCK_PAGES; i++) {
			struct pool_run run = { block->pages[i].slot, 1, pager.buffer };

			if (block->pages[i].state != PAGE_FAR)
				continue;
			if (pager.pool.pool->load(&pager.pool, &run, 1) != 0)
				pager_die_of_pool(
					"the pool has lost pages of a child of this program");
			uffd_copy(uffd, block->address + i * PAGE_BYTES, pager.buffer, 1, false,
				  &why);
		}
	}
	close(uffd);
}

static struct ward *free_ward(void)
{
	for (size_t i = 0; i < MAX_WARDS; i++) {
		if (!wards[i].space.process)
			return &wards[i];
	}
	return NULL;
}

static void release(struct ward *w)
{
	close(w->space.uffd);
	close(w->socket);
	w->space.process = NULL;
}

/* The kernel lets nobody protect before the thread that forks has run on. */
static bool protect(struct space *s, uint64_t address, uint64_t bytes)
{
	int rc = -EAGAIN;

	for (int i = 0; rc == -EAGAIN && i < PROTECT_TRIES; i++) {
		rc = uffd_protect(s->uffd, address, bytes, true);
		if (rc == -EAGAIN)
			usleep(PROTECT_US);
	}
	return rc == 0;
}

/*
 * Parent and child have their pages in common until one of the two writes. So that this is seen, and room
 * made for the copy, all are protected. Where that fails the copy is found later, by the keeper.
 */
static void protect_block(struct space *s, struct block *block)
{
	unsigned int i = 0, end;

	for (; i < BLOCK_PAGES; i = end + 1) {
		for (end = i; end < BLOCK_PAGES && block->pages[end].state == PAGE_RESIDENT &&
			      !(block->pages[end].flags & PAGE_LEAVING);
		     end++)
			;
		if (end == i ||
		    !protect(s, block->address + i * PAGE_BYTES, (end - i) * PAGE_BYTES))
			continue;
		for (; i < end; i++)
			block->pages[i].flags |= PAGE_SHARED;
	}
}

static void protect_all(struct space *s)
{
	uint32_t at = s->process->first_block;

	for (; at != NO_BLOCK; at = board_block(s->board, at)->next)
		protect_block(s, board_block(s->board, at));
}

static bool take_in(struct ward *w, struct space *parent, int uffd, int socket)
{
	struct process *p = board_add_process(pager.board);

	if (!p)
		return false;
	w->space = (struct space){
		.board = pager.board, .process = p, .pool = &pager.pool, .uffd = uffd
	};
	w->socket = socket;
	memcpy(p->name, parent->process->name, sizeof(p->name));
	p->pid = parent->process->pid;
	/* Before they are counted twice, or that would be seen as above the limit. */
	board_share(pager.board, parent->process->resident);
	if (space_copy(&w->space, parent) == 0) {
		protect_all(&w->space);
		protect_all(parent);
		p->state = PROCESS_WARD;
		return true;
	}
	p->state = PROCESS_DEAD;
	w->space.process = NULL;
	return false;
}

void fork_event(struct space *parent, int uffd)
{
	int socket = atomic_exchange(&pending, -1);
	struct ward *w = free_ward();

	COUNT(forks, 1);
	if (socket >= 0 && w && take_in(w, parent, uffd, socket))
		return;
	bring_all(parent, uffd);
	if (socket >= 0) {
		send(socket, "", 1, MSG_NOSIGNAL); /* no descriptor: go on unpaged */
		close(socket);
	}
}

size_t fork_poll_fds(struct pollfd *fds, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < MAX_WARDS && n + 2 <= nr; i++) {
		if (!wards[i].space.process)
			continue;
		fds[n++] = (struct pollfd){ wards[i].space.uffd, POLLIN, 0 };
		fds[n++] = (struct pollfd){ wards[i].socket, POLLIN, 0 };
	}
	return n;
}

/* It asks for its descriptor; or it has ended, or called exec, before it had a handler. */
static void answer(struct ward *w)
{
	char asked;

	if (recv(w->socket, &asked, 1, MSG_DONTWAIT) == 1)
		pass_fd(w->socket, w->space.uffd, board_index(pager.board, w->space.process));
	else
		w->space.process->state = PROCESS_DEAD;
	release(w);
}

static struct ward *ward_of(int socket)
{
	for (size_t i = 0; i < MAX_WARDS; i++) {
		if (wards[i].space.process && wards[i].socket == socket)
			return &wards[i];
	}
	return NULL;
}

void fork_serve(const struct pollfd *fds, size_t nr,
		void (*serve)(struct space *s, const struct uffd_msg *m))
{
	struct uffd_msg m;

	for (size_t i = 0; i + 1 < nr; i += 2) {
		struct ward *w = ward_of(fds[i + 1].fd);

		while (w && fds[i].revents && read(w->space.uffd, &m, sizeof(m)) == sizeof(m))
			serve(&w->space, &m);
		if (w && fds[i + 1].revents)
			answer(w);
	}
}
