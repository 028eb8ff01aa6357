// SPDX-License-Identifier: GPL-2.0-or-later
/* What a server answers to fastswap_rdma.ko: the module's check of a grant, built in user space. */
#include "tests/fuzz/fuzz.h"

#include "backend/memserver/grant.h"
#include "tests/fuzz/input.h"

/* What passes must be safe to use. */
static void fuzz_grant(struct input *in)
{
	struct grant_terms terms;
	struct memserver_grant grant;
	uint8_t how = take_byte(in), depth = take_byte(in), len = take_byte(in);
	uint64_t bytes, address;

	take(in, &terms, sizeof(terms));
	/* The module's own limits. */
	terms.bytes_least %= GRANT_BYTES_MAX + 1;
	terms.bytes_least += !terms.bytes_least;
	terms.queue_pairs_least = 3 + terms.queue_pairs_least % 3;
	if (how & 1)
		terms.session = 0;
	take(in, &grant, sizeof(grant));
	if (how & 2) {
		grant.head = (struct memserver_head){ htobe32(MEMSERVER_MAGIC),
						      htobe16(MEMSERVER_VERSION),
						      htobe16(MEMSERVER_GRANT) };
		len = sizeof(grant);
	}
	if (how & 4 && terms.session) {
		grant.session = htobe64(terms.session);
		grant.address = htobe64(terms.address);
		grant.rkey = htobe32(terms.rkey);
	}
	if (how & 8)
		terms.bytes_least = 1;
	if (how & 16)
		terms.queue_pairs_most = terms.depth_most = UINT16_MAX;
	if (grant_fault(&grant, len, depth, &terms))
		return;
	bytes = be64toh(grant.bytes);
	address = be64toh(grant.address);
	if (!depth || depth > terms.depth_most || !bytes || bytes < terms.bytes_least ||
	    bytes > GRANT_BYTES_MAX || address + bytes < address ||
	    be16toh(grant.queue_pairs) / 3 == 0 ||
	    be16toh(grant.queue_pairs) > terms.queue_pairs_most || !grant.session)
		abort();
	if (terms.session && (be64toh(grant.session) != terms.session || address != terms.address ||
			      be32toh(grant.rkey) != terms.rkey))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	fuzz_grant(&in);
	return 0;
}
