/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A memaslap (Debian: memcaslap) and the memcached that it loads.
 *
 * memaslap is one program for loading and measuring, and it keeps no memory between two calls, so
 * one process does both: it is stopped (SIGSTOP) once the store is full and goes on (SIGCONT) when
 * the group has been shrunk. Facts behind this file, from libmemcached's contrib/bin/memaslap:
 *
 *  - With no sets asked for, each connection first sets its whole window of objects (-w); no get
 *    starts before all connections are done; gets then pick uniformly from the window.
 *  - With sets, nothing is set beforehand: windows grow by the sets, and gets pick from what is set
 *    so far. Once a window is full, a set drops the oldest key and sets a new one. The dropped
 *    object stays in memcached until its LRU evicts it.
 *  - Connections do not run equally fast: the slowest of 16 was seen at 0.75 of the mean.
 *  - Its random numbers are seeded with the time of day: the run's seed cannot reach them.
 */
#ifndef WORKLOADS_MEMASLAP_CLIENT_H
#define WORKLOADS_MEMASLAP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/progress.h"
#include "workloads/memaslap_output.h"
#include "workloads/memcached.h"
#include "workloads/workload.h"

/* memaslap's windows are multiples of this many objects (UNIT_ITEMS_COUNT). */
#define WINDOW_UNIT 1024
/* A client that gets no further for so long has lost a connection. */
#define NO_PROGRESS_NS (30 * NSEC_PER_SEC)

struct memaslap_params {
	uint64_t memory_bytes, objects, value_bytes, key_bytes;
	uint64_t threads, concurrency, server_threads, port;
	double get_share, verify_share;
	char *config;
	bool audit;
};

struct memaslap {
	struct memaslap_params params; /* the run's, with what config=FILE says */
	struct memcached server;
	struct child client;
	struct memaslap_output output;
	struct progress *progress;	/* NULL: nobody asks */
	uint64_t objects, window;	/* all; of one connection */
	uint64_t sets_before;		/* of ours, before the client's */
	uint64_t gets_held;		/* gets answered soon after the client was stopped */
	uint64_t go_ns, last_output_ns; /* 0: not yet */
	uint64_t spawn_ns;
	int64_t wall_lead_ns; /* then */
	bool failed;
	char *config_path, *log_path, *out_path;
	/* After stop. */
	int audit_status;
	struct err audit_err;
	uint64_t evictions, audit_gets, audit_objects, audit_fetched;
};

/* What memcached has counted; sets are those of the client. */
struct memaslap_store {
	uint64_t sets, gets, objects, evictions;
};

bool memaslap_mixed(const struct memaslap_params *p);
/* The program's name here, or NULL. */
const char *memaslap_program(void);
/* Start it: it begins to fill the store at once. */
int memaslap_spawn(struct workload_ctx *ctx, struct err *err);
void memaslap_take_output(struct memaslap *m);
/* 0 while both processes run. */
int memaslap_alive(struct memaslap *m, struct err *err);
int memaslap_read_store(struct memaslap *m, struct memaslap_store *s, struct err *err);
/* By how many seconds the wall clock was set since, which is what memaslap takes its times from; it
 * aborts where that goes back. */
double memaslap_clock_step(const struct memaslap *m);
int memaslap_write(const char *path, const char *text, size_t len, struct err *err);

#endif
