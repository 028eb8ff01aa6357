/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every command has: its common options, and one way to report an error. */
#ifndef HARNESS_COMMON_H
#define HARNESS_COMMON_H

#include <stdbool.h>

#include "base/err.h"
#include "base/opt.h"

/* Set before a command runs. FMBENCH_DB and FMBENCH_STATE_DIR outweigh the defaults file (config.h). */
struct common {
	char *db;
	char *state_dir;
	char *lab;    /* options for lab/fmlab */
	char *units;  /* one more directory of units from files */
	char *config; /* the defaults file that was named; config_path() is the one that was read */
	bool in_lab, verbose, quiet, no_wait;
};
extern struct common common;
extern const struct opt common_opts[];

/* Defaults, then the file's, then the environment's. common_release() frees them. */
int common_init(struct err *err);
void common_release(void);

/* Of an option OPT_TABLE_OR_JSON. */
bool is_json(const char *format);

/* Report an error once and give its exit code. */
int command_fail(const struct err *err);

#endif
