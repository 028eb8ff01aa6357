/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values out of a fuzzer's input. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What is taken from the input, in turns; zeros when it is at its end. */
struct input {
	const uint8_t *data;
	size_t size;
};

static inline void take(struct input *in, void *dst, size_t n)
{
	size_t there = n < in->size ? n : in->size;

	memset(dst, 0, n);
	if (there)
		memcpy(dst, in->data, there);
	in->data += there;
	in->size -= there;
}

static inline uint8_t take_byte(struct input *in)
{
	uint8_t byte;

	take(in, &byte, 1);
	return byte;
}

#endif
