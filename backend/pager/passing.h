/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A descriptor and a number, from one process to another by a socket of the family AF_UNIX. */
#ifndef BACKEND_PAGER_PASSING_H
#define BACKEND_PAGER_PASSING_H

#include <stdint.h>

/* 0 or -errno */
int pass_fd(int socket, int fd, uint32_t number);
/* Returns the descriptor, or -errno; -EPIPE: the other side has gone; -ENODATA: it sent one byte. */
int receive_fd(int socket, uint32_t *ret_number);

#endif
