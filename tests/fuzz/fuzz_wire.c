// SPDX-License-Identifier: GPL-2.0-or-later
/* What clients send to memserver over TCP, in pieces of any size, and what they get for an answer. */
#include "tests/fuzz/fuzz.h"

#include "backend/memserver/wire.h"

static void check(const struct wire_request *r, uint64_t nr_pages)
{
	uint32_t pages = 0;

	if (r->kind < WIRE_READ || r->kind > WIRE_BYE || r->nr_runs > WIRE_PAGES_MAX)
		abort();
	for (uint32_t i = 0; i < r->nr_runs; i++) {
		if (!r->runs[i].nr || (uint64_t)r->runs[i].page + r->runs[i].nr > nr_pages)
			abort();
		pages += r->runs[i].nr;
	}
	if (pages != r->nr_pages || pages > WIRE_PAGES_MAX)
		abort();
	if ((r->kind == WIRE_READ || r->kind == WIRE_WRITE) != (r->nr_runs > 0))
		abort();
}

/* The bytes of a right request as far as `how` has it so; the numbers of its runs are small then. */
static void mend(uint8_t *bytes, size_t size, uint8_t how)
{
	struct wire_head head;
	struct wire_run run;

	if (size < sizeof(head) || !(how & 1))
		return;
	memcpy(&head, bytes, sizeof(head));
	head.magic = htobe32(WIRE_MAGIC);
	head.kind = htobe16(be16toh(head.kind) % 5);
	if (how & 2)
		head.owner = 0;
	if (how & 4)
		head.nr_runs = htobe16(be16toh(head.nr_runs) % (WIRE_PAGES_MAX + 2));
	memcpy(bytes, &head, sizeof(head));
	for (size_t at = sizeof(head); how & 8 && at + sizeof(run) <= size; at += sizeof(run)) {
		memcpy(&run, bytes + at, sizeof(run));
		run.page = htobe32(be32toh(run.page) % 512);
		run.nr = htobe32(be32toh(run.nr) % 8);
		memcpy(bytes + at, &run, sizeof(run));
	}
}

/* A request that came whole is the one that came piece by piece. */
static void by_pieces(const uint8_t *bytes, size_t size, uint64_t nr_pages, size_t step)
{
	struct wire_request request, whole;
	const char *why = NULL;
	int n = wire_parse(bytes, size, nr_pages, &whole, &why), m = 0;

	if (n > 0)
		check(&whole, nr_pages);
	if (n > (int)WIRE_REQUEST_MAX || n > (int)size || (n < 0 && !why))
		abort();
	if (n == 0 && size >= WIRE_REQUEST_MAX)
		abort();
	for (size_t have = 0; m == 0 && have < size;) {
		/* Only what came may be read. */
		uint8_t *copy;

		have = have + step < size ? have + step : size;
		copy = malloc(have);
		if (!copy)
			abort();
		memcpy(copy, bytes, have);
		m = wire_parse(copy, have, nr_pages, &request, &why);
		free(copy);
	}
	if (m != n || (n > 0 && (request.nr_pages != whole.nr_pages || request.tag != whole.tag)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_answer answer = { 0 };
	uint8_t *bytes;

	if (size < 4)
		return 0;
	bytes = malloc(size - 3);
	if (!bytes)
		abort();
	memcpy(bytes, data + 3, size - 3);
	mend(bytes, size - 3, data[0]);
	by_pieces(bytes, size - 3, (uint64_t)data[1] * 3, 1 + data[2] % 97u);
	memcpy(&answer, bytes, size - 3 < sizeof(answer) ? size - 3 : sizeof(answer));
	if (!wire_fault(&answer, 7, 3) && be32toh(answer.tag) != 7)
		abort();
	free(bytes);
	return 0;
}
