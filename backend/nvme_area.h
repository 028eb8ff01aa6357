/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the backends of NVMe over fabrics share: a target on this machine, or one that the user names,
 * a controller of this host connected to it, its first namespace as the swap area.
 *
 * Connecting is one line written into /dev/nvme-fabrics (drivers/nvme/host/fabrics.c); a connection is
 * told from others by its host NQN, which is fresh. A lost target: requests wait until the link is back, or
 * fail after io-fail (fast_io_fail_tmo), so that programs end and swapoff works; the disk itself goes
 * only after ctrl-loss, which by default never comes.
 */
#ifndef BACKEND_NVME_AREA_H
#define BACKEND_NVME_AREA_H

#include "backend/device.h"

/* The first member of such a backend's parameters; loop has the first three. */
struct nvme_params {
	struct device_params device;
	uint64_t latency_ns, queues, io_fail_ns;
	char *target;
	uint64_t ctrl_loss_ns, reconnect_ns, keep_alive_ns;
};

/* clang-format off: one option a line */
#define NVME_OPTS(S)                                                                               \
	OPT_DURATION("latency", S, latency_ns, "0", 0, 1e9,                                        \
		     "of the target's memory, on top of the way there; for a target made here"),   \
		OPT_U64("queues", S, queues, "0", 0, 1024,                                         \
			"I/O queues; 0: one a CPU, or as many as the target grants"),              \
		OPT_DURATION("io-fail", S, io_fail_ns, "8s", 1e9, 600e9,                           \
			     "fail what waits for a lost target after so long (fast_io_fail_tmo)")
#define NVME_FABRIC_OPTS(S)                                                                               \
	OPT_STRING(                                                                                       \
		"target", S, target, NULL,                                                                \
		"ADDRESS:PORT,nqn=NQN[,nsid=N][,hostnqn=NQN]: somebody else's; unset: one is made here"), \
		OPT_DURATION(                                                                             \
			"ctrl-loss", S, ctrl_loss_ns, "never", 1e9, 86400e9,                              \
			"remove the disk of a lost target after so long (ctrl_loss_tmo): its swap "       \
			"entry then stays until a reboot",                                                \
			.word = "never"),                                                                 \
		OPT_DURATION("reconnect", S, reconnect_ns, "1s", 1e9, 600e9,                              \
			     "between attempts to reach a lost target (reconnect_delay)"),                \
		OPT_DURATION("keep-alive", S, keep_alive_ns, "5s", 1e9, 600e9,                            \
			     "a target that is silent for so long is lost (keep_alive_tmo)")
/* clang-format on */

/* The transport's name and its modules, host's and target's, in the order of loading. */
struct nvme_transport {
	const char *name, *backend;
	const char *const *host_modules, *const *target_modules;
	/* Where a target made here listens. NULL: nowhere (loop). */
	int (*local_address)(char *address, size_t size, struct err *err);
};

int nvme_check(const struct nvme_transport *t, const struct nvme_params *p, struct err *err);
int nvme_up(const struct nvme_transport *t, const struct nvme_params *p, struct backend_ctx *ctx,
	    struct journal *j, struct err *err);

/* Hooks of struct backend. */
void nvme_facts(const struct backend_ctx *ctx, struct facts *facts);
int nvme_health(struct backend_ctx *ctx, struct err *err);
void nvme_release(struct backend_ctx *ctx);

/* Journal kind "nvme HOSTNQN NQN": end the connections of that host to that subsystem. */
int nvme_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

#endif
