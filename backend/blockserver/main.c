// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/blockserver/blockserver.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/opt.h"

static uint64_t number(const char *text)
{
	uint64_t value;

	if (parse_u64(text, &value) != 0) {
		fprintf(stderr, "fmbench-blockserver: '%s' is no number\n", text);
		exit(2);
	}
	return value;
}

/* Exit rather than serve in a way that can lock the machine up. */
static void stay_in_memory(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "-1000", 5) != 5)
		die(errno, "oom_score_adj");
	close(fd);
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) != 0)
		die(errno, "PR_SET_IO_FLUSHER");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		die(errno, "locking its memory");
	/* A wait ends when it is due, not up to 50 us later. */
	if (prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) != 0)
		die(errno, "PR_SET_TIMERSLACK");
}

static void take_memory(struct store *s, char **args)
{
	s->size = number(args[0]);
	s->pace.delay_ns = number(args[1]);
	s->pace.bytes_per_s = number(args[2]);
	s->bytes = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->bytes == MAP_FAILED)
		die(errno, "taking its memory");
}

int main(int argc, char **argv)
{
	struct store store = { 0 };
	const char *what = argc > 1 ? argv[1] : "";

	/* fmbench's death is not its own: pages are in it as long as the swap area is on. */
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "nbd") == 0 && argc == 5) {
		stay_in_memory();
		take_memory(&store, argv + 2);
		nbd_serve(&store);
	} else if (strcmp(what, "ublk") == 0 && argc == 7) {
		stay_in_memory();
		take_memory(&store, argv + 4);
		ublk_serve(&store, (unsigned int)number(argv[2]), number(argv[3]));
	} else if (strcmp(what, "ublk-fail") == 0 && argc == 4) {
		stay_in_memory();
		ublk_fail((unsigned int)number(argv[2]), number(argv[3]));
	} else if (strcmp(what, "ublk-end") == 0 && argc == 4) {
		ublk_end((unsigned int)number(argv[2]), number(argv[3]));
	} else {
		fprintf(stderr, "fmbench-blockserver serves fmbench's backends nbd and ublk, which "
				"start it: see backend/blockserver/blockserver.h\n");
		return 2;
	}
	return 0;
}
