/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memserver: lends this machine's memory to others: to fastswap_rdma.ko over RDMA, to fmpager over TCP. See
 * README.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backend/memserver/clients.h"
#include "backend/memserver/log.h"
#include "backend/memserver/stats.h"
#include "backend/memserver/tcp.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/mdoc.h"
#include "base/opt.h"
#include "base/secret.h"

#define TICK_MS 1000

struct params {
	char *listen, *tcp;
	uint64_t size_bytes;
	char *numa_node;
	bool hugepages;
	uint64_t max_clients, max_queue_pairs, max_bytes;
	char *token_file;
	uint64_t linger_ns, linger_min_ns;
	char *stats;
};

static const struct opt opts[] = {
	OPT_STRING("listen", struct params, listen, NULL,
		   "ADDRESS[:PORT] of an RDMA device, 0.0.0.0 or [::] for all; without --tcp: "
		   "0.0.0.0:" MEMSERVER_PORT "; PORT 0: any that is free"),
	OPT_STRING("tcp", struct params, tcp, NULL,
		   "[ADDRESS:]PORT: serve over TCP; over RDMA then only if --listen is given. "
		   "Without ADDRESS: for this machine alone"),
	OPT_SIZE("size", struct params, size_bytes, "1G", 4096, 1ull << 50,
		 "memory to lend, for all clients together"),
	OPT_STRING("numa-node", struct params, numa_node, NULL,
		   "take the memory there: best the NIC's node"),
	OPT_BOOL("hugepages", struct params, hugepages, NULL,
		 "take huge pages: clients connect faster, fewer misses in the NIC"),
	OPT_U64("max-clients", struct params, max_clients, "16", 1, 65536, "at once"),
	OPT_U64("max-queue-pairs", struct params, max_queue_pairs, "1024", 1, 65535,
		"for each client; over TCP, connections"),
	OPT_SIZE("max-bytes-per-client", struct params, max_bytes, NULL, 4096, 1ull << 50,
		 "memory for each client at most"),
	OPT_STRING(
		"token-file", struct params, token_file, NULL,
		"file whose only line, of up to 24 characters, a client must know; SIGHUP has it "
		"read again"),
	OPT_DURATION("linger", struct params, linger_ns, "60s", 0, 86400e9,
		     "how long a vanished client may come back for its memory (over RDMA)"),
	OPT_DURATION("linger-min", struct params, linger_min_ns, "10s", 0, 86400e9,
		     "how much of that it has even when another client wants the memory"),
	OPT_STRING("stats", struct params, stats, NULL, "local socket that tells who holds what"),
	OPT_END
};

static void usage(FILE *out)
{
	fputs("usage: memserver [--OPTION VALUE | --OPTION=VALUE]...\n", out);
	opt_print_help(opts, OPT_FLAGS, 0, out);
}

/* --manual: the manual page, for `make install`. */
static void manual(FILE *out)
{
	mdoc_begin(out, "memserver", 8, "memory for other machines, over RDMA or TCP");
	mdoc_section(out, "SYNOPSIS");
	mdoc_synopsis(out, "memserver", "[options]");
	mdoc_section(out, "DESCRIPTION");
	mdoc_text(
		out,
		"memserver lends this machine's memory to others: to fastswap_rdma.ko over RDMA, and\n"
		"with --tcp to fmpager(1) over TCP. It runs until SIGTERM; SIGHUP has the token file\n"
		"read again. What clients stored is lost when it ends. What travels, the token too,\n"
		"is in clear text.\n",
		SIZE_MAX);
	mdoc_section(out, "OPTIONS");
	mdoc_list_begin(out);
	mdoc_list_options(out, opts, OPT_FLAGS);
	mdoc_list_item(out, "--help", "show the options");
	mdoc_list_end(out);
	mdoc_section(out, "EXIT STATUS");
	mdoc_text(out,
		  "0 after SIGTERM, 1 failed, 2 usage, 3 something that is needed is missing.\n",
		  SIZE_MAX);
	mdoc_section(out, "EXAMPLES");
	mdoc_text(out,
		  "  memserver --listen 10.0.0.2 --size 64G --token-file /etc/memserver.token\n"
		  "  memserver --tcp 10.0.0.2:50001 --size 64G --token-file /etc/memserver.token\n",
		  SIZE_MAX);
	mdoc_see_also(out, (const char *const[]){ "fmbench", "fmpager", NULL });
}

static int parse_arguments(struct params *params, char *argv[], struct err *err)
{
	int rc = 0;

	for (char **arg = argv + 1; *arg && !rc; arg++) {
		const char *name = *arg + 2;
		const struct opt *o = opt_find(opts, name);

		if (strncmp(*arg, "--", 2) != 0)
			return err_usage(err, "%s is no option: see memserver --help", *arg);
		if (strchr(name, '=') || (o && o->type == OPT_T_BOOL))
			rc = opt_set_pair(opts, params, name, "memserver", err);
		else if (arg[1])
			rc = opt_set(opts, params, name, *++arg, "memserver", err);
		else
			return err_usage(err, "--%s needs a value: see memserver --help", name);
	}
	return rc;
}

