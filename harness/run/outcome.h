/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a run ended. */
#ifndef HARNESS_OUTCOME_H
#define HARNESS_OUTCOME_H

#include <stdint.h>

enum run_status { RUN_OK, RUN_UNTRUSTED, RUN_FAILED };

struct run_outcome {
	int64_t id; /* in the store; 0: it was not even recorded */
	enum run_status status;
	uint64_t peak_bytes; /* of the first job */
	double measure_s;    /* how long its measure phase was; 0: none */
};

#endif
