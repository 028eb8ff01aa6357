/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys and values of workload kv. A value says whose it is: its first 16 bytes are the key's number and
 * the version, then come bytes that follow from both, so that a wrong byte, another key's value or an
 * old version shows. The last `compressible` of it are one byte again and again.
 */
#ifndef WORKLOADS_KV_VALUE_H
#define WORKLOADS_KV_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define KV_KEY_BYTES 16
#define KV_VALUE_MIN 16
#define KV_VALUE_MAX (512 << 10)

/* What -o value-size says. */
struct kv_sizes {
	enum { KV_FIXED, KV_UNIFORM, KV_ETC } kind;
	uint64_t low, high; /* inclusive */
};

/* "1K", "16-4K", "etc". Anything else: -EINVAL and err. */
int kv_sizes_parse(const char *text, struct kv_sizes *ret, struct err *err);
/* Of a key's values: always the same for one key and seed. */
size_t kv_size(const struct kv_sizes *s, uint64_t seed, uint64_t key);
/* The mean over many keys. */
double kv_mean_size(const struct kv_sizes *s);

/* Letters and digits, without an end. */
void kv_key(char dst[KV_KEY_BYTES], uint64_t key);
void kv_fill(void *dst, size_t size, uint64_t key, uint32_t version, double compressible);
/* False: these are not the bytes of any version of that key's value. */
bool kv_check(const void *value, size_t size, uint64_t key, double compressible,
	      uint32_t *ret_version);

#endif