static int read_token(const char *path, char token[MEMSERVER_TOKEN_MAX], struct err *err)
{
	char line[MEMSERVER_TOKEN_MAX + 1];
	int rc;

	if (!path)
		return 0;
	rc = secret_read(path, line, sizeof(line), "--token-file", err);
	if (rc)
		return rc;
	memset(token, 0, MEMSERVER_TOKEN_MAX);
	memcpy(token, line, strlen(line));
	return 0;
}

static int read_node(const char *text, int *ret_node, struct err *err)
{
	uint64_t node;

	*ret_node = MEMORY_ANY_NODE;
	if (!text)
		return 0;
	if (parse_u64(text, &node) || node > INT32_MAX)
		return err_usage(err, "--numa-node %s: give a node's number", text);
	*ret_node = node;
	return 0;
}

/* "10.0.0.2", "10.0.0.2:50001", "[fd00::2]:50001" */
static int resolve(const char *text, struct addrinfo **ret_address, struct err *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	char host[128];
	const char *port = split_host_port(text, host, sizeof(host));
	int rc = getaddrinfo(host, port ? port : MEMSERVER_PORT, &hints, ret_address);

	if (rc)
		return err_usage(err, "--listen %s: %s: give ADDRESS or ADDRESS:PORT", text,
				 gai_strerror(rc));
	return 0;
}

static int check_device(struct err *err)
{
	int n = 0;
	struct ibv_device **devices = ibv_get_device_list(&n);

	if (devices)
		ibv_free_device_list(devices);
	if (n)
		return 0;
	return err_missing(err, "this machine has no RDMA device: ibv_devinfo lists them; load the "
				"NIC's driver and ib_uverbs, or see README.md for a software one");
}

static int start_listening(const char *text, struct rdma_event_channel **ret_events,
			   struct rdma_cm_id **ret_listener, struct err *err)
{
	struct addrinfo *address;
	int rc = resolve(text, &address, err);

	if (rc)
		return rc;
	*ret_events = rdma_create_event_channel();
	if (!*ret_events) {
		rc = err_missing(err, "no /dev/infiniband/rdma_cm: modprobe rdma_ucm");
	} else if (rdma_create_id(*ret_events, ret_listener, NULL, RDMA_PS_TCP) ||
		   rdma_bind_addr(*ret_listener, address->ai_addr) ||
		   rdma_listen(*ret_listener, 128)) {
		rc = err_failed(err, errno,
				"cannot listen on %s: is that the address of an RDMA "
				"device (rdma link), and free",
				text);
	} else {
		fcntl((*ret_events)->fd, F_SETFL, O_NONBLOCK);
	}
	freeaddrinfo(address);
	return rc;
}

