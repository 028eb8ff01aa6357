/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

int stats_listen(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_usage(err, "--stats %s: longer than a socket's name may be", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_failed(err, errno, "--stats %s", path);
	/* One that a killed server left behind refuses connections. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) && errno == ECONNREFUSED)
		unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8)) {
		int r = err_failed(err, errno, "--stats %s", path);

		close(fd);
		return r;
	}
	return fd;
}

static void add_client(struct buf *b, const struct client *client)
{
	buf_addf(b, "client %s bytes %zu queue_pairs %u since_s %llu state %s\n", client->name,
		 client->extent->bytes, client->nr_up,
		 (clock_ns() - client->since_ns) / NSEC_PER_SEC,
		 client->lost_ns ? "lost" : "served");
}

void stats_answer(int listener, const struct clients *c)
{
	struct buf b = BUF_INIT;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	buf_addf(&b,
		 "bytes %zu\nbytes_free %zu\nbytes_largest %zu\nclients %u\n"
		 "clients_served %" PRIu64 "\nclients_lost %" PRIu64 "\nrefused %" PRIu64 "\n",
		 c->memory->bytes, memory_free_bytes(c->memory), memory_largest(c->memory), c->nr,
		 c->served, c->lost, c->refused);
	for (const struct client *i = c->list; i; i = i->next)
		add_client(&b, i);
	/* A reader who isn't there any more gets nothing; the rest fits a socket's buffer. */
	(void)!send(fd, b.data, b.len, MSG_NOSIGNAL);
	close(fd);
	buf_release(&b);
}
