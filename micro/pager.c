// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/pager.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#define MESSAGES 16  /* read at once */
#define NAP_MS	 100 /* how often a sleeping handler looks whether it is over */

static struct pager *the_pager;
static _Thread_local uint64_t *filled_by_this_thread;

/* --- what there is ------------------------------------------------------------------------- */

static bool by_signal(const struct pager_config *c)
{
	return strcmp(c->handler, "sigbus") == 0;
}

static bool by_process_madvise(const struct pager_config *c)
{
	return strcmp(c->evict, "process_madvise") == 0;
}

static int open_uffd(const struct pager_config *c, struct err *err)
{
	struct uffdio_api api = { .api = UFFD_API };
	/* The pager serves faults of user mode only, which needs no privilege since Linux 5.11. */
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EPERM)
		return err_missing(err, "userfaultfd is not allowed here: sysctl "
					"vm.unprivileged_userfaultfd=1, or give the program "
					"CAP_SYS_PTRACE");
	if (fd < 0 && errno == ENOSYS)
		return err_missing(err, "this kernel has no userfaultfd (CONFIG_USERFAULTFD)");
	if (fd < 0)
		return err_failed(err, errno, "userfaultfd");

	if (by_signal(c))
		api.features |= UFFD_FEATURE_SIGBUS;
	/* Evicting dirty pages write-protects them, too: always asked for. */
	api.features |= UFFD_FEATURE_PAGEFAULT_FLAG_WP;
	if (ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return err_missing(err,
				   "this kernel's userfaultfd lacks a feature: write-protection "
				   "came with Linux 5.7, SIGBUS (handler=sigbus) with 4.14");
	}
	return fd;
}

static int advise(int pidfd, struct iovec *parts, size_t nr)
{
	while (nr) {
		ssize_t n = process_madvise(pidfd, parts, nr, MADV_DONTNEED, 0);

		if (n <= 0)
			return n ? -errno : -EIO;
		/* It may stop short, between two parts. */
		for (; nr && n >= (ssize_t)parts->iov_len; parts++, nr--)
			n -= (ssize_t)parts->iov_len;
	}
	return 0;
}

static int open_self(struct err *err)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	return fd < 0 ? err_failed(err, errno, "pidfd_open") : fd;
}

static int check_process_madvise(struct err *err)
{
	void *page =
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec part = { page, PAGE_BYTES };
	int fd, rc;

	if (page == MAP_FAILED)
		return err_failed(err, errno, "mmap");
	fd = open_self(err);
	rc = fd < 0 ? fd : advise(fd, &part, 1);
	if (rc && fd >= 0)
		rc = err_missing(err, "this kernel's process_madvise() does not take MADV_DONTNEED "
				      "(Linux 6.13 does): evict=madvise");
	if (fd >= 0)
		close(fd);
	munmap(page, PAGE_BYTES);
	return rc;
}

int pager_check(const struct pager_config *config, struct err *err)
{
	int fd = open_uffd(config, err);

	if (fd < 0)
		return fd;
	close(fd);
	return by_process_madvise(config) ? check_process_madvise(err) : 0;
}

/* --- operations ---------------------------------------------------------------------------- */

static int fd_of(const struct pager *p, uint64_t page)
{
	uint64_t i = page / p->pages_per_fd;

	return p->fd[i < p->config->fds ? i : p->config->fds - 1];
}

int pager_copy_in(struct pager *p, uint64_t first, uint64_t nr)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)region_page(p->near, first),
		.src = (uintptr_t)region_page(&p->far, first),
		.len = nr * PAGE_BYTES,
		.mode = p->config->track_writes ? UFFDIO_COPY_MODE_WP : 0,
	};

	while (ioctl(fd_of(p, first), UFFDIO_COPY, &copy)) {
		/* -EAGAIN: the address space changed meanwhile; what was copied stays. */
		if (errno != EAGAIN)
			return -errno;
		if (copy.copy > 0) {
			copy.dst += (uint64_t)copy.copy;
			copy.src += (uint64_t)copy.copy;
			copy.len -= (uint64_t)copy.copy;
		}
		copy.copy = 0;
	}
	return 0;
}

