/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a run leaves beside the database: DIR/artifacts/UUID/…, those of each of several jobs in
 * a directory of its own. */
#ifndef HARNESS_ARTIFACTS_H
#define HARNESS_ARTIFACTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "results/store.h"

/* Make the run's directory; dst: its path. */
int artifacts_make_dir(const char *db_path, const char *uuid, char *dst, size_t size,
		       struct err *err);
/* Record every file below dir by name and by its path from the database's directory. Empty
 * directories and files go, but for files that the message names (NULL: there is none). */
int artifacts_record(struct store *store, int64_t run, const char *uuid, const char *dir,
		     const char *message, struct err *err);
/* All that a run left there, of one that is thrown away. */
void artifacts_remove(const char *dir);

#endif
