// SPDX-License-Identifier: GPL-2.0-or-later
/* What clients send to memserver, beside a NIC that is none. fuzz_grant has what it answers. */
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>

#include "backend/memserver/log.h"
#include "tests/fake_rdma.h"
#include "tests/fuzz/input.h"

#define PAGES 16

/* In the place of log.c, which would fill the fuzzer's own log. */
static void format(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static void format(const char *fmt, va_list ap)
{
	char line[1280];

	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(fmt, ap);
}

void say_sparingly(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(fmt, ap);
}

/* A request that is right as far as `how` has it so, or else nothing but bytes. */
static void request(struct clients *c, struct input *in, uint8_t how)
{
	uint8_t bytes[UINT8_MAX];
	size_t len = how & 1 ? sizeof(struct memserver_open) : take_byte(in) % sizeof(bytes);
	struct memserver_open *open = (struct memserver_open *)bytes;

	take(in, bytes, len);
	if (how & 2 && len >= sizeof(*open)) {
		open->head = (struct memserver_head){ htobe32(MEMSERVER_MAGIC),
						      htobe16(MEMSERVER_VERSION),
						      htobe16(how >> 2 & 3) };
		memcpy(open->token, c->token, sizeof(open->token));
	}
	/* A session's number can't be guessed. */
	if (how & 16 && len >= sizeof(*open) && c->list)
		((struct memserver_join *)bytes)->session = htobe64(c->list->session);
	/* Else nearly all want more memory than there is. */
	if (how & 32 && len >= sizeof(*open)) {
		open->bytes_least &= htobe64((PAGES << 13) - 1);
		open->bytes_most &= htobe64((PAGES << 13) - 1);
	}
	fake_request(c, bytes, len, take_byte(in));
}

/* One whose memory takes its time: others come meanwhile, and its peer may go. */
static void slow_request(struct clients *c, struct input *in)
{
	struct rdma_cm_id *id = NULL;

	fake.stall = true;
	request(c, in, take_byte(in));
	if (fake.answer == FAKE_NOTHING)
		id = fake.id;
	if (take_byte(in) & 1)
		request(c, in, take_byte(in));
	if (id && take_byte(in) & 1)
		fake_event(c, id, RDMA_CM_EVENT_UNREACHABLE);
	fake.stall = false;
	background_drain(&c->background);
}

static void event(struct clients *c, struct input *in)
{
	static const enum rdma_cm_event_type types[] = {
		RDMA_CM_EVENT_ESTABLISHED,    RDMA_CM_EVENT_DISCONNECTED,
		RDMA_CM_EVENT_CONNECT_ERROR,  RDMA_CM_EVENT_REJECTED,
		RDMA_CM_EVENT_DEVICE_REMOVAL,
	};
	struct client *client = c->list;

	for (uint8_t i = take_byte(in) % 4; client && i; i--)
		client = client->next;
	if (client && client->connections) {
		enum rdma_cm_event_type type = types[take_byte(in) % 5];

		/* Comes once, and to a connection that is not up. */
		if (type != RDMA_CM_EVENT_ESTABLISHED || !client->connections->up)
			fake_event(c, client->connections->id, type);
	}
}

/* What holds after each event, whatever came. */
static void check(const struct clients *c)
{
	unsigned int n = 0, connections = 0;
	size_t held = 0;

	for (const struct client *i = c->list; i; i = i->next) {
		n++;
		connections += i->nr_connections;
		held += i->extent->bytes;
		/* Neither lost nor connected: nobody would ever clear it away. */
		if (!i->lost_ns && !i->connections)
			abort();
		if (i->lost_ns && i->connections)
			abort();
		if (i->nr_connections > i->granted || i->nr_up > i->nr_connections)
			abort();
	}
	if (n != c->nr || n > c->max_clients || connections != fake.nr_ids ||
	    connections != fake.nr_qps)
		abort();
	if (held + memory_free_bytes(c->memory) != c->memory->bytes)
		abort();
}

static void fuzz_server(struct input *in)
{
	struct memory memory;
	struct clients c = { .memory = &memory, .max_clients = 3, .max_queue_pairs = 4 };
	struct err err;

	if (memory_open(&memory, PAGES << 12, false, MEMORY_ANY_NODE, &err))
		abort();
	if (clients_open(&c, &err))
		abort();
	c.linger_min_ns = take_byte(in) & 1 ? 0 : UINT64_MAX;
	c.max_bytes = take_byte(in) & 1 ? 0 : PAGES << 10;
	c.linger_ns = UINT64_MAX;
	take(in, c.token, take_byte(in) % sizeof(c.token));
	while (in->size) {
		uint8_t what = take_byte(in);

		fake.fail_qp = what == 1;
		fake.fail_accept = what == 2;
		fake.fail_register = what == 3;
		if (what % 4 == 0)
			event(&c, in);
		else if (what % 16 == 5)
			clients_tick(&c);
		else if (what % 16 == 7)
			slow_request(&c, in);
		else
			request(&c, in, take_byte(in));
		if (what % 32 == 9)
			fake_complete(take_byte(in), take_byte(in) % 3);
		check(&c);
	}
	clients_close(&c);
	memory_close(&memory);
	fake.has_completed = false;
	if (fake.nr_ids || fake.nr_qps)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	fuzz_server(&in);
	return 0;
}
