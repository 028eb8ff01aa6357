/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --in-lab, the guest's half: each finished run leaves the guest at once, so that neither a kernel
 * that breaks down nor a kill of the host's fmbench loses one.
 */
#ifndef HARNESS_SAVING_H
#define HARNESS_SAVING_H

#include <stdint.h>

#include "base/err.h"

/* The database in each directory that was saved; `artifacts` is beside it. */
#define SAVED_DB "runs.db"

/*
 * Where lab/in-lab has set FMBENCH_SAVE_TO: save there what was made up to this run and is not saved
 * yet. Elsewhere do nothing.
 */
int saving_save(const char *db_path, int64_t run, struct err *err);
/* The message names files of a run in the guest: name them as they will be found on the host, where
 * --in-lab has set FMBENCH_HOST_DIR to the directory of the host's database. Elsewhere do nothing. */
void saving_name_files(const char *db_path, struct err *err);

#endif
