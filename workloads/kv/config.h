/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What workload kv's client is told to do. */
#ifndef WORKLOADS_KV_CONFIG_H
#define WORKLOADS_KV_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/kv/protocol.h"

enum kv_popularity { KV_EVENLY, KV_ZIPF, KV_HOTSPOT };

struct kv_config {
	const struct kv_protocol *protocol;
	const char *socket; /* the server's; NULL: on 127.0.0.1, at: */
	uint16_t port;
	unsigned int threads, connections, pipeline;
	unsigned int keys_a_get; /* at most KV_MOST_KEYS */
	uint64_t keys, seed;
	struct kv_sizes sizes;
	double compressible, get_share;
	enum kv_popularity popularity;
	double exponent, hot_keys, hot_share;
	double rate;	    /* requests a second, or 0: closed */
	double of_capacity; /* instead: a share of what the server can, 0: no */
	bool poisson;	    /* else evenly spaced */
};

#endif
