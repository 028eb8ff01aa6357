// SPDX-License-Identifier: GPL-2.0-or-later
/* How a process gets its pager: when a program starts, and when it has forked. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/pager/pager.h"
#include "backend/pager/passing.h"
#include "backend/pager/pools.h"
#include "backend/pager/thread.h"
#include "backend/pager/trace.h"
#include "backend/pager/uffd.h"
#include "base/process.h"

/* Where the descriptor comes from: a socket in a forked child, else -1; and what became of it. */
static int from_socket;
static _Atomic uint32_t ready; /* 0: not yet, 1: paged, 2: can't be */

/* --- memory ---------------------------------------------------------------------------------------- */

static int staging_init(void)
{
	size_t bytes = STAGING_PAGES * PAGE_BYTES;

	pager.staging =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pager.staging == MAP_FAILED)
		return -errno;
	return madvise(pager.staging, bytes, MADV_DONTFORK) == 0 ? 0 : -errno;
}

static int memory_init(void)
{
	size_t pages = (PREFETCH_MAX + 1) * PAGE_BYTES;
	int rc = memory_start();

	if (!rc)
		rc = staging_init();
	if (!rc)
		rc = regions_init();
	if (rc)
		return rc;
	pager.space.directory = pager_memory(DIRECTORY_BYTES);
	pager.zeros = pager_memory(pages);
	pager.buffer = pager_memory(pages);
	return pager.buffer ? 0 : -ENOMEM;
}

/* --- the parts ------------------------------------------------------------------------------------ */

static int open_files(struct err *err)
{
	pager.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pager.statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	pager.pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pager.wake_fd < 0 || pager.statm_fd < 0 || pager.pagemap_fd < 0)
		return err_failed(err, errno, "/proc/self/statm or pagemap");
	return 0;
}

static void note_pid(struct process *p)
{
	p->pid = process_self();
	p->pool_owner = pager.pool.owner;
	p->state = PROCESS_LIVE;
}

static const void *load_own(const char *file, const char *symbol, struct err *err)
{
	void *lib = dlopen(file, RTLD_NOW | RTLD_LOCAL), *found = lib ? dlsym(lib, symbol) : NULL;

	if (!found)
		err_failed(err, 0, "%s: %s", file, lib ? "has no such symbol" : dlerror());
	return found;
}

static int find_policy(const char *name, struct err *err)
{
	if (strchr(name, '/'))
		pager.policy = load_own(name, "fmpager_policy", err);
	for (size_t i = 0; pager_policies[i] && !pager.policy; i++) {
		if (strcmp(pager_policies[i]->name, name) == 0)
			pager.policy = pager_policies[i];
	}
	return pager.policy ? 0 : -ENOENT;
}

static int find_prefetch(const char *name, struct err *err)
{
	if (strchr(name, '/'))
		pager.prefetch = load_own(name, "fmpager_prefetch", err);
	for (size_t i = 0; pager_prefetchers[i] && !pager.prefetch; i++) {
		if (strcmp(pager_prefetchers[i]->name, name) == 0)
			pager.prefetch = pager_prefetchers[i];
	}
	return pager.prefetch ? 0 : -ENOENT;
}

static int find_pool(struct err *err)
{
	char path[64];

	pager.pool = (struct pool_ctx){ .pool = pool_find(pager.board->pool),
					.shared = pager.board->pool_shared,
					.nr_slots = (uint64_t)pager.board->nr_usable * BLOCK_PAGES,
					.fd = -1 };
	if (!pager.pool.pool)
		return err_failed(err, 0, "no pool %s", pager.board->pool);
	if (pager.board->pool_fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pager.board->keeper, pager.board->pool_fd);
	pager.pool.fd = open(path, O_RDWR | O_CLOEXEC);
	return pager.pool.fd < 0 ? err_failed(err, errno, "%s: has fmpager ended?", path) : 0;
}

