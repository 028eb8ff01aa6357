// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a liar of memserver: preloaded, it changes what is granted. MEMSERVER_LIE names the field and,
 * for the grants after the first, is preceded by "later-".
 */
#include <dlfcn.h>
#include <endian.h>
#include <rdma/rdma_cma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/memserver/handshake.h"

static void lie_about(const char *field, struct memserver_grant *grant,
		      struct rdma_conn_param *param)
{
	if (strcmp(field, "version") == 0)
		grant->head.version = htobe16(MEMSERVER_VERSION + 1);
	else if (strcmp(field, "session") == 0)
		grant->session = htobe64(be64toh(grant->session) + 1);
	else if (strcmp(field, "bytes") == 0)
		grant->bytes = htobe64(4096);
	else if (strcmp(field, "too-many-bytes") == 0)
		grant->bytes = htobe64(1ull << 60);
	else if (strcmp(field, "address") == 0)
		grant->address = ~0ull;
	else if (strcmp(field, "key") == 0)
		grant->rkey = 0;
	else if (strcmp(field, "queue-pairs") == 0)
		grant->queue_pairs = htobe16(1);
	else if (strcmp(field, "no-queue-pairs") == 0)
		grant->queue_pairs = 0;
	else if (strcmp(field, "too-many-queue-pairs") == 0)
		grant->queue_pairs = htobe16(60000);
	else if (strcmp(field, "depth") == 0)
		param->responder_resources = 0;
	else
		abort();
}

int rdma_accept(struct rdma_cm_id *id, struct rdma_conn_param *param)
{
	int (*accept)(struct rdma_cm_id *, struct rdma_conn_param *) =
		dlsym(RTLD_NEXT, "rdma_accept");
	const char *field = getenv("MEMSERVER_LIE");
	bool later = strncmp(field, "later-", 6) == 0;
	static int nr_accepted;
	struct memserver_grant grant;
	struct rdma_conn_param answer = *param;

	memcpy(&grant, param->private_data, sizeof(grant));
	answer.private_data = &grant;
	if (nr_accepted++ || !later)
		lie_about(field + (later ? 6 : 0), &grant, &answer);
	return accept(id, &answer);
}
