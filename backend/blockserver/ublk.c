// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ublk server (Documentation/block/ublk.rst) with one queue. The device is made recoverable: when its
 * server dies the disk stays, requests wait, and ublk_fail() answers them until the device is stopped, so
 * that programs end and swapoff works. Without that the kernel removes the disk under the swap area, for good.
 */
#include "backend/blockserver/blockserver.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/ublk_cmd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#ifndef UBLK_F_CMD_IOCTL_ENCODE
#define UBLK_F_CMD_IOCTL_ENCODE (1ull << 6) /* Linux 6.4 */
#endif

#define DEPTH		128	      /* of the queue: a power of 2 */
#define BUFFER_BYTES	(128ul << 10) /* of one request */
#define SECTOR_SHIFT	9
#define PAGE_SHIFT	12
#define RETRY_NS	(20 * NSEC_PER_MSEC)
#define PATIENCE_NS	(20 * NSEC_PER_SEC)
#define CONTROL(number) _IOWR('u', number, struct ublksrv_ctrl_cmd)
#define IO(number)	_IOWR('u', number, struct ublksrv_io_cmd)

struct device {
	struct io_uring control;
	int control_fd;
	unsigned int number;
	unsigned int start; /* the command that sets the disk going once its queue is served */
};

struct queue {
	struct store *store; /* NULL: fail each request */
	struct io_uring ring;
	int fd;
	const struct ublksrv_io_desc *requests;
	char *buffers;
	struct {
		unsigned int tag;
		int result;
		uint64_t due_ns;
	} waiting[DEPTH]; /* a ring, the first due first */
	unsigned int first, last;
	unsigned int nr_fetching; /* commands at the kernel */
};

/* Entries are of double size, as the commands of ublk need. */
static struct io_uring_sqe *next_entry(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		die(EBUSY, "io_uring");
	return sqe;
}

static void fill_command(struct io_uring_sqe *sqe, int fd, uint32_t command)
{
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = command;
}

/* --- control -------------------------------------------------------------------------------- */

static int control(struct device *d, unsigned int command, void *buffer, size_t size, uint64_t data)
{
	struct io_uring_sqe *sqe = next_entry(&d->control);
	struct ublksrv_ctrl_cmd *cmd = (void *)sqe->cmd;
	struct io_uring_cqe *cqe;
	int rc;

	fill_command(sqe, d->control_fd, CONTROL(command));
	*cmd = (struct ublksrv_ctrl_cmd){ .dev_id = d->number,
					  .queue_id = UINT16_MAX,
					  .addr = (uintptr_t)buffer,
					  .len = (uint16_t)size };
	cmd->data[0] = data;
	io_uring_submit(&d->control);
	rc = io_uring_wait_cqe(&d->control, &cqe);
	if (rc)
		return rc;
	rc = cqe->res;
	io_uring_cqe_seen(&d->control, cqe);
	return rc;
}

static void open_control(struct device *d, unsigned int number)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 };
	int rc;

	d->number = number;
	d->control_fd = open("/dev/ublk-control", O_RDWR | O_CLOEXEC);
	if (d->control_fd < 0)
		die(errno, "/dev/ublk-control");
	rc = io_uring_queue_init_params(4, &d->control, &params);
	if (rc)
		die(-rc, "io_uring");
}

/* False: there is no such device. */
static bool ask(struct device *d, struct ublksrv_ctrl_dev_info *ret)
{
	return control(d, UBLK_CMD_GET_DEV_INFO, ret, sizeof(*ret), 0) == 0;
}

/* False: there is no such device, or it is somebody else's. */
static bool is_own(struct device *d, uint64_t cookie)
{
	struct ublksrv_ctrl_dev_info info = { 0 };

	return ask(d, &info) && info.ublksrv_flags == cookie;
}

/* By a process that lives. */
static bool is_served(struct device *d)
{
	struct ublksrv_ctrl_dev_info info = { 0 };

	return ask(d, &info) && info.state == UBLK_S_DEV_LIVE && kill(info.ublksrv_pid, 0) == 0;
}

