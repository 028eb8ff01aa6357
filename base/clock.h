/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time. All durations and stamps are CLOCK_MONOTONIC nanoseconds; wall-clock is only a label. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_USEC 1000ull
#define NSEC_PER_MSEC 1000000ull

uint64_t clock_ns(void);
/* CPU time that this process has used, all of its threads. */
uint64_t clock_process_ns(void);
/* Sleep until the monotonic instant; a signal ends the sleep early. Returns 0 or -EINTR. */
int clock_sleep_until(uint64_t deadline_ns);
/* What the wall clock is ahead of clock_ns(): changes when somebody sets it. */
int64_t clock_wall_lead_ns(void);
/* "2026-11-22T09:04:11Z" into dst (at least 21 bytes). */
void clock_wall(char *dst, size_t size);

#endif
