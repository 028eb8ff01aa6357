/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/wire.h"

#include <stdbool.h>
#include <string.h>

static const char *head_fault(const struct wire_head *head)
{
	unsigned int kind = be16toh(head->kind), nr_runs = be16toh(head->nr_runs);
	bool has_runs = kind == WIRE_READ || kind == WIRE_WRITE;

	if (head->magic != htobe32(WIRE_MAGIC))
		return "sends what is no request";
	if (kind < WIRE_READ || kind > WIRE_BYE)
		return "sends a request of no kind";
	if (has_runs ? nr_runs < 1 || nr_runs > WIRE_PAGES_MAX : nr_runs != 0)
		return "sends a request with too many runs of pages, or none";
	if (kind != WIRE_CUT && head->owner)
		return "names an owner where none belongs";
	return NULL;
}

/* Run number i; false: it reaches past the memory, or there are too many pages by now. */
static bool take_run(const uint8_t *at, uint64_t nr_pages, struct wire_request *ret, uint32_t i)
{
	struct wire_run run;
	uint32_t page, nr;

	memcpy(&run, at, sizeof(run));
	page = be32toh(run.page);
	nr = be32toh(run.nr);
	if (nr < 1 || nr > WIRE_PAGES_MAX - ret->nr_pages || (uint64_t)page + nr > nr_pages)
		return false;
	ret->runs[i].page = page;
	ret->runs[i].nr = nr;
	ret->nr_pages += nr;
	return true;
}

int wire_parse(const void *bytes, size_t len, uint64_t nr_pages, struct wire_request *ret,
	       const char **ret_why)
{
	const uint8_t *at = bytes;
	struct wire_head head;
	size_t whole;

	if (len < sizeof(head))
		return 0;
	memcpy(&head, at, sizeof(head));
	*ret_why = head_fault(&head);
	if (*ret_why)
		return -1;
	ret->kind = be16toh(head.kind);
	ret->tag = be32toh(head.tag);
	ret->owner = be32toh(head.owner);
	ret->nr_runs = be16toh(head.nr_runs);
	ret->nr_pages = 0;
	whole = sizeof(head) + ret->nr_runs * sizeof(struct wire_run);
	if (len < whole)
		return 0;
	at += sizeof(head);
	for (uint32_t i = 0; i < ret->nr_runs; i++, at += sizeof(struct wire_run)) {
		if (take_run(at, nr_pages, ret, i))
			continue;
		*ret_why = "asks for pages that it does not have";
		return -1;
	}
	return (int)whole;
}
