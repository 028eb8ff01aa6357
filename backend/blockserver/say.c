// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/blockserver/blockserver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void die(int errnum, const char *what)
{
	fprintf(stderr, "fmbench-blockserver: %s: %s\n", what, strerror(errnum));
	exit(1);
}

void say_ready(void)
{
	if (write(READY_FD, "R", 1) != 1)
		die(errno, "telling that it serves");
}
