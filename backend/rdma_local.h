/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKEND_RDMA_LOCAL_H
#define BACKEND_RDMA_LOCAL_H

#include <stddef.h>

#include "base/err.h"

/* The IPv4 address of the first RDMA device here that has one, Soft-RoCE too. ERR_MISSING: none has. */
int rdma_local_address(char *address, size_t size, struct err *err);

#endif
