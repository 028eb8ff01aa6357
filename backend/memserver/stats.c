/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

/* Removes a socket that refuses connections, which nobody listens on any more; nothing else. */
static void remove_left_behind(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (!lstat(address->sun_path, &st) && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

int stats_open(struct stats *stats, const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int rc = 0;

	*stats = (struct stats){ .fd = -1 };
	if (strlen(path) >= sizeof(address.sun_path))
		return err_usage(err, "--stats %s: longer than a socket's name may be", path);
	strcpy(address.sun_path, path);
	remove_left_behind(&address);
	stats->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (stats->fd < 0 || bind(stats->fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(stats->fd, 8))
		rc = errno == EADDRINUSE ? err_usage(err,
						     "--stats %s: is there already, and no socket "
						     "that a killed memserver left: give another "
						     "name",
						     path)
					 : err_failed(err, errno, "--stats %s", path);
	if (!rc) {
		stats->path = path;
	} else if (stats->fd >= 0) {
		close(stats->fd);
		stats->fd = -1;
	}
	return rc;
}

void stats_close(struct stats *stats)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!stats->path)
		return;
	close(stats->fd);
	strcpy(address.sun_path, stats->path);
	remove_left_behind(&address);
	*stats = (struct stats){ .fd = -1 };
}

static void add_client(struct buf *b, const struct client *client)
{
	buf_addf(b, "client %s bytes %zu queue_pairs %u since_s %llu state %s\n", client->name,
		 client->extent->bytes, client->nr_up,
		 (clock_ns() - client->since_ns) / NSEC_PER_SEC,
		 client->opening   ? "opening"
		 : client->lost_ns ? "lost"
				   : "served");
}

void stats_answer(const struct stats *stats, const struct clients *c)
{
	struct buf b = BUF_INIT;
	int fd = accept4(stats->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

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
