// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/pool_server.h"

#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"

static int resolve(struct pool_server *s, const struct pool *pool, const char *target,
		   const char *port, struct err *err)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found;
	char host[128];
	const char *own_port = split_host_port(target, host, sizeof(host));
	uint64_t number;
	int rc;

	if (own_port)
		port = own_port;
	if (parse_u64(port, &number) || number == 0 || number > UINT16_MAX)
		rc = EAI_SERVICE;
	else
		rc = getaddrinfo(host, port, &hints, &found);
	if (rc)
		return err_usage(err, "pool %s: target=%s: %s: give HOST or HOST:PORT", pool->name,
				 target, gai_strerror(rc));
	memcpy(&s->address, found->ai_addr, found->ai_addrlen);
	s->address_len = found->ai_addrlen;
	freeaddrinfo(found);
	snprintf(s->name, sizeof(s->name), "%.*s", (int)sizeof(s->name) - 1, target);
	return 0;
}

int pool_server_find(struct pool_server *s, const struct pool *pool,
		     const struct pool_server_params *p, const char *option, const char *port,
		     struct err *err)
{
	s->timeout_ns = p->timeout_ns ? p->timeout_ns : POOL_SERVER_TIMEOUT_NS;
	if (!p->target)
		return err_usage(err,
				 "pool %s: target is missing: --pool %s:target=HOST:PORT, of a "
				 "memserver %s",
				 pool->name, pool->name, option);
	if (p->size_bytes && p->size_bytes < POOL_SERVER_LEAST_BYTES)
		return err_usage(err, "pool %s: size=%llu is less than 2M", pool->name,
				 (unsigned long long)p->size_bytes);
	if (s->timeout_ns < POOL_SERVER_LEAST_TIMEOUT_NS)
		return err_usage(err, "pool %s: timeout=%lluns is less than 1ms", pool->name,
				 (unsigned long long)s->timeout_ns);
	return resolve(s, pool, p->target, port, err);
}

int pool_server_open(struct memserver_open *ret, const struct pool_ctx *ctx,
		     const struct pool_server_params *p, unsigned int queue_pairs, struct err *err)
{
	uint64_t most_bytes = (ctx->nr_slots - POOL_SERVER_FIRST_SLOT) * POOL_PAGE;
	char token[MEMSERVER_TOKEN_MAX + 1] = "", what[48];
	int rc = 0;

	*ret = (struct memserver_open){
		.head = { htobe32(MEMSERVER_MAGIC), htobe16(MEMSERVER_VERSION),
			  htobe16(MEMSERVER_OPEN) },
		.bytes_least = htobe64(p->size_bytes ? p->size_bytes : POOL_SERVER_LEAST_BYTES),
		.bytes_most = htobe64(p->size_bytes ? p->size_bytes : most_bytes),
		.queue_pairs_least = htobe16((uint16_t)queue_pairs),
	};
	snprintf(what, sizeof(what), "pool %s: token-file", ctx->pool->name);
	if (p->token_file)
		rc = secret_read(p->token_file, token, sizeof(token), what, err);
	memcpy(ret->token, token, sizeof(ret->token));
	explicit_bzero(token, sizeof(token));
	if (rc && err)
		err->kind = ERR_USAGE; /* also where there is no such file */
	return rc;
}

void pool_server_granted(struct pool_ctx *ctx, uint64_t bytes)
{
	uint64_t slots = bytes / POOL_PAGE + POOL_SERVER_FIRST_SLOT;

	if (slots < ctx->nr_slots)
		ctx->nr_slots = slots;
}

int pool_server_lose(struct pool_server *s, struct pool_ctx *ctx, const char *why)
{
	if (!atomic_exchange(&s->told, true))
		snprintf(s->why, sizeof(s->why), "memserver %s is lost: %s", s->name, why);
	if (!ctx->why[0])
		snprintf(ctx->why, sizeof(ctx->why), "memserver %s is lost: %s", s->name, why);
	s->lost = true;
	return -EIO;
}

size_t pool_server_facts(const struct pool_server *s, const struct pool_server_counts *c,
			 const char *loads, const char *stores, const char *stored,
			 struct pool_fact facts[POOL_FACTS])
{
	static const char *const load[] = { "loads", "load_pages", "load_ns" }, *const store[] = {
		"stores", "store_pages", "store_ns"
	};
	size_t n = pool_tally_facts(&c->loads, load, loads, "likewise", facts);

	n += pool_tally_facts(&c->stores, store, stores, stored, facts + n);
	facts[n] =
		(struct pool_fact){ "waits", (double)c->waits, "of loads, for stores under way" };
	facts[n + 1] = (struct pool_fact){ "timeout_ms", (double)s->timeout_ns / NSEC_PER_MSEC,
					   "without an answer: then the server is lost" };
	return n + 2;
}

uint32_t pool_spans_note(struct pool_span *spans, const struct pool_run *runs, size_t nr_runs)
{
	uint32_t pages = 0;

	for (size_t i = 0; i < nr_runs; i++) {
		spans[i] = (struct pool_span){ runs[i].slot, runs[i].nr };
		pages += runs[i].nr;
	}
	return pages;
}

bool pool_spans_meet(const struct pool_span *spans, size_t nr_spans, const struct pool_run *runs,
		     size_t nr_runs)
{
	for (size_t i = 0; i < nr_spans; i++) {
		for (size_t k = 0; k < nr_runs; k++) {
			if (spans[i].slot < runs[k].slot + runs[k].nr &&
			    runs[k].slot < spans[i].slot + spans[i].nr)
				return true;
		}
	}
	return false;
}
