// SPDX-License-Identifier: GPL-2.0-or-later
#include "collectors/numbers.h"

#include "base/alloc.h"

struct numbers *numbers_new(size_t nr)
{
	struct numbers *n = xcalloc(1, sizeof(*n) + nr * sizeof(n->file[0]));

	n->nr = nr;
	for (size_t i = 0; i < nr; i++)
		n->file[i] = (struct keptfile)KEPTFILE_NONE;
	return n;
}

int numbers_add(struct numbers *n, size_t i, const char *dir, const char *name, struct err *err)
{
	return keptfile_open_if_there(&n->file[i], dir, name, err);
}

bool numbers_any(const struct numbers *n)
{
	for (size_t i = 0; i < n->nr; i++) {
		if (n->file[i].fd >= 0)
			return true;
	}
	return false;
}

int numbers_open(const char *dir, const struct collector_key *keys, size_t nr_keys, void **ret,
		 struct err *err)
{
	struct numbers *n = numbers_new(nr_keys);
	int rc = 0;

	for (size_t i = 0; i < nr_keys && rc == 0; i++)
		rc = numbers_add(n, i, dir, keys[i].name, err);
	if (rc == 0 && !numbers_any(n))
		rc = err_missing(err, "%s has no counters that can be read here", dir);
	if (rc < 0)
		numbers_free(n);
	else
		*ret = n;
	return rc;
}

int numbers_read(void *numbers, uint64_t *values, bool *have)
{
	struct numbers *n = numbers;
	int rc = 0;

	for (size_t i = 0; i < n->nr && rc == 0; i++)
		rc = keptfile_read_u64(&n->file[i], &values[i], &have[i]);
	return rc;
}

void numbers_free(void *numbers)
{
	struct numbers *n = numbers;

	for (size_t i = 0; n && i < n->nr; i++)
		keptfile_close(&n->file[i]);
	free(n);
}
