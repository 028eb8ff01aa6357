// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/opt.h"
#include "base/random.h"

/*
 * Facebook's ETC pool: a generalised Pareto distribution (Atikoglu et al.: Workload analysis of a
 * large-scale key-value store, SIGMETRICS 2012, table 5: location 0, scale 214.476, shape 0.348238).
 */
#define ETC_SCALE 214.476
#define ETC_SHAPE 0.348238

static int parse_one(const char *text, uint64_t *ret)
{
	int rc = parse_size(text, ret);

	return rc ? rc : *ret < KV_VALUE_MIN || *ret > KV_VALUE_MAX ? -ERANGE : 0;
}

int kv_sizes_parse(const char *text, struct kv_sizes *ret, struct err *err)
{
	const char *dash = strchr(text, '-');
	char low[32];
	int rc;

	if (strcmp(text, "etc") == 0) {
		*ret = (struct kv_sizes){ KV_ETC, KV_VALUE_MIN, KV_VALUE_MAX };
		return 0;
	}
	ret->kind = dash ? KV_UNIFORM : KV_FIXED;
	snprintf(low, sizeof(low), "%.*s", (int)(dash ? dash - text : 31), text);
	rc = parse_one(low, &ret->low);
	if (!rc)
		rc = parse_one(dash ? dash + 1 : low, &ret->high);
	if (rc || ret->low > ret->high)
		return err_usage(err,
				 "kv: value-size=%s: give a size from %d to %dK, two such as "
				 "16-4K, or etc",
				 text, KV_VALUE_MIN, KV_VALUE_MAX >> 10);
	return 0;
}

size_t kv_size(const struct kv_sizes *s, uint64_t seed, uint64_t key)
{
	uint64_t random = mix64(seed ^ mix64(key + GOLDEN_GAMMA));
	double size;

	if (s->kind == KV_FIXED)
		return s->low;
	if (s->kind == KV_UNIFORM)
		return s->low + random % (s->high - s->low + 1);
	size = ETC_SCALE / ETC_SHAPE * (pow(1 - random_unit(random), -ETC_SHAPE) - 1);
	if (size < (double)s->low)
		return s->low;
	return size > (double)s->high ? s->high : (size_t)size;
}

double kv_mean_size(const struct kv_sizes *s)
{
	if (s->kind == KV_ETC)
		return ETC_SCALE / (1 - ETC_SHAPE);
	return (double)(s->low + s->high) / 2;
}

void kv_key(char dst[KV_KEY_BYTES], uint64_t key)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = KV_KEY_BYTES - 1; i > 0; i--, key >>= 4)
		dst[i] = digits[key & 15];
	dst[0] = 'k';
}

struct head {
	uint64_t key;
	uint32_t version, size;
};

/* Where what does not compress ends. */
static size_t random_end(size_t size, double compressible)
{
	size_t end = (size_t)((double)size * (1 - compressible));

	return end < sizeof(struct head) ? sizeof(struct head) : end;
}

static uint64_t word(const struct head *h, size_t i)
{
	return mix64((h->key << 32 ^ h->version) + i * GOLDEN_GAMMA);
}

void kv_fill(void *dst, size_t size, uint64_t key, uint32_t version, double compressible)
{
	struct head h = { .key = key, .version = version, .size = (uint32_t)size };
	size_t at = sizeof(h), end = random_end(size, compressible);
	char *bytes = dst;
	uint64_t w;

	memcpy(bytes, &h, sizeof(h));
	for (; at + sizeof(w) <= end; at += sizeof(w)) {
		w = word(&h, at);
		memcpy(bytes + at, &w, sizeof(w));
	}
	w = word(&h, at);
	memcpy(bytes + at, &w, end - at);
	memset(bytes + end, (int)(key & 0x7f), size - end);
}

bool kv_check(const void *value, size_t size, uint64_t key, double compressible,
	      uint32_t *ret_version)
{
	const unsigned char *bytes = value;
	size_t at = sizeof(struct head), end = random_end(size, compressible);
	struct head h;
	uint64_t w;

	if (size < sizeof(h))
		return false;
	memcpy(&h, bytes, sizeof(h));
	*ret_version = h.version;
	if (h.key != key || h.size != size)
		return false;
	for (; at + sizeof(w) <= end; at += sizeof(w)) {
		memcpy(&w, bytes + at, sizeof(w));
		if (w != word(&h, at))
			return false;
	}
	w = word(&h, at);
	if (memcmp(bytes + at, &w, end - at) != 0)
		return false;
	at = end;
	/* The rest is one byte: the first is right, and each is as its neighbour. */
	return at == size || (bytes[at] == (key & 0x7f) &&
			      memcmp(bytes + at, bytes + at + 1, size - at - 1) == 0);
}