/* True: the server shall end. SIGHUP has the token read anew, which counts for new sessions. */
static bool read_signal(int signals, struct clients *clients, const char *token_file)
{
	struct signalfd_siginfo info;
	struct err err = { 0 };

	if (read(signals, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGHUP)
		return true;
	if (read_token(token_file, clients->token, &err))
		say("%s; the token is the one from before", err.msg);
	else if (token_file)
		say("read --token-file %s again", token_file);
	return false;
}

/* What is listened on. */
struct listening {
	struct rdma_event_channel *events; /* NULL: not over RDMA */
	struct rdma_cm_id *listener;
	struct tcp tcp; /* .fd -1: not over TCP */
	struct stats stats;
	int signals;
};

static void read_rdma_events(struct listening *l, struct clients *clients)
{
	struct rdma_cm_event *event;

	while (l->events && !rdma_get_cm_event(l->events, &event))
		clients_event(clients, event);
}

/*
 * Until a signal says to end, or the device is gone: a driver may wait for us to close it. Of several
 * devices (0.0.0.0) the others serve on.
 */
static void serve(struct clients *clients, struct listening *l, const char *token_file)
{
	enum { EVENTS, SIGNALS, STATS, BACKGROUND, STREAMS, NR };
	struct pollfd fds[NR + 1 + TCP_ARRIVALS] = {
		[EVENTS] = { .fd = l->events ? l->events->fd : -1, .events = POLLIN },
		[SIGNALS] = { .fd = l->signals, .events = POLLIN },
		[STATS] = { .fd = l->stats.fd, .events = POLLIN },
		[BACKGROUND] = { .fd = clients->background.fd, .events = POLLIN },
		[STREAMS] = { .fd = clients->news_fd, .events = POLLIN },
	};
	uint64_t next_tick_ns = clock_ns();

	for (;;) {
		size_t nr = NR + tcp_poll_fds(&l->tcp, fds + NR);

		if (poll(fds, nr, TICK_MS) < 0 && errno != EINTR)
			return;
		if (fds[SIGNALS].revents && read_signal(l->signals, clients, token_file))
			return;
		read_rdma_events(l, clients);
		if (fds[BACKGROUND].revents)
			background_finish(&clients->background);
		/* Always: who knows that its session is over shall find its memory free. */
		clients_news(clients);
		if (clients->device_gone)
			return;
		tcp_serve(&l->tcp, clients, fds + NR);
		if (fds[STATS].revents)
			stats_answer(&l->stats, clients);
		if (clock_ns() >= next_tick_ns) {
			clients_tick(clients);
			say_left_out();
			next_tick_ns = clock_ns() + TICK_MS * NSEC_PER_MSEC;
		}
	}
}

static int take_signals(void)
{
	sigset_t taken;

	/* Whoever read the log may be gone. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&taken);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGHUP);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	return signalfd(-1, &taken, SFD_CLOEXEC);
}

/* Registered memory counts as locked. Where this isn't allowed, registering says so. */
static void raise_memlock(void)
{
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
}

static int start(struct listening *l, const struct params *params, struct err *err)
{
	int rc = 0;

	if (params->listen)
		rc = start_listening(params->listen, &l->events, &l->listener, err);
	if (!rc && params->tcp)
		rc = tcp_open(&l->tcp, params->tcp, err);
	if (!rc && params->stats)
		rc = stats_open(&l->stats, params->stats, err);
	return rc;
}

static void stop(struct listening *l)
{
	tcp_close(&l->tcp);
	stats_close(&l->stats);
	if (l->listener)
		rdma_destroy_id(l->listener);
	if (l->events)
		rdma_destroy_event_channel(l->events);
	close(l->signals);
}

/* Over RDMA registering locks it. */
static void lock_for_tcp(const struct memory *memory)
{
	if (mlock(memory->base, memory->bytes) != 0)
		say("cannot lock the memory: %s; this machine may swap it out (ulimit -l)",
		    strerror(errno));
}

static void say_hello(const struct listening *l, const struct params *params,
		      const struct memory *memory)
{
	char size[16], address[ADDRESS_SIZE];

	format_size(size, sizeof(size), memory->bytes);
	if (params->listen) {
		format_address(address, rdma_get_local_addr(l->listener));
		say("lending %s on RDMA %s", size, address);
	}
	if (params->tcp)
		say("lending %s on TCP %s%s", size, l->tcp.address,
		    params->token_file ? "" : " to whoever comes (no --token-file)");
}

static int prepare(const struct params *params, struct clients *clients, int *ret_node,
		   struct err *err)
{
	int rc = read_token(params->token_file, clients->token, err);

	if (!rc)
		rc = read_node(params->numa_node, ret_node, err);
	return rc || !params->listen ? rc : check_device(err);
}

static int run(const struct params *params, struct err *err)
{
	struct memory memory = { 0 };
	struct clients clients = {
		.memory = &memory,
		.max_clients = params->max_clients,
		.max_queue_pairs = params->max_queue_pairs,
		.max_bytes = params->max_bytes,
		.linger_ns = params->linger_ns,
		.linger_min_ns = params->linger_min_ns,
	};
	struct listening l = { .tcp.fd = -1, .stats.fd = -1, .signals = take_signals() };
	int node, rc;

	rc = prepare(params, &clients, &node, err);
	if (rc)
		return rc;
	raise_memlock();
	rc = memory_open(&memory, params->size_bytes, params->hugepages, node, err);
	if (rc)
		return rc;
	rc = clients_open(&clients, err);
	if (rc) {
		memory_close(&memory);
		return rc;
	}
	if (params->tcp)
		lock_for_tcp(&memory);
	rc = start(&l, params, err);
	if (rc)
		goto out;
	say_hello(&l, params, &memory);
	serve(&clients, &l, params->token_file);
	say("ending, with %u clients", clients.nr);
	if (clients.device_gone)
		rc = err_failed(err, 0,
				"the RDMA device of %s is gone: start again when rdma link "
				"shows it",
				params->listen);
out:
	clients_close(&clients);
	stop(&l);
	memory_close(&memory);
	return rc;
}

int main(int argc, char *argv[])
{
	struct params params = { 0 };
	struct err err = { 0 };
	int rc;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--manual") == 0) {
		manual(stdout);
		return 0;
	}
	opt_defaults(opts, &params);
	rc = parse_arguments(&params, argv, &err);
	if (!rc && !params.tcp && !params.listen)
		params.listen = xstrdup("0.0.0.0:" MEMSERVER_PORT);
	if (!rc)
		rc = run(&params, &err);
	if (rc)
		say("%s", err.msg);
	opt_release(opts, &params);
	return rc ? (int)err.kind : 0;
}
