// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fastswap with its pool in another machine's memory, over RDMA: `far` names its memserver. Without
 * it a memserver is started here, on the address of the first RDMA device: one machine, the whole
 * path, which is what the lab has.
 */
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/fastswap_area.h"
#include "backend/memserver_local.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/sysfile.h"

#define POOL	       "fastswap_rdma"
#define COUNTERS       "/sys/kernel/debug/fastswap/rdma"
#define DEFAULT_PORT   50000
#define TOKEN_MAX      24 /* MEMSERVER_TOKEN_MAX of memserver/handshake.h */
#define FAR_TIMEOUT_NS (2 * NSEC_PER_SEC)

struct fastswap_rdma_params {
	struct fastswap_params common;
	char *far;
	char *client_address;
	uint64_t size_bytes, nr_queue_pairs, timeout_ns, grace_ns;
	char *token_file;
};

static const struct opt fastswap_rdma_opts[] = {
	OPT_STRING("far", struct fastswap_rdma_params, far, NULL,
		   "HOST[:PORT] of a memserver; unset: one is started on this machine"),
	OPT_STRING("cip", struct fastswap_rdma_params, client_address, NULL,
		   "this machine's address, where routing alone would take another NIC"),
	OPT_SIZE("size", struct fastswap_rdma_params, size_bytes, "0", 0, 16.0 * (1ull << 40),
		 "far memory; 0: what the run needs, else all that the server has"),
	OPT_U64("nq", struct fastswap_rdma_params, nr_queue_pairs, "0", 0, 4096,
		"queue pairs; 0: three per CPU, or as many as the server grants"),
	OPT_DURATION("timeout", struct fastswap_rdma_params, timeout_ns, "0", 0, 600e9,
		     "fail what the server has not answered for so long; 0: 2s, or 20s for one "
		     "that is started here and waits for CPUs beside the program"),
	OPT_DURATION("grace", struct fastswap_rdma_params, grace_ns, "0", 0, 600e9,
		     "let loads wait for a lost server for so long; 0: they fail at once"),
	OPT_STRING("token-file", struct fastswap_rdma_params, token_file, NULL,
		   "its first line is the token that the server's --token-file asks for"),
	OPT_SECRET("token", "token-file"),
	FASTSWAP_OPTS(struct fastswap_rdma_params, common),
	OPT_END
};

struct fastswap_rdma {
	struct memserver_local server; /* brought up by this run; .child.pid 0: none */
	char address[64];
	uint64_t port;
};

/* "10.0.0.2:50000" into its parts; the port may be missing. */
static int parse_far(const char *far, char *address, size_t size, uint64_t *ret_port,
		     struct err *err)
{
	const char *colon = strrchr(far, ':');
	struct in_addr ignored;

	*ret_port = DEFAULT_PORT;
	snprintf(address, size, "%.*s", (int)(colon ? colon - far : (ptrdiff_t)strlen(far)), far);
	if (inet_pton(AF_INET, address, &ignored) != 1 ||
	    (colon && (parse_u64(colon + 1, ret_port) != 0 || *ret_port == 0 || *ret_port > 65535)))
		return err_usage(err,
				 "backend fastswap-rdma: far '%s' is not ADDRESS[:PORT], such as "
				 "10.0.0.2:50000",
				 far);
	return 0;
}

static int read_token(const char *file, char *token, size_t size, struct err *err)
{
	int rc = secret_read(file, token, size, "backend fastswap-rdma: token-file", err);

	if (!rc && strchr(token, '"'))
		rc = err_usage(
			err,
			"backend fastswap-rdma: the token in %s has a '\"', which a module's "
			"parameter can't have; choose another",
			file);
	return rc;
}

static int check_token(const struct fastswap_rdma_params *p, struct err *err)
{
	char token[TOKEN_MAX + 1];
	int rc;

	if (!p->token_file)
		return 0;
	if (!p->far)
		return err_usage(
			err, "backend fastswap-rdma: token-file is for a server of yours (far)");
	rc = read_token(p->token_file, token, sizeof(token), err);
	explicit_bzero(token, sizeof(token));
	return rc;
}

static int fastswap_rdma_check(const void *params, struct err *err)
{
	const struct fastswap_rdma_params *p = params;
	char address[64];
	uint64_t port;
	int rc;

	rc = p->far ? parse_far(p->far, address, sizeof(address), &port, err)
		    : memserver_local_check(true, err);
	if (!rc)
		rc = check_token(p, err);
	return rc ? rc : fastswap_check(&p->common, POOL, err);
}

/* The rest of its life is the journal's: it must outlive this process under `fmbench backend up`. */
static int start_server(struct fastswap_rdma *r, uint64_t size_bytes, const struct backend_ctx *ctx,
			struct journal *j, struct err *err)
{
	const struct memserver_wish wish = {
		.rdma = true,
		.outlives = true,
		.size_bytes = size_bytes,
		.advice = "ask for less (-o fastswap-rdma.size=SIZE), or name one that serves (-o "
			  "fastswap-rdma.far=HOST:PORT)",
	};
	int rc = memserver_local_start(&r->server, &wish, ctx->state_dir, j, err);

