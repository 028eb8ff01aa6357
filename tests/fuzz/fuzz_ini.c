// SPDX-License-Identifier: GPL-2.0-or-later
/* Experiment files. */
#include "tests/fuzz/fuzz.h"

#include <limits.h>

#include "harness/plan/experiment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct experiment e = { 0 };
	struct err err = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/e.ini", fuzz_dir());
	fuzz_file(path, data, size);
	if (experiment_read(path, NULL, &e, &err) != 0 && (err.kind == ERR_NONE || !err.msg[0]))
		abort(); /* an error says what it is */
	experiment_release(&e);
	return 0;
}
