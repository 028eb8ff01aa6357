/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A key, a file: folders of sysfs and debugfs whose files hold one number each. A file that this
 * machine does not have is an absent key.
 */
#ifndef COLLECTORS_NUMBERS_H
#define COLLECTORS_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "collectors/collector.h"
#include "collectors/keptfile.h"

struct numbers {
	size_t nr;
	struct keptfile file[];
};

/* All absent. */
struct numbers *numbers_new(size_t nr);
/* Open dir/name for key i. A file that is not there is no error. */
int numbers_add(struct numbers *n, size_t i, const char *dir, const char *name, struct err *err);
bool numbers_any(const struct numbers *n);

/*
 * These serve as a collector's hooks as they stand. numbers_open(): the keys' files in one folder,
 * -ENOENT (ERR_MISSING) where it has none of them.
 */
int numbers_open(const char *dir, const struct collector_key *keys, size_t nr_keys, void **ret,
		 struct err *err);
int numbers_read(void *numbers, uint64_t *values, bool *have);
void numbers_free(void *numbers);

#endif
