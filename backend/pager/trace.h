/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace: the order in which a job's processes asked for their pages. It is recorded where little memory
 * stays (fmpager --limit 2M --record FILE): there a page is asked for whenever it was not used for a
 * little while. Later runs of the same program follow it (--trace FILE), whatever their limit: policy
 * `belady` looks up when a page is wanted next, prefetcher `recorded` what is wanted next.
 *
 * Both runs are without address space randomization, so that pages have the same numbers. A run that
 * differs nevertheless (other input, threads in another order) costs time, never data: a trace only
 * says what should come and go.
 *
 * The file: a header, then chunks of a page, each of one process: its row in the header + 1, then page
 * numbers up to the first 0.
 */
#ifndef BACKEND_PAGER_TRACE_H
#define BACKEND_PAGER_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TRACE_MAGIC	"FMPTRACE"
#define TRACE_VERSION	1u
#define TRACE_PROCESSES 60u
#define TRACE_CHUNK	512u		  /* numbers, the first of which says whose */
#define TRACE_MOST	((size_t)1 << 18) /* chunks: 2^27 pages asked for, 1 GiB */

struct trace_row {
	char name[32];
	uint64_t anchor;      /* where the pager put its first memory: tells layouts apart */
	uint64_t nr;	      /* pages asked for */
	uint64_t limit_pages; /* that stayed meanwhile */
};

struct trace_file {
	char magic[8];
	uint32_t version;
	_Atomic uint32_t nr_rows;
	_Atomic uint32_t nr_chunks;
	_Atomic uint32_t lost; /* chunks that found no room */
	struct trace_row rows[TRACE_PROCESSES];
	_Alignas(4096) uint64_t chunks[][TRACE_CHUNK];
};

/* --- in the keeper: trace_file.c ------------------------------------------------------------------- */
/* Return a descriptor or -errno. A file that is there already is replaced only if it is a trace. */
int trace_create(const char *path, struct err *err);
int trace_open(const char *path, struct err *err);
/* The recording has ended: cuts off what was not used. Returns how many pages it has. */
uint64_t trace_end(int fd);

/* --- in a process of the job: trace.c ---------------------------------------------------------------- */
enum trace_start { TRACE_NONE, TRACE_OK, TRACE_OTHER, TRACE_FAILED };
/*
 * Before policies start, again in a forked child. fd: recording goes on with it; claimed: rows that processes of
 * this job follow already. OTHER: the trace has no such process; it then has no pages.
 */
enum trace_start trace_record(int fd, const char *name, uint64_t anchor);
enum trace_start trace_follow(int fd, const char *name, uint64_t anchor, _Atomic uint64_t *claimed);
/* Neither. */
void trace_stop(void);
/* The program asks for that page, where so many stay. False: the trace that is followed lacks that here. */
bool trace_asked(uint64_t page, uint64_t limit_pages);

/* What is followed: pages in the order in which they were asked for, 0 to trace_length() - 1. */
uint64_t trace_length(void);
uint64_t trace_page(uint64_t at);
/* Where the program is: what is before that was asked for. It may go back. */
uint64_t trace_now(void);
/* Where the page is asked for next, at or after from. trace_length(): nowhere. */
uint64_t trace_find(uint64_t page, uint64_t from);
/* How many pages stayed when it was recorded. Within so many entries a page may be used without being in it. */
uint64_t trace_grain(void);

#endif
