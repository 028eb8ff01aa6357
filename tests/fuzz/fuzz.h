/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzing with libFuzzer (make fuzz): each fuzz_NAME.c gives the parsers of one kind arbitrary
 * bytes. A crash, a leak, undefined behaviour or a hang is a finding; its input becomes a file in
 * tests/fixtures/fuzz/NAME/, which every run starts from.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a NUL-terminated string; the caller frees it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* The bytes as the file dir/name, for readers that take a path. */
static inline void fuzz_file(const char *path, const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
		abort();
}

/* A directory of this process's own in memory. */
static inline const char *fuzz_dir(void)
{
	static char dir[64];

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/dev/shm/fmbench-fuzz.XXXXXX");
		if (!mkdtemp(dir))
			abort();
	}
	return dir;
}

#endif