static void add_device(struct device *d, uint64_t cookie, size_t size)
{
	struct ublksrv_ctrl_dev_info info = { .nr_hw_queues = 1,
					      .queue_depth = DEPTH,
					      .max_io_buf_bytes = BUFFER_BYTES,
					      .dev_id = d->number,
					      .flags = UBLK_F_USER_RECOVERY |
						       UBLK_F_CMD_IOCTL_ENCODE,
					      .ublksrv_flags = cookie };
	struct ublk_params params = {
		.len = sizeof(params),
		.types = UBLK_PARAM_TYPE_BASIC,
		.basic = { .logical_bs_shift = PAGE_SHIFT,
			   .physical_bs_shift = PAGE_SHIFT,
			   .io_opt_shift = PAGE_SHIFT,
			   .io_min_shift = PAGE_SHIFT,
			   .max_sectors = BUFFER_BYTES >> SECTOR_SHIFT,
			   .dev_sectors = size >> SECTOR_SHIFT },
	};
	int rc = control(d, UBLK_CMD_ADD_DEV, &info, sizeof(info), 0);

	if (rc)
		die(-rc, "adding a ublk device");
	rc = control(d, UBLK_CMD_SET_PARAMS, &params, sizeof(params), 0);
	if (rc)
		die(-rc, "setting the ublk device up");
}

/* The kernel answers it when all of the queue's commands are there: another thread sends these. */
static void *start_disk(void *arg)
{
	struct device *d = arg;
	int rc = control(d, d->start, NULL, 0, (uint64_t)getpid());

	if (rc)
		die(-rc, "starting the ublk device");
	/* Who stands in for a dead server was left to itself: nobody listens. */
	if (d->start == UBLK_CMD_START_DEV)
		say_ready();
	return NULL;
}

/* --- the queue ------------------------------------------------------------------------------ */

static void open_queue(struct queue *q, unsigned int number)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 | IORING_SETUP_COOP_TASKRUN |
						   IORING_SETUP_SINGLE_ISSUER };
	uint64_t deadline = clock_ns() + PATIENCE_NS;
	char path[32];
	int rc;

	snprintf(path, sizeof(path), "/dev/ublkc%u", number);
	while ((q->fd = open(path, O_RDWR | O_CLOEXEC)) < 0 && clock_ns() < deadline)
		clock_sleep_until(clock_ns() + RETRY_NS);
	if (q->fd < 0)
		die(errno, path);
	q->requests = mmap(NULL, DEPTH * sizeof(*q->requests), PROT_READ, MAP_SHARED | MAP_POPULATE,
			   q->fd, 0);
	q->buffers = mmap(NULL, DEPTH * BUFFER_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (q->requests == MAP_FAILED || q->buffers == MAP_FAILED)
		die(errno, "mapping the ublk queue");
	rc = io_uring_queue_init_params(2 * DEPTH, &q->ring, &params);
	if (rc)
		die(-rc, "io_uring");
}

static void send_command(struct queue *q, unsigned int command, unsigned int tag, int result)
{
	struct io_uring_sqe *sqe = next_entry(&q->ring);
	struct ublksrv_io_cmd *cmd = (void *)sqe->cmd;

	fill_command(sqe, q->fd, IO(command));
	sqe->user_data = tag;
	*cmd = (struct ublksrv_io_cmd){ .tag = (uint16_t)tag,
					.result = result,
					.addr = (uintptr_t)(q->buffers + tag * BUFFER_BYTES) };
	q->nr_fetching++;
}

