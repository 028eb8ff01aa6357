/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reaching an export of somebody else's NBD server: the handshake of NBD's doc/proto.md. */
#ifndef BACKEND_NBD_EXPORT_H
#define BACKEND_NBD_EXPORT_H

#include <stdint.h>

#include "base/err.h"

/* target: "ADDRESS:PORT[,name=EXPORT]". Is it one? ERR_USAGE. */
int nbd_export_check(const char *target, struct err *err);
/* A connected socket, which then carries requests; the export's size and NBD_FLAG_… */
int nbd_export_open(const char *target, uint64_t *ret_size_bytes, uint64_t *ret_flags,
		    struct err *err);

#endif
