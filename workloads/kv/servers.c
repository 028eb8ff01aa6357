// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/servers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "workloads/memcached.h"

/* Files of a server beside its connections, and connections beside the client's. */
#define MORE_FILES	 1024
#define MORE_CONNECTIONS 64

static const char *const memcached_port[] = { "-l", "127.0.0.1", "-p", "{port}", "-U", "0", NULL };
static const char *const memcached_socket[] = { "-s", SERVER_SOCKET, "-a", "777", NULL };
/* -u counts where it is root's: see struct place's same_user. */
static const char *const memcached_args[] = { "-u", "root",	 "-m", "{mib}",
					      "-t", "{threads}", "-c", "{connections}",
					      "-o", "{options}", NULL };
/* valkey is a fork of redis. */
static const char *const redis_port[] = { "--bind", "127.0.0.1", "--port", "{port}",
					  "--dir",  "/tmp",	 NULL };
static const char *const redis_socket[] = {
	"--port", "0", "--unixsocket", SERVER_SOCKET, "--unixsocketperm", "777", NULL
};
static const char *const redis_args[] = { "--save",
					  "",
					  "--appendonly",
					  "no",
					  "--protected-mode",
					  "no",
					  "--io-threads",
					  "{threads}",
					  "--maxclients",
					  "{connections}",
					  "--maxmemory",
					  "{bytes}",
					  "--maxmemory-policy",
					  "allkeys-lru",
					  NULL };

static const struct kv_server kinds[] = {
	{ "memcached", "memcached", "memcached", &kv_memcached, memcached_port, memcached_socket,
	  memcached_args },
	{ "redis", "redis-server", "redis-server", &kv_resp, redis_port, redis_socket, redis_args },
	{ "valkey", "valkey-server", "valkey-server", &kv_resp, redis_port, redis_socket,
	  redis_args },
};

const struct kv_server *kv_server_find(const char *name)
{
	const struct kv_server *k = kinds;

	while (strcmp(k->name, name) != 0)
		k++;
	return k;
}

int kv_server_check(const struct kv_server *kind, uint64_t connections, struct err *err)
{
	struct rlimit files;

	if (geteuid() != 0 && getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_max < connections + MORE_FILES)
		return err_usage(err,
				 "kv: connections=%" PRIu64 " need %" PRIu64
				 " open files, and this process may have %" PRIu64
				 ": raise it (ulimit -Hn, as root), or lower connections",
				 connections, connections + MORE_FILES, (uint64_t)files.rlim_max);
	return server_check(kind->program, kind->package, err);
}

static int allow_files(uint64_t nr, struct err *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return err_failed(err, errno, "getrlimit");
	if (files.rlim_cur >= nr)
		return 0;
	files.rlim_cur = nr;
	if (files.rlim_max < nr)
		files.rlim_max = nr;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return err_failed(err, errno,
				  "kv: %" PRIu64 " open files can't be allowed (ulimit -n); lower "
				  "connections",
				  nr);
	return 0;
}

/* Returns where the next argument goes. */
static char **fill_in(const char *const *args, const char *const filled[][2], char **argv)
{
	for (; *args; args++, argv++) {
		*argv = (char *)(uintptr_t)*args;
		for (size_t k = 0; filled[k][0]; k++)
			if (strcmp(*argv, filled[k][0]) == 0)
				*argv = (char *)(uintptr_t)filled[k][1];
	}
	return argv;
}

/* memcached's hash table has its last size from the start: it grows in no window. */
#define LEAST_POWER 16u /* its default */
#define MOST_POWER  32u

static unsigned int hash_power(uint64_t keys)
{
	unsigned int power = LEAST_POWER;

	while (power < MOST_POWER && keys > memcached_hash_holds(power))
		power++;
	return power;
}

int kv_server_start(const struct kv_server *kind, const struct kv_needs *needs,
		    const struct place *inside, struct server *s, struct err *err)
{
	uint64_t mib = (needs->limit_bytes ? needs->limit_bytes : 2 * needs->expected_bytes) >> 20;
	char port[16], threads[24], connections[24], mibs[24], bytes[24];
	char options[48];
	const char *const filled[][2] = {
		{ "{port}", port }, { "{threads}", threads }, { "{connections}", connections },
		{ "{mib}", mibs },  { "{bytes}", bytes },     { "{options}", options },
		{ NULL, NULL }
	};
	char *argv[SERVER_ARGS] = { (char *)(uintptr_t)kind->program };
	int fd, rc = allow_files(needs->connections + MORE_FILES, err);

	if (rc)
		return rc;
	snprintf(port, sizeof(port), "%u", (unsigned int)s->port);
	snprintf(threads, sizeof(threads), "%" PRIu64, needs->threads);
	snprintf(connections, sizeof(connections), "%" PRIu64,
		 needs->connections + MORE_CONNECTIONS);
	/* memcached has no word for no limit; redis has 0. */
	snprintf(mibs, sizeof(mibs), "%" PRIu64, needs->limit_bytes ? mib : mib + 64);
	snprintf(bytes, sizeof(bytes), "%" PRIu64, needs->limit_bytes);
	snprintf(options, sizeof(options), "no_lru_crawler,hashpower=%u", hash_power(needs->keys));
	fill_in(kind->args, filled,
		fill_in(s->socket ? kind->socket_args : kind->port_args, filled, argv + 1));
	rc = server_spawn(s, argv, inside, err);
	if (!rc)
		rc = server_connect(s, &fd, err);
	if (!rc)
		close(fd);
	return rc;
}
