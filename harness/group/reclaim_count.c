// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/group/reclaim_count.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sysfile.h"

#define EVENT	   "events/vmscan/mm_vmscan_memcg_reclaim_end"
#define FIELD	   " nr_reclaimed;"
#define RING_BYTES (64u * 1024) /* a power of two */

struct reclaim_count {
	int fd;
	uint64_t tail;
	size_t page_bytes, offset; /* of the field in a record of the tracepoint */
	struct perf_event_mmap_page *ring;
};

/* Where tracefs is: at its own place, or on machines of old below debugfs. */
static int find_event(uint64_t *ret_id, struct buf *format, struct err *err)
{
	static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[128];
	int rc = -ENOENT;

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]) && rc; i++) {
		snprintf(path, sizeof(path), "%s/" EVENT "/id", roots[i]);
		rc = sysfile_read_u64(path, ret_id);
		if (rc)
			continue;
		snprintf(path, sizeof(path), "%s/" EVENT "/format", roots[i]);
		rc = sysfile_read(path, format);
	}
	return rc ? err_failed(err, -rc, "tracepoint %s can't be read", path) : 0;
}

/* "field:unsigned long nr_reclaimed;	offset:8;	size:8;	signed:0;" */
static int find_field(const char *format, size_t *ret_offset, struct err *err)
{
	const char *field = strstr(format, FIELD);
	size_t size;

	if (!field ||
	    sscanf(field + strlen(FIELD), " offset:%zu; size:%zu;", ret_offset, &size) != 2 ||
	    size != sizeof(uint64_t))
		return err_failed(err, 0, "tracepoint " EVENT " has no field" FIELD);
	return 0;
}

static int open_ring(struct reclaim_count *c, uint64_t id, struct err *err)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					.size = sizeof(attr),
					.config = id,
					.sample_period = 1,
					.sample_type = PERF_SAMPLE_RAW };
	void *at;

	c->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (c->fd < 0)
		return err_failed(err, errno, "perf_event_open of " EVENT);
	at = mmap(NULL, c->page_bytes + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (at == MAP_FAILED)
		return err_failed(err, errno, "perf_event_open of " EVENT ": no ring");
	c->ring = at;
	return 0;
}

int reclaim_count_new(struct reclaim_count **ret, struct err *err)
{
	struct reclaim_count *c = calloc(1, sizeof(*c));
	struct buf format = BUF_INIT;
	uint64_t id;
	int rc;

	if (!c)
		return err_failed(err, ENOMEM, "reclaim counter");
	c->fd = -1;
	c->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	rc = find_event(&id, &format, err);
	if (!rc)
		rc = find_field(format.data, &c->offset, err);
	if (!rc)
		rc = open_ring(c, id, err);
	buf_release(&format);
	if (rc) {
		reclaim_count_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

/* Records wrap around. */
static void copy_out(const struct reclaim_count *c, uint64_t at, void *dst, size_t size)
{
	const char *data = (const char *)c->ring + c->page_bytes;

	for (size_t i = 0; i < size; i++)
		((char *)dst)[i] = data[(at + i) % RING_BYTES];
}

int reclaim_count_take(struct reclaim_count *c, uint64_t *ret_pages)
{
	uint64_t head = __atomic_load_n(&c->ring->data_head, __ATOMIC_ACQUIRE), pages = 0, one;
	struct perf_event_header record;
	int rc = 0;

	for (; c->tail < head; c->tail += record.size) {
		copy_out(c, c->tail, &record, sizeof(record));
		if (record.type == PERF_RECORD_LOST)
			rc = -EOVERFLOW;
		if (record.type != PERF_RECORD_SAMPLE)
			continue;
		/* Behind the header stand the raw data's size, and they. */
		copy_out(c, c->tail + sizeof(record) + sizeof(uint32_t) + c->offset, &one,
			 sizeof(one));
		pages += one;
	}
	__atomic_store_n(&c->ring->data_tail, c->tail, __ATOMIC_RELEASE);
	*ret_pages = pages;
	return rc;
}

void reclaim_count_free(struct reclaim_count *c)
{
	if (!c)
		return;
	if (c->ring)
		munmap(c->ring, c->page_bytes + RING_BYTES);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}
