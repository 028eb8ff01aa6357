// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices: the RDMA NIC, the IOMMU before it, the disk behind the results. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/ublk.h"
#include "base/buf.h"
#include "base/opt.h"
#include "base/sysfile.h"
#include "harness/doctor/look.h"

#define DISK_SCARCE (1ull << 30)

struct ports {
	struct buf list;
	bool active;
};

/* A port: "mlx5_0/1: 100 Gb/sec (4X EDR), InfiniBand, node 1". */
static void note_port(const char *path, void *arg)
{
	struct ports *ports = arg;
	const char *device = path + strlen("/sys/class/infiniband/");
	int len = (int)strcspn(device, "/");
	char file[512], state[32] = "?", rate[64] = "?", link[32] = "?", node[16] = "?";

	snprintf(file, sizeof(file), "%s/state", path);
	sysfile_read_line(file, state, sizeof(state));
	snprintf(file, sizeof(file), "%s/rate", path);
	sysfile_read_line(file, rate, sizeof(rate));
	snprintf(file, sizeof(file), "%s/link_layer", path);
	sysfile_read_line(file, link, sizeof(link));
	snprintf(file, sizeof(file), "/sys/class/infiniband/%.*s/device/numa_node", len, device);
	sysfile_read_line(file, node, sizeof(node));
	buf_addf(&ports->list, "%s%.*s/%s: ", ports->list.len ? "; " : "", len, device,
		 strrchr(path, '/') + 1);
	if (strstr(state, "ACTIVE")) {
		ports->active = true;
		buf_addf(&ports->list, "%s, %s", rate, link);
	} else {
		buf_addf(&ports->list, "port is %s", state);
	}
	/* -1: a machine of one node. No file: a software NIC. */
	if (node[0] != '?' && node[0] != '-')
		buf_addf(&ports->list, ", node %s", node);
}

static void look_rdma(const struct doctor *d, struct finding *f)
{
	enum verdict bad = d->backend ? VERDICT_PROBLEM : VERDICT_WARNING;
	struct ports ports = { .list = BUF_INIT };
	size_t nr = doctor_each_file("/sys/class/infiniband/*/ports/*", note_port, &ports);

	if (!nr) {
		found(f, bad, "no device");
		fix(f, "%s--in-lab with --lab --rdma",
		    doctor_modules_possible()
			    ? "modprobe mlx5_ib (or your NIC's driver); in software: modprobe "
			      "rdma_rxe && rdma link add rxe0 type rxe netdev eth0; or "
			    : "");
	} else if (!ports.active) {
		found(f, bad, "%s", ports.list.data);
		fix(f, "bring the link up: ip link set DEVICE up; on InfiniBand start a subnet "
		       "manager (opensm)");
	} else {
		found(f, VERDICT_OK, "%s", ports.list.data);
	}
	buf_release(&ports.list);
}

static void note_translating(const char *path, void *arg)
{
	char type[32];

	if (sysfile_read_line(path, type, sizeof(type)) == 0 && strncmp(type, "DMA", 3) == 0)
		*(bool *)arg = true;
}

static void look_iommu(const struct doctor *d, struct finding *f)
{
	bool translating = false;
	size_t groups =
		doctor_each_file("/sys/kernel/iommu_groups/*/type", note_translating, &translating);

	(void)d;
	if (!groups) {
		found(f, VERDICT_OK, "off");
	} else if (!translating) {
		found(f, VERDICT_OK, "passes addresses through (%zu groups)", groups);
	} else {
		found(f, VERDICT_WARNING, "translates addresses (%zu groups)", groups);
		fix(f, "boot with iommu=pt");
	}
}

static void look_ublk(const struct doctor *d, struct finding *f)
{
	bool asked = d->backend == &backend_ublk;

	if (!ublk_may_oops() || (!asked && !sysfile_exists("/sys/module/ublk_drv")))
		return;
	found(f, VERDICT_WARNING,
	      "this kernel (Linux 6.12) oopses when the server of a device in use is killed");
	fix(f, "boot a newer kernel; or never kill the server, and take the risk with "
	       "-o ublk.may-oops=yes");
}

static void look_disk(const struct doctor *d, struct finding *f)
{
	struct statvfs st;
	char left[16];
	uint64_t bytes;

	if (doctor_captured())
		return;
	if (statvfs(d->dir, &st) != 0) {
		found(f, VERDICT_PROBLEM, "%s: %s", d->dir, strerror(errno));
		fix(f, "mkdir -p %s, or name another database with --db", d->dir);
		return;
	}
	bytes = (uint64_t)st.f_bavail * st.f_frsize;
	format_size(left, sizeof(left), bytes);
	if (access(d->dir, W_OK) != 0) {
		found(f, VERDICT_PROBLEM, "%s can't be written: %s", d->dir, strerror(errno));
		fix(f, "name another database with --db FILE");
	} else if (bytes < DISK_SCARCE) {
		found(f, VERDICT_WARNING, "%s are free in %s", left, d->dir);
		fix(f, doctor_in_lab() ? "give the guest more memory: --lab '--mem 6G'"
				       : "make room, or name a database elsewhere with --db FILE");
	} else {
		found(f, VERDICT_OK, "%s are free in %s", left, d->dir);
	}
}

const struct check doctor_device_checks[] = {
	{ .name = "rdma",
	  .why = "the remote pool is read through it; CPUs on another node than the NIC's pay for "
		 "each page",
	  .concerns = CONCERN_RDMA,
	  .look = look_rdma },
	{ .name = "iommu",
	  .why = "each page that the NIC reads or writes is mapped for it and unmapped again",
	  .concerns = CONCERN_RDMA,
	  .look = look_iommu },
	{ .name = "ublk",
	  .why = "a ublk device lives as long as its server, a process that can be killed",
	  .concerns = CONCERN_FAR,
	  .look = look_ublk },
	{ .name = "disk",
	  .why = "samples of a long run take megabytes, and a full disk ends it",
	  .look = look_disk },
	{ .name = NULL },
};