int pager_protect(struct pager *p, uint64_t first, uint64_t nr, bool on)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)region_page(p->near, first), nr * PAGE_BYTES },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	while (ioctl(fd_of(p, first), UFFDIO_WRITEPROTECT, &wp)) {
		if (errno != EAGAIN)
			return -errno;
	}
	return 0;
}

int pager_evict(struct pager *p, const uint64_t *pages, size_t nr)
{
	struct iovec parts[PAGER_MAX_BATCH];

	if (!by_process_madvise(p->config)) {
		for (size_t i = 0; i < nr; i++) {
			if (madvise(region_page(p->near, pages[i]), PAGE_BYTES, MADV_DONTNEED))
				return -errno;
		}
		return 0;
	}
	for (size_t i = 0; i < nr; i++)
		parts[i] = (struct iovec){ region_page(p->near, pages[i]), PAGE_BYTES };
	return advise(p->pidfd, parts, nr);
}

int pager_write_back(struct pager *p, uint64_t page)
{
	int rc = pager_protect(p, page, 1, true);

	if (!rc)
		memcpy(region_page(&p->far, page), region_page(p->near, page), PAGE_BYTES);
	return rc;
}

/* --- faults -------------------------------------------------------------------------------- */

/* A page that cannot be filled would hold its thread for ever. */
static void resolve(struct pager *p, uint64_t page, bool is_protected)
{
	static const char last_words[] =
		"fmbench: uffd: the kernel refused to fill or to unprotect "
		"a page\n";
	int rc = is_protected ? pager_protect(p, page, 1, false) : pager_copy_in(p, page, 1);

	if (rc == 0 && !is_protected && filled_by_this_thread)
		++*filled_by_this_thread;
	if (rc == 0 || rc == -EEXIST) /* another handler was faster */
		return;
	if (write(STDERR_FILENO, last_words, sizeof(last_words) - 1) < 0) {
		/* Then without them. */
	}
	abort();
}

static bool find_page(const struct pager *p, uintptr_t address, uint64_t *ret_page)
{
	uintptr_t base = (uintptr_t)p->near->base;

	*ret_page = (address - base) / PAGE_BYTES;
	return address >= base && *ret_page < p->near->pages;
}

/* Was the page there, and the access forbidden? */
static bool was_protected(const struct pager *p, uint64_t page, const ucontext_t *context)
{
#ifdef __x86_64__
	(void)p, (void)page;
	/* The page-fault error code (Intel SDM vol. 3A, 4.7): bit 0. */
	return context->uc_mcontext.gregs[REG_ERR] & 1;
#else
	unsigned char in_core = 0;

	(void)context;
	mincore(region_page(p->near, page), PAGE_BYTES, &in_core);
	return in_core & 1;
#endif
}

static void on_sigbus(int signal_nr, siginfo_t *info, void *context)
{
	int saved = errno;
	uint64_t page;

	/* An address outside the region: the same fault again ends the process. */
	if (!the_pager || !find_page(the_pager, (uintptr_t)info->si_addr, &page))
		signal(signal_nr, SIG_DFL);
	else
		resolve(the_pager, page, was_protected(the_pager, page, context));
	errno = saved;
}

static void take_messages(struct pager *p, int fd)
{
	struct uffd_msg messages[MESSAGES];
	ssize_t n = read(fd, messages, sizeof(messages));

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(*messages); i++) {
		const struct uffd_msg *m = &messages[i];
		uint64_t page;

		if (m->event == UFFD_EVENT_PAGEFAULT &&
		    find_page(p, (uintptr_t)m->arg.pagefault.address, &page))
			resolve(p, page, m->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
	}
}

void pager_count_into(uint64_t *filled)
{
	filled_by_this_thread = filled;
}

