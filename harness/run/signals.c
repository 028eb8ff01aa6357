// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static volatile sig_atomic_t seen;

static void on_signal(int sig)
{
	seen = sig;
}

void signals_take(void)
{
	static const int asked[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal }; /* no SA_RESTART: waits must end */

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		sigaction(asked[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int signals_seen(void)
{
	return seen;
}

int signals_check(struct err *err)
{
	if (!seen)
		return 0;
	err_failed(err, 0, "interrupted by SIG%s", sigabbrev_np(seen));
	return -EINTR;
}
