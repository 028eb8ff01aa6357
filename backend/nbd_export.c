// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nbd_export.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/opt.h"

#define NAME_SIZE	256
#define PATIENCE_S	5
#define MAGIC		0x4e42444d41474943ull /* "NBDMAGIC" */
#define OPTION_MAGIC	0x49484156454f5054ull /* "IHAVEOPT" */
#define FIXED_NEWSTYLE	1
#define NO_ZEROES	2
#define OPT_EXPORT_NAME 1
#define FLAG_HAS_FLAGS	1
#define FLAG_READ_ONLY	2

struct target {
	struct sockaddr_in address;
	char name[NAME_SIZE]; /* "": the server's default */
};

static bool parse(const char *text, struct target *t)
{
	static const char name[] = ",name=";
	const char *comma = strchr(text, ','), *colon = strchr(text, ':');
	char host[64], port_text[16];
	uint64_t port;
	size_t len = comma ? (size_t)(comma - text) : strlen(text);

	if (!colon || (size_t)(colon - text) >= len)
		return false;
	*t = (struct target){ .address.sin_family = AF_INET };
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	snprintf(port_text, sizeof(port_text), "%.*s", (int)(len - (size_t)(colon + 1 - text)),
		 colon + 1);
	if (inet_pton(AF_INET, host, &t->address.sin_addr) != 1 ||
	    parse_u64(port_text, &port) != 0 || port == 0 || port > 65535)
		return false;
	t->address.sin_port = htons((uint16_t)port);
	if (comma && (strncmp(comma, name, sizeof(name) - 1) != 0 ||
		      strlen(comma) - (sizeof(name) - 1) >= NAME_SIZE))
		return false;
	if (comma)
		snprintf(t->name, sizeof(t->name), "%s", comma + sizeof(name) - 1);
	return true;
}

int nbd_export_check(const char *target, struct err *err)
{
	struct target t;

	return parse(target, &t) ? 0
				 : err_usage(err,
					     "backend nbd: target '%s' is not "
					     "ADDRESS:PORT[,name=EXPORT], such as 10.0.0.2:10809",
					     target);
}

static int get(int fd, void *to, size_t len)
{
	ssize_t n = recv(fd, to, len, MSG_WAITALL);

	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -ECONNRESET;
}

static int give(int fd, const void *from, size_t len)
{
	return send(fd, from, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : errno ? -errno : -EIO;
}

/* NBD_OPT_EXPORT_NAME: the one option that every server knows. */
static int shake_hands(int fd, const struct target *t, uint64_t *ret_size, uint64_t *ret_flags)
{
	struct {
		uint64_t magic, option_magic;
		uint16_t flags;
	} __attribute__((packed)) hello;
	struct {
		uint32_t flags;
		uint64_t magic;
		uint32_t option, len;
		char name[NAME_SIZE];
	} __attribute__((packed)) choice = { 0 };
	struct {
		uint64_t size;
		uint16_t flags;
	} __attribute__((packed)) export;
	char zeros[124];
	size_t len = strlen(t->name);
	int rc = get(fd, &hello, sizeof(hello));

	if (rc)
		return rc;
	if (be64toh(hello.magic) != MAGIC || be64toh(hello.option_magic) != OPTION_MAGIC)
		return -EPROTO;
	choice.flags = htobe32(be16toh(hello.flags) & (FIXED_NEWSTYLE | NO_ZEROES));
	choice.magic = htobe64(OPTION_MAGIC);
	choice.option = htobe32(OPT_EXPORT_NAME);
	choice.len = htobe32((uint32_t)len);
	memcpy(choice.name, t->name, len);
	rc = give(fd, &choice, sizeof(choice) - NAME_SIZE + len);
	if (!rc)
		rc = get(fd, &export, sizeof(export));
	if (!rc && !(be16toh(hello.flags) & NO_ZEROES))
		rc = get(fd, zeros, sizeof(zeros));
	if (rc)
		return rc;
	*ret_size = be64toh(export.size);
	*ret_flags = be16toh(export.flags);
	return *ret_flags & FLAG_HAS_FLAGS && *ret_flags & FLAG_READ_ONLY ? -EROFS : 0;
}

int nbd_export_open(const char *target, uint64_t *ret_size_bytes, uint64_t *ret_flags,
		    struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S }, forever = { 0 };
	struct target t;
	int fd, rc = nbd_export_check(target, err);

	if (rc)
		return rc;
	parse(target, &t);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_failed(err, errno, "a socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* connect()'s, too */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	rc = connect(fd, (const struct sockaddr *)&t.address, sizeof(t.address)) == 0 ? 0 : -errno;
	if (!rc)
		rc = shake_hands(fd, &t, ret_size_bytes, ret_flags);
	if (rc) {
		close(fd);
		return err_failed(err, -rc, "NBD export '%s' of the server at %s", t.name, target);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
	return fd;
}