/* Descriptors are dealt out to handlers; with more handlers than descriptors some share one. */
static void *handle(void *arg)
{
	struct pager_handler *h = arg;
	struct pager *p = h->pager;
	unsigned int fds = p->config->fds, handlers = p->config->handlers;
	bool spin = strcmp(p->config->handler, "spin") == 0;
	struct pollfd polled[PAGER_MAX_FDS];
	nfds_t nr = 0;

	pager_count_into(&h->filled);
	for (unsigned int i = h->index % fds; i < fds; i += handlers)
		polled[nr++] = (struct pollfd){ .fd = p->fd[i], .events = POLLIN };
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
		if (!spin && poll(polled, nr, NAP_MS) <= 0)
			continue;
		for (nfds_t i = 0; i < nr; i++) {
			if (spin || polled[i].revents)
				take_messages(p, polled[i].fd);
		}
	}
	return NULL;
}

/* --- life ---------------------------------------------------------------------------------- */

static int register_part(struct pager *p, unsigned int i, struct err *err)
{
	uint64_t first = i * p->pages_per_fd;
	uint64_t end = i + 1 == p->config->fds ? p->near->pages : first + p->pages_per_fd;
	struct uffdio_register reg = {
		.range = { (uintptr_t)region_page(p->near, first), (end - first) * PAGE_BYTES },
		.mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP,
	};

	p->fd[i] = open_uffd(p->config, err);
	if (p->fd[i] < 0)
		return p->fd[i];
	if (ioctl(p->fd[i], UFFDIO_REGISTER, &reg))
		return err_failed(err, errno, "UFFDIO_REGISTER");
	return 0;
}

static int move_far(struct pager *p, struct err *err)
{
	size_t bytes = p->near->pages * PAGE_BYTES;
	void *far = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (far == MAP_FAILED)
		return err_failed(err, errno, "no room for the far pages; lower -o region");
	p->far = *p->near;
	p->far.base = far;
	memcpy(far, p->near->base, bytes);
	if (madvise(p->near->base, bytes, MADV_DONTNEED))
		return err_failed(err, errno, "madvise(MADV_DONTNEED)");
	return 0;
}

static int start_handlers(struct pager *p, struct err *err)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	the_pager = p;
	if (by_signal(p->config))
		return sigaction(SIGBUS, &action, NULL) ? err_failed(err, errno, "sigaction") : 0;

	p->handlers = aligned_alloc(alignof(struct pager_handler),
				    p->config->handlers * sizeof(*p->handlers));
	if (!p->handlers)
		abort();
	for (unsigned int i = 0; i < p->config->handlers; i++) {
		struct pager_handler *h = &p->handlers[i];
		int rc;

		h->pager = p;
		h->index = i;
		h->filled = 0;
		rc = pthread_create(&h->thread, NULL, handle, h);
		if (rc)
			return err_failed(err, rc, "cannot start a thread");
		p->running++;
	}
	return 0;
}

int pager_init(struct pager *p, const struct pager_config *config, const struct region *near,
	       struct err *err)
{
	int rc;

	p->config = config;
	p->near = near;
	p->pages_per_fd = near->pages / config->fds;
	p->pidfd = -1;
	for (unsigned int i = 0; i < config->fds; i++)
		p->fd[i] = -1;
	rc = move_far(p, err);
	for (unsigned int i = 0; i < config->fds && !rc; i++)
		rc = register_part(p, i, err);
	if (!rc && by_process_madvise(config)) {
		p->pidfd = open_self(err);
		rc = p->pidfd < 0 ? p->pidfd : 0;
	}
	return rc ? rc : start_handlers(p, err);
}

void pager_release(struct pager *p)
{
	if (!p->config)
		return;
	atomic_store(&p->stop, true);
	for (unsigned int i = 0; i < p->running; i++)
		pthread_join(p->handlers[i].thread, NULL);
	if (by_signal(p->config))
		signal(SIGBUS, SIG_DFL);
	the_pager = NULL;
	for (unsigned int i = 0; i < p->config->fds; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
	}
	if (p->pidfd >= 0)
		close(p->pidfd);
	free(p->handlers);
	if (p->far.base)
		munmap(p->far.base, p->far.pages * PAGE_BYTES);
	memset(p, 0, sizeof(*p));
}
