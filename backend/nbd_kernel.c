// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nbd_kernel.h"

#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sysfile.h"

#ifndef NBD_ATTR_BACKEND_IDENTIFIER
#define NBD_ATTR_BACKEND_IDENTIFIER 10 /* Linux 5.13 */
#endif

#define BLOCK_BYTES  4096
#define MESSAGE_SIZE 1024

struct message {
	union {
		struct nlmsghdr head;
		char bytes[MESSAGE_SIZE];
	};
};

static void begin(struct message *m, uint16_t family, uint8_t command, uint8_t version)
{
	struct genlmsghdr *generic;

	memset(m, 0, sizeof(*m));
	m->head = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
				     .nlmsg_type = family,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };
	generic = NLMSG_DATA(&m->head);
	*generic = (struct genlmsghdr){ .cmd = command, .version = version };
}

/* All that are put in are short. */
static struct nlattr *put(struct message *m, uint16_t type, const void *value, size_t size)
{
	struct nlattr *attr = (void *)(m->bytes + NLMSG_ALIGN(m->head.nlmsg_len));

	*attr = (struct nlattr){ .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + size) };
	if (size)
		memcpy((char *)attr + NLA_HDRLEN, value, size);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

static void put_u32(struct message *m, uint16_t type, uint32_t value)
{
	put(m, type, &value, sizeof(value));
}

static void put_u64(struct message *m, uint16_t type, uint64_t value)
{
	put(m, type, &value, sizeof(value));
}

/* What was put in since is inside. */
static void end_nest(const struct message *m, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(m->bytes + m->head.nlmsg_len - (const char *)nest);
}

/* Send and read until the kernel acknowledges; answer (NULL: none is wanted) is the message before. */
static int ask(int fd, struct message *m, struct message *answer)
{
	struct message received;

	if (send(fd, m, m->head.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, &received, sizeof(received), 0);

		if (n < 0)
			return -errno;
		if ((size_t)n < sizeof(received.head))
			return -EPROTO;
		if (received.head.nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(&received.head))->error;
		if (answer)
			memcpy(answer, &received, (size_t)n);
	}
}

/* Attribute of a message of ctrl's, or NULL. */
static const void *find(const struct message *m, uint16_t type)
{
	size_t at = NLMSG_LENGTH(GENL_HDRLEN);

	while (at + NLA_HDRLEN <= m->head.nlmsg_len && at + NLA_HDRLEN <= sizeof(*m)) {
		const struct nlattr *attr = (const void *)(m->bytes + at);

		if (attr->nla_type == type)
			return m->bytes + at + NLA_HDRLEN;
		if (attr->nla_len < NLA_HDRLEN)
			break;
		at += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

static int open_family(uint16_t *ret_family, struct err *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), rc;
	struct message m, answer;
	const void *id;

	if (fd < 0)
		return err_failed(err, errno, "generic netlink");
	memset(&answer, 0, sizeof(answer));
	begin(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	put(&m, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME, sizeof(NBD_GENL_FAMILY_NAME));
	rc = ask(fd, &m, &answer);
	id = rc ? NULL : find(&answer, CTRL_ATTR_FAMILY_ID);
	if (id) {
		memcpy(ret_family, id, sizeof(*ret_family));
		return fd;
	}
	close(fd);
	return err_failed(err, rc ? -rc : ENOENT, "asking the kernel for its NBD client");
}

static void attr_path(char path[64], unsigned int number, const char *name)
{
	snprintf(path, 64, "/sys/block/nbd%u/%s", number, name);
}

unsigned int nbd_free_number(void)
{
	unsigned int number = 0;
	char path[64];

	/* "pid" is there while it is connected. */
	for (attr_path(path, 0, "pid"); sysfile_exists(path); attr_path(path, number, "pid"))
		number++;
	return number;
}

bool nbd_is(unsigned int number, const char *identifier)
{
	char path[64], line[128];

	attr_path(path, number, "backend");
	return sysfile_read_line(path, line, sizeof(line)) == 0 && strcmp(line, identifier) == 0;
}

int nbd_connect(const struct nbd_device *d, struct err *err)
{
	struct nlattr *sockets, *item;
	struct message m;
	uint16_t family;
	int fd = open_family(&family, err), rc;

	if (fd < 0)
		return fd;
	begin(&m, family, NBD_CMD_CONNECT, NBD_GENL_VERSION);
	put_u32(&m, NBD_ATTR_INDEX, d->number);
	put_u64(&m, NBD_ATTR_SIZE_BYTES, d->size_bytes);
	put_u64(&m, NBD_ATTR_BLOCK_SIZE_BYTES, BLOCK_BYTES);
	put_u64(&m, NBD_ATTR_TIMEOUT, d->timeout_s);
	put_u64(&m, NBD_ATTR_SERVER_FLAGS, d->flags);
	put(&m, NBD_ATTR_BACKEND_IDENTIFIER, d->identifier, strlen(d->identifier) + 1);
	sockets = put(&m, NBD_ATTR_SOCKETS | NLA_F_NESTED, NULL, 0);
	item = put(&m, NBD_SOCK_ITEM | NLA_F_NESTED, NULL, 0);
	put_u32(&m, NBD_SOCK_FD, (uint32_t)d->socket);
	end_nest(&m, item);
	end_nest(&m, sockets);
	rc = ask(fd, &m, NULL);
	close(fd);
	return rc ? err_failed(err, -rc, "connecting /dev/nbd%u (dmesg may say more)", d->number)
		  : 0;
}

int nbd_disconnect(unsigned int number, struct err *err)
{
	struct message m;
	uint16_t family;
	int fd = open_family(&family, err), rc;

	if (fd < 0)
		return fd;
	begin(&m, family, NBD_CMD_DISCONNECT, NBD_GENL_VERSION);
	put_u32(&m, NBD_ATTR_INDEX, number);
	rc = ask(fd, &m, NULL);
	close(fd);
	return rc ? err_failed(err, -rc, "disconnecting /dev/nbd%u", number) : 0;
}
