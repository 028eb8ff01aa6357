// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/rdma_local.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/sysfile.h"

#define INFINIBAND "/sys/class/infiniband"

/* The interface of an RDMA device, from its first GID (sysfs ABI: ports/1/gid_attrs/ndevs). */
static bool interface_of(const char *device, char *name, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), INFINIBAND "/%s/ports/1/gid_attrs/ndevs/0", device);
	return sysfile_read_line(path, name, size) == 0;
}

static bool address_of(const char *interface, char *address, size_t size)
{
	struct ifaddrs *list, *i;
	bool found = false;

	if (getifaddrs(&list) != 0)
		return false;
	for (i = list; i && !found; i = i->ifa_next) {
		const struct sockaddr_in *in =
			(const struct sockaddr_in *)(const void *)i->ifa_addr;

		found = in && in->sin_family == AF_INET && strcmp(i->ifa_name, interface) == 0 &&
			inet_ntop(AF_INET, &in->sin_addr, address, (socklen_t)size);
	}
	freeifaddrs(list);
	return found;
}

int rdma_local_address(char *address, size_t size, struct err *err)
{
	char root[PATH_MAX], interface[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	sysfile_path(root, sizeof(root), INFINIBAND);
	dir = opendir(root);
	while (dir && !found && (entry = readdir(dir))) {
		found = entry->d_name[0] != '.' &&
			interface_of(entry->d_name, interface, sizeof(interface)) &&
			address_of(interface, address, size);
	}
	if (dir)
		closedir(dir);
	return found ? 0
		     : err_missing(
			       err,
			       "no RDMA device with an IPv4 address here (`rdma link` shows "
			       "them); name far memory on another machine (-o "
			       "fastswap-rdma.far=HOST, -o nvme-rdma.target=HOST:PORT,nqn=NQN, -o "
			       "pager.pool=rdma:target=HOST), or use --in-lab, which brings Soft-RoCE");
}