static int open_pool(struct err *err)
{
	pager.pool.state = NULL; /* a parent's is its own */
	return pager.pool.pool->open ? pager.pool.pool->open(&pager.pool, err) : 0;
}

static int open_uffd(struct err *err)
{
	pager.can_move = uffd_can_move() && !pager.board->no_move;
	pager.space.uffd = uffd_open(UFFD_EVENTS | (pager.can_move ? UFFD_FEATURE_MOVE : 0), err);
	return pager.space.uffd < 0 ? pager.space.uffd : 0;
}

/* --- the handler's thread begins --------------------------------------------------------------------- */

/* What is resident in a forked child already. */
static void arrive_all(struct block *block)
{
	for (unsigned int i = 0; i < BLOCK_PAGES; i++) {
		struct page *page = &block->pages[i];

		if (page->state == PAGE_RESIDENT)
			pager.policy->arrive(&pager.policy_ctx, block->address / PAGE_BYTES + i,
					     &page->word, ARRIVED_NEW);
	}
}

static int open_trace(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pager.board->keeper, pager.board->trace_fd);
	return open(path, (pager.board->recording ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

/* A process that has no trace, or another's, is paged nevertheless. */
static void start_trace(void)
{
	const char *name = pager.space.process->name;
	uint64_t anchor = (uint64_t)pager.staging;
	enum trace_start how;
	int fd;

	trace_stop();
	if (pager.board->trace_fd < 0)
		return;
	fd = open_trace();
	how = fd < 0		       ? TRACE_FAILED
	      : pager.board->recording ? trace_record(fd, name, anchor)
				       : trace_follow(fd, name, anchor, &pager.board->trace_rows);
	if (how == TRACE_FAILED)
		pager_say(pager.board->recording ? "is not recorded (more than 60 processes?)"
						 : "the trace can't be read");
	else if (how == TRACE_OTHER)
		pager_say("the trace has no such program, or with other --pool and --far; for this "
			  "process it says nothing");
	if (fd >= 0 && !(how == TRACE_OK && pager.board->recording))
		close(fd);
}

static int start_policy(void)
{
	uint64_t limit = board_limit(pager.board);

	pager.policy_ctx.limit_pages = pager.prefetch_ctx.limit_pages = limit;
	start_trace();
	if (pager.policy->start(&pager.policy_ctx) != 0 ||
	    pager.prefetch->start(&pager.prefetch_ctx) != 0)
		return -ENOMEM;
	for (uint32_t at = pager.space.process->first_block; at != NO_BLOCK;
	     at = board_block(pager.board, at)->next)
		arrive_all(board_block(pager.board, at));
	return 0;
}

/* A forked child's, from its parent's handler. */
static int take_over(void)
{
	uint32_t number;
	int fd;

	if (send(from_socket, "", 1, MSG_NOSIGNAL) != 1)
		return -EPIPE;
	fd = receive_fd(from_socket, &number);
	if (fd < 0)
		return fd;
	pager.space.uffd = fd;
	pager.space.process = &pager.board->processes[number];
	pager.space.process->state = PROCESS_MAKING; /* its parent's no more */
	space_index(&pager.space);
	note_pid(pager.space.process);
	return 0;
}

static void set_ready(uint32_t how)
{
	ready = how;
	syscall(SYS_futex, &ready, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *handler_main(void *unused)
{
	bool forked = from_socket >= 0;
	int rc = forked ? take_over() : 0;

	(void)unused;
	if (rc == -EPIPE)
		pager_die("its parent ended while it forked, and with it the pages that were far");
	if (!rc)
		rc = uffd_register(pager.space.uffd, (uint64_t)pager.staging,
				   STAGING_PAGES * PAGE_BYTES);
	if (!rc)
		rc = start_policy();
	if (rc && forked && rc != -ENODATA)
		pager_die("the pager of a forked child can't start");
	if (rc) {
		set_ready(2);
		return NULL;
	}
	pager.attached = true;
	adopt_maps(!forked);
	set_ready(1);
	handler_run();
	return NULL;
}

/* Returns when all that was there is adopted. */
static int start_threads(void)
{
	int rc;

	ready = 0;
	rc = helper_start(handler_step);
	if (!rc)
		rc = thread_start(handler_main);
	while (!rc && !ready)
		syscall(SYS_futex, &ready, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return rc ? rc : ready == 1 ? 0 : -EIO;
}

/* --- a child of fork --------------------------------------------------------------------------------- */

/* fmpager knows by /proc who has ended: in another one a process has another pid. */
static dev_t proc_device(void)
{
	struct stat st;

	return stat("/proc", &st) == 0 ? st.st_dev : 0;
}

static void attach_child(int socket)
{
	struct err err = { 0 };
	int rc;

	if (proc_device() != pager.proc_device)
		pager_die("it was forked where /proc is not fmpager's (a chroot or a container), "
			  "and can't be paged there");
	close(pager.space.uffd); /* the parent's */
	close(pager.wake_fd);
	close(pager.statm_fd);
	close(pager.pagemap_fd);
	pager.pid = getpid();
	pager.evicting = false;
	pager.look = false;
	from_socket = socket;
	rc = memory_init();
	if (!rc)
		rc = open_files(&err);
	if (!rc)
		rc = open_pool(&err);
	if (!rc)
		rc = start_threads();
	close(socket);
	if (rc && rc != -EIO)
		pager_die("the pager of a forked child can't start");
}

/* --- a program starts ----------------------------------------------------------------------------------- */

/* What this process was before it called exec. */
static void end_predecessor(void)
{
	pid_t self = process_self();

	for (uint32_t i = 0; i < BOARD_PROCESSES; i++) {
		struct process *p = &pager.board->processes[i];

		if (p->state == PROCESS_LIVE && p->pid == self)
			p->state = PROCESS_DEAD;
	}
}

static int make_parts(struct err *err)
{
	int rc = memory_init();

	if (rc)
		return err_failed(err, -rc, "no memory for the pager itself (ulimit -v?)");
	rc = open_files(err);
	if (!rc)
		rc = find_pool(err);
	if (!rc)
		rc = find_policy(pager.board->policy, err);
	if (!rc)
		rc = find_prefetch(pager.board->prefetch, err);
	if (!rc)
		rc = open_pool(err);
	return rc ? rc : open_uffd(err);
}

static int attach(const char *path, struct err *err)
{
	int rc = board_open(path, &pager.board, err);

	if (rc)
		return rc;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* they would be split, page after page */
	end_predecessor();
	pager.pid = getpid();
	pager.proc_device = proc_device();
	pager.space.board = pager.board;
	pager.space.pool = &pager.pool;
	pager.space.process = board_add_process(pager.board);
	if (!pager.space.process)
		return err_failed(err, 0, "more than %u processes at once", BOARD_PROCESSES);
	rc = make_parts(err);
	if (rc) {
		pager.space.process->state = PROCESS_DEAD;
		return rc;
	}
	pager.hooked = !pager.board->no_hooks && hook_libc();
	if (!pager.can_move && !pager.hooked) {
		/* evict.c could take away what was mapped a moment ago. */
		pager.space.process->state = PROCESS_DEAD;
		pager.board->nr_bare++;
		return err_missing(err, PAGER_NEEDS_EITHER);
	}
	/* Once: a program may put its name into memory that is paged. A forked child has its parent's. */
	strncpy(pager.space.process->name, program_invocation_short_name,
		sizeof(pager.space.process->name) - 1);
	note_pid(pager.space.process);
	fork_init(attach_child);
	from_socket = -1;
	rc = start_threads();
	return rc ? err_failed(err, -rc, "cannot start the pager's threads") : 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv(BOARD_ENV);
	struct err err = { 0 };
	char line[sizeof(err.msg) + 64];

	if (!path || attach(path, &err) == 0)
		return;
	snprintf(line, sizeof(line), "%.400s; its memory is not paged", err.msg);
	pager_say(line);
}
