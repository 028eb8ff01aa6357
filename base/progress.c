// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/progress.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct progress *map(int fd)
{
	void *p = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

int progress_new(struct progress **ret, int *ret_fd, struct err *err)
{
	int fd = memfd_create("fmbench-progress", MFD_CLOEXEC);
	struct progress *p;

	if (fd < 0)
		return err_failed(err, errno, "memfd_create");
	if (ftruncate(fd, sizeof(*p)) != 0 || !(p = map(fd))) {
		int rc = err_failed(err, errno, "cannot map the job's counts of operations");

		close(fd);
		return rc;
	}
	/* Touches the pages here, too. Unlocked they merely may be swapped out. */
	if (mlock(p, sizeof(*p)) != 0)
		progress_sum(p);
	*ret = p;
	*ret_fd = fd;
	return 0;
}

struct progress *progress_map(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != sizeof(struct progress))
		return NULL;
	return map(fd);
}

void progress_unmap(struct progress *p)
{
	if (p)
		munmap(p, sizeof(*p));
}

void progress_begin(struct progress *p, unsigned int threads)
{
	atomic_store(&p->slots, threads < PROGRESS_SLOTS ? threads : PROGRESS_SLOTS);
}

uint64_t progress_sum(const struct progress *p)
{
	uint32_t slots = atomic_load_explicit(&p->slots, memory_order_relaxed);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < slots; i++)
		sum += atomic_load_explicit(&p->slot[i].operations, memory_order_relaxed);
	return sum;
}