	return rc ? rc
		  : parse_far(r->server.address, r->address, sizeof(r->address), &r->port, err);
}

/* The module shows its token nowhere. The kernel's log would, of a parameter it can't parse. */
static int add_token(const char *file, struct buf *options, struct err *err)
{
	char token[TOKEN_MAX + 1];
	int rc = read_token(file, token, sizeof(token), err);

	if (!rc)
		buf_addf(options, " token=\"%s\"", token);
	explicit_bzero(token, sizeof(token));
	return rc;
}

/* The module refuses what is less than 100. */
static uint64_t timeout_ms(const struct fastswap_rdma_params *p)
{
	uint64_t ns = p->timeout_ns;

	if (ns == 0)
		ns = p->far ? FAR_TIMEOUT_NS : MEMSERVER_LOCAL_TIMEOUT_NS;
	return (ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
}

static int fastswap_rdma_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct fastswap_rdma_params *p = ctx->params;
	struct fastswap_rdma *r = xcalloc(1, sizeof(*r));
	struct buf options = BUF_INIT;
	uint64_t grace_ms = (p->grace_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	uint64_t size_bytes = p->size_bytes, free_kib;
	int rc = 0;

	ctx->state = r;
	r->server.child = (struct child)CHILD_INIT;
	if (fastswap_is_up(POOL))
		return fastswap_take(ctx, err);
	if (size_bytes == 0 && ctx->need_bytes)
		size_bytes = swap_area_size_for(ctx->need_bytes);
	if (p->far) {
		rc = parse_far(p->far, r->address, sizeof(r->address), &r->port, err);
	} else {
		if (size_bytes == 0 &&
		    sysfile_read_key("/proc/meminfo", "MemAvailable:", &free_kib) == 0)
			size_bytes = free_kib / 2 * 1024;
		rc = start_server(r, size_bytes, ctx, j, err);
	}
	if (rc)
		return rc;

	buf_addf(&options, "sip=%s sport=%" PRIu64 " timeout_ms=%" PRIu64 " grace_ms=%" PRIu64,
		 r->address, r->port, timeout_ms(p), grace_ms);
	if (size_bytes)
		buf_addf(&options, " size=%" PRIu64, size_bytes);
	if (p->nr_queue_pairs)
		buf_addf(&options, " nq=%" PRIu64, p->nr_queue_pairs);
	if (p->client_address)
		buf_addf(&options, " cip=%s", p->client_address);
	if (!p->far || p->token_file)
		rc = add_token(p->far ? p->token_file : r->server.token_file, &options, err);
	if (!rc)
		rc = fastswap_up(ctx, &p->common, POOL, options.data, j, err);
	explicit_bzero(options.data, options.len);
	buf_release(&options);
	return rc;
}

static void fastswap_rdma_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct fastswap_rdma *r = ctx->state;
	uint64_t queue_pairs, pool_timeout_ms, grace_ms;

	fastswap_facts(ctx, facts);
	if (!ctx->taken)
		facts_set(facts, "rdma_server", "%s:%" PRIu64 "%s", r->address, r->port,
			  r->server.child.pid ? " (this machine)" : "");
	if (sysfile_read_key(COUNTERS, "queue_pairs", &queue_pairs) == 0)
		facts_set(facts, "rdma_queue_pairs", "%" PRIu64, queue_pairs);
	if (sysfile_read_u64("/sys/module/" POOL "/parameters/timeout_ms", &pool_timeout_ms) == 0)
		facts_set(facts, "rdma_timeout_ms", "%" PRIu64, pool_timeout_ms);
	if (sysfile_read_u64("/sys/module/" POOL "/parameters/grace_ms", &grace_ms) == 0)
		facts_set(facts, "rdma_grace_ms", "%" PRIu64, grace_ms);
}

/* A server for which loads still wait is not lost yet. */
static int fastswap_rdma_health(struct backend_ctx *ctx, struct err *err)
{
	uint64_t left_ms;

	if (sysfile_read_key(COUNTERS, "grace_left_ms", &left_ms) == 0 && left_ms > 0)
		return swap_area_health(ctx, err);
	return fastswap_health(ctx, err);
}

static void fastswap_rdma_release(struct backend_ctx *ctx)
{
	struct fastswap_rdma *r = ctx->state;

	if (r)
		memserver_local_release(&r->server);
	free(r);
	ctx->state = NULL;
}

const struct backend backend_fastswap_rdma = {
	.name = "fastswap-rdma",
	.summary = "Fastswap on an unpatched kernel, its pool in a memory server over RDMA",
	.opts = fastswap_rdma_opts,
	.params_size = sizeof(struct fastswap_rdma_params),
	.caps = CAP_SWAP | CAP_PAGE_HOOK | CAP_REMOTE | CAP_RDMA,
	.usage = fastswap_usage,
	.check = fastswap_rdma_check,
	.up = fastswap_rdma_up,
	.facts = fastswap_rdma_facts,
	.health = fastswap_rdma_health,
	.release = fastswap_rdma_release,
};
