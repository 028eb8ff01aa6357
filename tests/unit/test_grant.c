// SPDX-License-Identifier: GPL-2.0-or-later
/* The client's check of a grant: each field that lies is named. */
#include "tests/unit/test.h"

#include <endian.h>

#include "backend/memserver/grant.h"

static const struct grant_terms first = {
	.bytes_least = 1 << 20,
	.queue_pairs_least = 3,
	.queue_pairs_most = 12,
	.depth_most = 16,
};

static struct memserver_grant honest(void)
{
	return (struct memserver_grant){
		.head = { htobe32(MEMSERVER_MAGIC), htobe16(MEMSERVER_VERSION),
			  htobe16(MEMSERVER_GRANT) },
		.session = htobe64(7),
		.bytes = htobe64(1 << 20),
		.address = htobe64(0x7f0000000000),
		.rkey = htobe32(0x1234),
		.queue_pairs = htobe16(12),
	};
}

static void fault(const struct memserver_grant *grant, unsigned int depth,
		  const struct grant_terms *terms, const char *words)
{
	const char *found = grant_fault(grant, sizeof(*grant), depth, terms);

	assert_non_null(found);
	assert_non_null(strstr(found, words));
}

static void an_honest_grant_passes(void **state)
{
	struct memserver_grant g = honest();

	(void)state;
	assert_null(grant_fault(&g, sizeof(g), 16, &first));
	assert_null(grant_fault(&g, sizeof(g) + 100, 1, &first));
	g.queue_pairs = htobe16(3);
	g.bytes = htobe64(GRANT_BYTES_MAX);
	assert_null(grant_fault(&g, sizeof(g), 16, &first));
}

#define LIE(field, value, words)                                                                   \
	do {                                                                                       \
		struct memserver_grant lie = honest();                                             \
                                                                                                   \
		lie.field = (value);                                                               \
		fault(&lie, 16, terms, words);                                                     \
	} while (0)

static void lies(const struct grant_terms *terms)
{
	struct memserver_grant g = honest();

	LIE(head.magic, 0, "not memserver");
	LIE(head.kind, htobe16(MEMSERVER_REFUSAL), "not memserver");
	LIE(head.version, htobe16(MEMSERVER_VERSION + 1), "version");
	LIE(bytes, htobe64((1 << 20) - 1), "fewer bytes");
	LIE(bytes, 0, "fewer bytes");
	LIE(bytes, htobe64(GRANT_BYTES_MAX + 1), "more bytes");
	LIE(bytes, ~0ull, "more bytes");
	LIE(address, ~0ull, "more bytes than there can be");
	LIE(address, htobe64(~0ull - (1 << 20) + 1), "more bytes than there can be");
	LIE(queue_pairs, 0, "fewer queue pairs");
	LIE(queue_pairs, htobe16(2), "fewer queue pairs");
	LIE(queue_pairs, htobe16(13), "more queue pairs");
	fault(&g, 0, terms, "no reads");
	fault(&g, 17, terms, "more reads");
	assert_non_null(grant_fault(&g, sizeof(g) - 1, 16, terms));
}

static void the_first_grant_is_checked(void **state)
{
	const struct grant_terms *terms = &first;

	(void)state;
	lies(terms);
	LIE(session, 0, "no session");
	LIE(rkey, 0, "no key");
}

static void later_grants_confirm_it(void **state)
{
	struct grant_terms later = first, *terms = &later;
	struct memserver_grant g = honest();

	(void)state;
	later.session = 7;
	later.address = 0x7f0000000000;
	later.rkey = 0x1234;
	assert_null(grant_fault(&g, sizeof(g), 16, terms));
	lies(terms);
	LIE(session, htobe64(8), "another session");
	LIE(session, 0, "another session");
	LIE(address, htobe64(0x7f0000001000), "another address");
	LIE(rkey, htobe32(0x1235), "another key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_grant_passes),
		cmocka_unit_test(the_first_grant_is_checked),
		cmocka_unit_test(later_grants_confirm_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
