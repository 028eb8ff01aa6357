/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judges that flags_judge() calls: a rule each.
 *
 * To add one: write judge_NAME() in the judge_*.c that it belongs to, declare it below, and add it to
 * the table in flags.c. README (Trust) says what its flag means, doc/MEASUREMENT.md why; test_trust
 * has it just within and just beyond its threshold, tests/cli/flags.sh from a real run.
 */
#ifndef HARNESS_JUDGE_H
#define HARNESS_JUDGE_H

#include "harness/run/evidence.h"

/* judge_memory.c: was as much memory local as the run says, and had the rest a place to go to? */
void judge_limit(const struct flag_input *in, struct results *r);
void judge_ratio(const struct flag_input *in, struct results *r);
void judge_paging(const struct flag_input *in, struct results *r);
void judge_room(const struct flag_input *in, struct results *r);
void judge_oom(const struct flag_input *in, struct results *r);
void judge_far(const struct flag_input *in, struct results *r);
void judge_file_cache(const struct flag_input *in, struct results *r);

/* judge_pages.c: where did pages go, and did those who counted them count the same pages? */
void judge_other_areas(const struct flag_input *in, struct results *r);
void judge_hooks(const struct flag_input *in, struct results *r);
void judge_frontswap(const struct flag_input *in, struct results *r);
void judge_loads(const struct flag_input *in, struct results *r);
void judge_disk(const struct flag_input *in, struct results *r);
void judge_own_count(const struct flag_input *in, struct results *r);
void judge_stores(const struct flag_input *in, struct results *r);
void judge_zswap(const struct flag_input *in, struct results *r);
void judge_other_swapper(const struct flag_input *in, struct results *r);
void judge_file_faults(const struct flag_input *in, struct results *r);
void judge_compression(const struct flag_input *in, struct results *r);

/* judge_machine.c: what of the machine, and of the measuring itself, moves results? */
void judge_sampler(const struct flag_input *in, struct results *r);
void judge_machine(const struct flag_input *in, struct results *r);
void judge_emulation(const struct flag_input *in, struct results *r);
void judge_ksm(const struct flag_input *in, struct results *r);

/* judge_cpu.c: who had the run's CPUs, and how fast were they? */
void judge_cpu_contended(const struct flag_input *in, struct results *r);
void judge_throttled(const struct flag_input *in, struct results *r);
void judge_governor(const struct flag_input *in, struct results *r);
void judge_placement(const struct flag_input *in, struct results *r);

/* judge_client.c: was the load generator at its limit, and not the server? */
void judge_client(const struct flag_input *in, struct results *r);

#endif
