// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/flags.h"

#include <string.h>

#include "base/kmsg.h"
#include "harness/run/judge.h"

static void (*const judges[])(const struct flag_input *in, struct results *r) = {
	judge_limit,	   judge_ratio,	      judge_paging,	   judge_room,
	judge_oom,	   judge_far,	      judge_file_cache,	   judge_other_areas,
	judge_hooks,	   judge_zswap,	      judge_frontswap,	   judge_loads,
	judge_disk,	   judge_own_count,   judge_stores,	   judge_other_swapper,
	judge_file_faults, judge_compression, judge_sampler,	   judge_machine,
	judge_emulation,   judge_ksm,	      judge_cpu_contended, judge_throttled,
	judge_governor,	   judge_placement,   judge_client,
};

void flags_judge(const struct flag_input *in, struct results *results)
{
	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++)
		judges[i](in, results);
}

bool flags_untrusted(const struct results *results)
{
	for (size_t i = 0; i < results->nr_flags; i++) {
		if (results->flags[i].severity == SEVERITY_FATAL)
			return true;
	}
	return false;
}

void kmsg_judge(int fd, struct results *results)
{
	static const char *const signs[] = { "WARNING: CPU", "WARNING: possible",
					     "BUG: ",	     "kernel BUG at",
					     "Oops: ",	     "blocked for more than",
					     "soft lockup",  "general protection fault" };
	char record[KMSG_RECORD_MAX];
	const char *text;

	while ((text = kmsg_next(fd, record))) {
		for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
			if (strstr(text, signs[i]))
				results_flag(results, "KERNEL_WARNING", SEVERITY_FATAL,
					     "the kernel complained during the run: %s", text);
		}
	}
}
