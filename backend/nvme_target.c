// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nvme_target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/configfs.h"

#define NVMET	  CONFIGFS "/nvmet"
#define NVMET_MAX 200 /* so that a name can be put behind it */

static int make_subsystem(const struct nvme_target *t, const char *dir, struct journal *j,
			  struct err *err)
{
	const struct configfs_value open_to_all[] = { { "attr_allow_any_host", "1" },
						      { NULL, NULL } };
	const struct configfs_value namespace[] = { { "device_path", t->device },
						    { "enable", "1" },
						    { NULL, NULL } };
	char path[CONFIGFS_PATH];
	int rc = configfs_make(j, dir, err);

	if (!rc)
		rc = configfs_set(dir, open_to_all, err);
	snprintf(path, sizeof(path), "%.*s/namespaces/1", NVMET_MAX, dir);
	if (!rc)
		rc = configfs_make(j, path, err);
	return rc ? rc : configfs_set(path, namespace, err);
}

static int make_port(const struct nvme_target *t, const char *subsystem, struct journal *j,
		     struct err *err)
{
	char dir[CONFIGFS_PATH], path[CONFIGFS_PATH], port[16];
	const struct configfs_value of_loop[] = { { "addr_trtype", t->transport }, { NULL, NULL } };
	const struct configfs_value of_network[] = { { "addr_trtype", t->transport },
						     { "addr_adrfam", "ipv4" },
						     { "addr_traddr", t->address },
						     { "addr_trsvcid", port },
						     { NULL, NULL } };
	unsigned int number = 1;
	int rc;

	snprintf(port, sizeof(port), "%u", t->port);
	do
		snprintf(dir, sizeof(dir), NVMET "/ports/%u", number++);
	while (access(dir, F_OK) == 0);
	rc = configfs_make(j, dir, err);
	if (!rc)
		rc = configfs_set(dir, t->address ? of_network : of_loop, err);
	snprintf(path, sizeof(path), "%.*s/subsystems/fmbench", NVMET_MAX, dir);
	return rc ? rc : configfs_link(j, subsystem, path, err); /* from now on it listens */
}

int nvme_target_up(const struct nvme_target *t, struct journal *j, struct err *err)
{
	char dir[CONFIGFS_PATH];
	int rc = configfs_mount(j, err);

	snprintf(dir, sizeof(dir), NVMET "/subsystems/%.100s", t->nqn);
	if (!rc)
		rc = make_subsystem(t, dir, j, err);
	return rc ? rc : make_port(t, dir, j, err);
}

int nvme_target_port(const char *address, unsigned int *ret_port, struct err *err)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

	inet_pton(AF_INET, address, &in.sin_addr);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&in, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &size) != 0)
		rc = err_failed(err, errno, "looking for a free port at %s", address);
	else
		*ret_port = ntohs(in.sin_port);
	if (fd >= 0)
		close(fd);
	return rc;
}
