// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A trace whose length is what its header says. */
static bool is_trace(int fd)
{
	struct trace_file head;
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       pread(fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       memcmp(head.magic, TRACE_MAGIC, sizeof(head.magic)) == 0 &&
	       head.version == TRACE_VERSION && head.nr_rows <= TRACE_PROCESSES &&
	       head.nr_chunks <= TRACE_MOST &&
	       (uint64_t)st.st_size >=
		       sizeof(head) + head.nr_chunks * TRACE_CHUNK * sizeof(uint64_t);
}

static int make(int fd)
{
	struct trace_file head = { .magic = TRACE_MAGIC, .version = TRACE_VERSION };

	if (ftruncate(fd, 0) != 0 ||
	    ftruncate(fd, (off_t)(sizeof(head) + TRACE_MOST * TRACE_CHUNK * sizeof(uint64_t))) !=
		    0 ||
	    pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return -errno;
	return 0;
}

int trace_create(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc;
	struct stat st;

	if (fd < 0)
		return err_usage(err, "record %s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_size > 0 && !is_trace(fd))) {
		close(fd);
		return err_usage(err, "record %s: the file is there, and no trace; name another",
				 path);
	}
	rc = make(fd);
	if (!rc)
		return fd;
	close(fd);
	return err_usage(err, "record %s: %s", path, strerror(-rc));
}

int trace_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_usage(err, "trace %s: %s", path, strerror(errno));
	if (is_trace(fd))
		return fd;
	close(fd);
	return err_usage(err, "trace %s is no trace of this fmpager: record one (record)", path);
}

uint64_t trace_end(int fd)
{
	struct trace_file head;
	uint64_t nr = 0;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return 0;
	for (uint32_t i = 0; i < head.nr_rows && i < TRACE_PROCESSES; i++)
		nr += head.rows[i].nr;
	if (ftruncate(fd,
		      (off_t)(sizeof(head) + head.nr_chunks * TRACE_CHUNK * sizeof(uint64_t))) != 0)
		return 0;
	return nr;
}
