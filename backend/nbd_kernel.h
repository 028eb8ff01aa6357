/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's NBD client, by generic netlink (linux/nbd-netlink.h): no process stays behind a device.
 * A device is told from others by the identifier that it is connected with (Linux 5.13).
 */
#ifndef BACKEND_NBD_KERNEL_H
#define BACKEND_NBD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct nbd_device {
	unsigned int number;
	uint64_t size_bytes, flags; /* flags: the server's, NBD_FLAG_… */
	uint64_t timeout_s;	    /* a server that is silent for so long is lost */
	const char *identifier;
	int socket;
};

/* The first that nobody has connected. */
unsigned int nbd_free_number(void);
/* -EBUSY: somebody else has connected that device just now. */
int nbd_connect(const struct nbd_device *d, struct err *err);
int nbd_disconnect(unsigned int number, struct err *err);
bool nbd_is(unsigned int number, const char *identifier);

#endif