static int copy(struct queue *q, unsigned int tag, size_t len)
{
	const struct ublksrv_io_desc *r = &q->requests[tag];
	char *buffer = q->buffers + tag * BUFFER_BYTES;
	uint64_t at = r->start_sector << SECTOR_SHIFT;

	if (!q->store)
		return -EIO;
	if (len > q->store->size || at > q->store->size - len)
		return -EINVAL;
	switch (ublksrv_get_op(r)) {
	case UBLK_IO_OP_READ:
		memcpy(buffer, q->store->bytes + at, len);
		return (int)len;
	case UBLK_IO_OP_WRITE:
		memcpy(q->store->bytes + at, buffer, len);
		return (int)len;
	case UBLK_IO_OP_FLUSH:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static void take_requests(struct queue *q)
{
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0;

	io_uring_for_each_cqe(&q->ring, head, cqe)
	{
		unsigned int tag = (unsigned int)cqe->user_data, at = q->last % DEPTH;
		size_t len = (size_t)q->requests[tag].nr_sectors << SECTOR_SHIFT;

		nr++;
		q->nr_fetching--;
		if (cqe->res != UBLK_IO_RES_OK)
			continue; /* the device goes away */
		q->waiting[at].tag = tag;
		q->waiting[at].result = copy(q, tag, len);
		q->waiting[at].due_ns = q->store ? pace_due(&q->store->pace, clock_ns(), len) : 0;
		q->last++;
	}
	io_uring_cq_advance(&q->ring, nr);
}

/* Until a request comes, or the first that waits is due. */
static void wait_for_requests(struct queue *q)
{
	struct io_uring_cqe *cqe;
	uint64_t now = clock_ns(), wait_ns = 0;
	struct __kernel_timespec wait;
	int rc;

	if (q->first != q->last) {
		uint64_t due = q->waiting[q->first % DEPTH].due_ns;

		wait_ns = due > now ? due - now : 0;
		if (wait_ns <= SPIN_NS) {
			io_uring_submit(&q->ring);
			return;
		}
	}
	wait = (struct __kernel_timespec){ .tv_sec = (long long)(wait_ns / NSEC_PER_SEC),
					   .tv_nsec = (long long)(wait_ns % NSEC_PER_SEC) };
	rc = wait_ns ? io_uring_submit_and_wait_timeout(&q->ring, &cqe, 1, &wait, NULL)
		     : io_uring_submit_and_wait(&q->ring, 1);
	if (rc < 0 && rc != -ETIME && rc != -EINTR)
		die(-rc, "waiting for requests");
}

/* Ends when the device is stopped. */
static void serve(struct device *d, struct store *store)
{
	static struct queue q;
	pthread_t starter;
	int rc;

	q.store = store;
	open_queue(&q, d->number);
	for (unsigned int tag = 0; tag < DEPTH; tag++)
		send_command(&q, UBLK_IO_FETCH_REQ, tag, -1);
	rc = pthread_create(&starter, NULL, start_disk, d);
	if (rc)
		die(rc, "a thread");
	while (q.nr_fetching || q.first != q.last) {
		wait_for_requests(&q);
		take_requests(&q);
		while (q.first != q.last && q.waiting[q.first % DEPTH].due_ns <= clock_ns()) {
			unsigned int at = q.first++ % DEPTH;

			send_command(&q, UBLK_IO_COMMIT_AND_FETCH_REQ, q.waiting[at].tag,
				     q.waiting[at].result);
		}
	}
}

/* --- what can be asked for ------------------------------------------------------------------ */

void ublk_serve(struct store *s, unsigned int number, uint64_t cookie)
{
	struct device d = { .start = UBLK_CMD_START_DEV };

	open_control(&d, number);
	add_device(&d, cookie, s->size);
	serve(&d, s);
}

void ublk_fail(unsigned int number, uint64_t cookie)
{
	uint64_t deadline = clock_ns() + PATIENCE_NS;
	struct device d = { .start = UBLK_CMD_END_USER_RECOVERY };
	int rc;

	open_control(&d, number);
	if (!is_own(&d, cookie))
		return;
	/* EBUSY: the kernel has not yet seen its server's death, or another one stands in for it already. */
	while ((rc = control(&d, UBLK_CMD_START_USER_RECOVERY, NULL, 0, 0)) == -EBUSY &&
	       clock_ns() < deadline) {
		if (is_served(&d))
			return;
		clock_sleep_until(clock_ns() + RETRY_NS);
	}
	if (rc)
		die(-rc, "taking the ublk device over");
	serve(&d, NULL);
}

void ublk_end(unsigned int number, uint64_t cookie)
{
	struct device d = { 0 };
	int rc;

	open_control(&d, number);
	if (!is_own(&d, cookie))
		return;
	control(&d, UBLK_CMD_STOP_DEV, NULL, 0, 0);
	rc = control(&d, UBLK_CMD_DEL_DEV, NULL, 0, 0);
	if (rc)
		die(-rc, "deleting the ublk device");
}
