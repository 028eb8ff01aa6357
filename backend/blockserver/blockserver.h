/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fmbench-blockserver: memory as a block device, served by a process. The backends nbd and ublk start it
 * (backend/block_server.h) and end it with SIGKILL; nobody starts it by hand.
 *
 *	fmbench-blockserver nbd SIZE DELAY_NS BYTES_PER_S	requests and data on fd 3
 *	fmbench-blockserver ublk N COOKIE SIZE DELAY_NS BYTES_PER_S	serves /dev/ublkbN
 *	fmbench-blockserver ublk-fail N COOKIE	stands in for one that died: fails each request, until the
 *						device is stopped
 *	fmbench-blockserver ublk-end N COOKIE	stop and delete the device
 *
 * COOKIE marks a ublk device as fmbench's: one with another is left alone. A server that fmbench waits for
 * writes one byte to fd 3 when it serves.
 *
 * The machine may be short of memory when it is asked for a page, and waits for the answer: all of its
 * memory is locked, its own allocations start no I/O (PR_SET_IO_FLUSHER, prctl(2)), and it is never
 * the OOM killer's choice.
 */
#ifndef BACKEND_BLOCKSERVER_H
#define BACKEND_BLOCKSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READY_FD 3

/* How long a request takes at least: the delay, after its bytes had their turn on the wire. */
struct pace {
	uint64_t delay_ns, bytes_per_s; /* 0: none; as fast as it goes */
	uint64_t wire_free_ns;
};

/* When a request of that many bytes that came now is done. Never before an earlier one's. */
static inline uint64_t pace_due(struct pace *p, uint64_t now_ns, size_t bytes)
{
	if (p->bytes_per_s) {
		if (p->wire_free_ns < now_ns)
			p->wire_free_ns = now_ns;
		p->wire_free_ns += (uint64_t)((double)bytes * 1e9 / (double)p->bytes_per_s);
		now_ns = p->wire_free_ns;
	}
	return now_ns + p->delay_ns;
}

struct store {
	char *bytes;
	size_t size;
	struct pace pace;
};

/* The last part of a wait is spent looking at the clock: sleep ends late. */
#define SPIN_NS 60000

/* Say on stderr what could not be done and why (errnum), and exit. */
void die(int errnum, const char *what) __attribute__((noreturn));
void say_ready(void);

/* Each serves until its other end is gone. */
void nbd_serve(struct store *s);
void ublk_serve(struct store *s, unsigned int number, uint64_t cookie);
void ublk_fail(unsigned int number, uint64_t cookie);
void ublk_end(unsigned int number, uint64_t cookie);

#endif
