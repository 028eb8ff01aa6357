// SPDX-License-Identifier: GPL-2.0-or-later
/* Journals, torn and damaged: reading one must never undo what it does not say. */
#include "tests/fuzz/fuzz.h"

#include <limits.h>

#include "base/journal.h"

static int undo_nothing(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	(void)err;
	if (!args[0])
		abort();
	return 0;
}

static const struct journal_op ops[] = {
	{ "one", 1, "undo one", undo_nothing, false },
	{ "two", 2, "undo two", undo_nothing, false },
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct journal_op *const tables[] = { ops, NULL };
	struct journal *j = NULL;
	struct err err = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/x.journal", fuzz_dir());
	fuzz_file(path, data, size);
	if (journal_load(path, tables, &j, &err) == 0 && !journal_owned(j))
		journal_undo_to(j, 0, &err);
	journal_free(j);
	return 0;
}
