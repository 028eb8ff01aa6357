// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nvme_area.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/nvme_target.h"
#include "backend/ramdisk.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/sysfile.h"

#define CLASS		"/sys/class/nvme"
#define FABRICS		"/dev/nvme-fabrics"
#define UUID_NQN	"nqn.2014-08.org.nvmexpress:uuid:"
#define NQN_SIZE	224 /* NVMF_NQN_SIZE */
#define SCAN_NS		(5 * NSEC_PER_SEC)
#define HEALTH_SLACK_NS (2 * NSEC_PER_SEC) /* health is asked once a second */

struct nvme {
	const struct nvme_transport *transport;
	bool is_local;
	char address[64];
	unsigned int port, nsid;
	char nqn[NQN_SIZE], hostnqn[NQN_SIZE], hostid[SWAP_UUID_SIZE];
	char controller[32];	       /* "nvme1" */
	char medium[DEVICE_PATH_SIZE]; /* under a target made here */
	uint64_t not_live_ns;	       /* since when; 0: it is live */
};

/* --- target=… ------------------------------------------------------------------------------- */

static int bad_target(const struct nvme_transport *t, const char *target, struct err *err)
{
	return err_usage(
		err,
		"backend %s: target '%s' is not ADDRESS:PORT,nqn=NQN[,nsid=N][,hostnqn=NQN], "
		"such as 10.0.0.2:4420,nqn=far",
		t->backend, target);
}

static bool take_address(struct nvme *n, const char *word)
{
	const char *colon = strrchr(word, ':');
	struct in_addr ignored;
	uint64_t port;

	if (!colon || parse_u64(colon + 1, &port) != 0 || port == 0 || port > 65535)
		return false;
	n->port = (unsigned int)port;
	snprintf(n->address, sizeof(n->address), "%.*s", (int)(colon - word), word);
	return inet_pton(AF_INET, n->address, &ignored) == 1;
}

static bool take_word(struct nvme *n, const char *word)
{
	const char *value = strchr(word, '=');
	size_t len = value ? (size_t)(value++ - word) : 0;
	uint64_t nsid;

	if (!value || !*value || strlen(value) >= NQN_SIZE)
		return false;
	if (len == 3 && strncmp(word, "nqn", len) == 0) {
		snprintf(n->nqn, sizeof(n->nqn), "%s", value);
	} else if (len == 7 && strncmp(word, "hostnqn", len) == 0) {
		snprintf(n->hostnqn, sizeof(n->hostnqn), "%s", value);
	} else if (len == 4 && strncmp(word, "nsid", len) == 0) {
		if (parse_u64(value, &nsid) != 0 || nsid == 0 || nsid > UINT32_MAX)
			return false;
		n->nsid = (unsigned int)nsid;
	} else {
		return false;
	}
	return true;
}

static int parse_target(struct nvme *n, const char *target, struct err *err)
{
	char *copy = xstrdup(target), *rest = copy, *word = strsep(&rest, ",");
	bool good = take_address(n, word);

	while (good && (word = strsep(&rest, ",")))
		good = take_word(n, word);
	free(copy);
	return good && n->nqn[0] ? 0 : bad_target(n->transport, target, err);
}

/* The host's id goes with its NQN: the kernel refuses one NQN with two ids. */
static int choose_host(struct nvme *n, struct err *err)
{
	int rc = swap_uuid(n->hostid, err);

	if (rc)
		return rc;
	if (!n->hostnqn[0])
		snprintf(n->hostnqn, sizeof(n->hostnqn), UUID_NQN "%s", n->hostid);
	else if (strncmp(n->hostnqn, UUID_NQN, strlen(UUID_NQN)) == 0)
		snprintf(n->hostid, sizeof(n->hostid), "%.36s", n->hostnqn + strlen(UUID_NQN));
	return 0;
}

int nvme_check(const struct nvme_transport *t, const struct nvme_params *p, struct err *err)
{
	struct nvme n = { .transport = t };
	int rc = p->target ? parse_target(&n, p->target, err) : 0;

	if (!rc && p->target && (p->latency_ns || p->device.size_bytes))
		rc = err_usage(err,
			       "backend %s: size and latency are of a target made here; that of "
			       "target= has its own",
			       t->backend);
	if (!rc)
		rc = device_check(&p->device, t->backend, t->host_modules, err);
	if (rc || p->target)
		return rc;
	rc = device_check(&p->device, t->backend, t->target_modules, err);
	if (!rc)
		rc = device_check(&p->device, t->backend, ramdisk_modules, err);
	if (!rc && t->local_address)
		rc = t->local_address(n.address, sizeof(n.address), err);
	return rc;
}

/* --- controllers ---------------------------------------------------------------------------- */

static bool attr_is(const char *controller, const char *name, const char *value)
{
	char path[PATH_MAX], line[NQN_SIZE + 8];

	snprintf(path, sizeof(path), CLASS "/%.64s/%s", controller, name);
	return sysfile_read_line(path, line, sizeof(line)) == 0 && strcmp(line, value) == 0;
}

/* The next controller of that host and subsystem, from *dir on; NULL: no more. */
static const char *next_controller(DIR *dir, const char *hostnqn, const char *nqn)
{
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && attr_is(entry->d_name, "hostnqn", hostnqn) &&
		    attr_is(entry->d_name, "subsysnqn", nqn))
			return entry->d_name;
	}
	return NULL;
}

static DIR *open_class(void)
{
	char root[PATH_MAX];

	return sysfile_path(root, sizeof(root), CLASS) == 0 ? opendir(root) : NULL;
}

int nvme_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	DIR *dir = open_class();
	const char *name;
	char path[PATH_MAX];
	int rc = 0;

	while (!rc && (name = next_controller(dir, args[0], args[1]))) {
		snprintf(path, sizeof(path), CLASS "/%.64s/delete_controller", name);
		rc = sysfile_write(path, "1", err);
	}
	if (dir)
		closedir(dir);
	return rc;
}

static bool is_connected(const struct nvme *n)
{
	DIR *dir = open_class();
	bool found = next_controller(dir, n->hostnqn, n->nqn);

	if (dir)
		closedir(dir);
	return found;
}

static void describe_connection(const struct nvme *n, const struct nvme_params *p, struct buf *b)
{
	buf_addf(b, "transport=%s,nqn=%s,hostnqn=%s,hostid=%s,fast_io_fail_tmo=%" PRIu64,
		 n->transport->name, n->nqn, n->hostnqn, n->hostid,
		 (uint64_t)(p->io_fail_ns / NSEC_PER_SEC));
	if (p->queues)
		buf_addf(b, ",nr_io_queues=%" PRIu64, p->queues);
	if (!n->address[0])
		return;
	buf_addf(b,
		 ",traddr=%s,trsvcid=%u,reconnect_delay=%" PRIu64 ",keep_alive_tmo=%" PRIu64
		 ",ctrl_loss_tmo=%" PRId64,
		 n->address, n->port, (uint64_t)(p->reconnect_ns / NSEC_PER_SEC),
		 (uint64_t)(p->keep_alive_ns / NSEC_PER_SEC),
		 p->ctrl_loss_ns == OPT_WORD ? -1 : (int64_t)(p->ctrl_loss_ns / NSEC_PER_SEC));
}

/* The file answers "instance=1,cntlid=1". */
static int write_connection(struct nvme *n, const char *line, struct err *err)
{
	char answer[64] = "";
	int instance, fd = open(FABRICS, O_RDWR | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return err_failed(err, errno, "%s", FABRICS);
	if (write(fd, line, strlen(line)) < 0)
		rc = err_failed(
			err, errno,
			"connecting to NVMe subsystem %s (dmesg says more; written to %s was "
			"'%s')",
			n->nqn, FABRICS, line);
	else if (read(fd, answer, sizeof(answer) - 1) < 0 ||
		 sscanf(answer, "instance=%d", &instance) != 1)
		rc = err_failed(err, 0, "%s answers '%s', which names no instance", FABRICS,
				answer);
	else
		snprintf(n->controller, sizeof(n->controller), "nvme%d", instance);
	close(fd);
	return rc;
}

static int connect_target(struct nvme *n, const struct nvme_params *p, struct journal *j,
			  struct err *err)
{
	struct buf line = BUF_INIT;
	int rc;

	if (is_connected(n))
		return err_failed(
			err, EALREADY,
			"this host is connected to %s as %s; leave out hostnqn=, or end that "
			"(nvme disconnect -n %s)",
			n->nqn, n->hostnqn, n->nqn);
	rc = journal_add(j, err, "nvme", n->hostnqn, n->nqn, NULL);
	if (rc < 0)
		return rc;
	describe_connection(n, p, &line);
	rc = write_connection(n, line.data, err);
	buf_release(&line);
	return rc;
}

/* Under the controller stands nvme1n1, or nvme0c1n1 of the head nvme0n1 (native multipath). */
static bool disk_of(const char *name, const struct nvme *n, char *path)
{
	unsigned int subsystem, controller, number;

	if (sscanf(name, "nvme%uc%un%u", &subsystem, &controller, &number) != 3 &&
	    sscanf(name, "nvme%un%u", &subsystem, &number) != 2)
		return false;
	if (n->nsid && number != n->nsid)
		return false;
	snprintf(path, DEVICE_PATH_SIZE, "/dev/nvme%un%u", subsystem, number);
	return true;
}

static bool find_disk(const struct nvme *n, char *path)
{
	char root[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(root, sizeof(root), CLASS "/%s", n->controller);
	dir = opendir(root);
	while (dir && !found && (entry = readdir(dir)))
		found = disk_of(entry->d_name, n, path);
	if (dir)
		closedir(dir);
	return found;
}

static int wait_for_disk(const struct nvme *n, char *path, struct err *err)
{
	uint64_t deadline = clock_ns() + SCAN_NS;

	while (!find_disk(n, path)) {
		if (clock_ns() > deadline)
			return err_failed(err, 0,
					  "%s is connected, but shows no namespace%s within 5 s",
					  n->nqn, n->nsid ? " of that number" : "");
		clock_sleep_until(clock_ns() + 2 * NSEC_PER_MSEC);
	}
	return device_wait(path, err);
}

/* --- up ------------------------------------------------------------------------------------- */

static int make_target(struct nvme *n, const struct nvme_params *p, uint64_t need_bytes,
		       struct journal *j, struct err *err)
{
	struct nvme_target target = { .transport = n->transport->name,
				      .nqn = n->nqn,
				      .device = n->medium };
	char uuid[SWAP_UUID_SIZE];
	uint64_t size_bytes;
	int rc = device_size(&p->device, need_bytes, &size_bytes, err);

	if (!rc)
		rc = swap_uuid(uuid, err);
	if (!rc && n->transport->local_address)
		rc = n->transport->local_address(n->address, sizeof(n->address), err);
	if (!rc && n->address[0])
		rc = nvme_target_port(n->address, &n->port, err);
	if (!rc)
		rc = ramdisk_make(j, size_bytes, p->latency_ns, n->medium, err);
	if (!rc)
		rc = device_wait(n->medium, err);
	if (rc)
		return rc;
	snprintf(n->nqn, sizeof(n->nqn), "fmbench-%s", uuid);
	target.address = n->address[0] ? n->address : NULL;
	target.port = n->port;
	return nvme_target_up(&target, j, err);
}

int nvme_up(const struct nvme_transport *t, const struct nvme_params *p, struct backend_ctx *ctx,
	    struct journal *j, struct err *err)
{
	struct nvme *n = xcalloc(1, sizeof(*n));
	char path[DEVICE_PATH_SIZE];
	int rc;

	ctx->state = n;
	n->transport = t;
	n->is_local = !p->target;
	/* Before a port asks for its transport: what the kernel loads by itself is in no journal. */
	rc = p->target ? 0 : device_load(t->target_modules, j, err);
	if (!rc)
		rc = device_load(t->host_modules, j, err);
	if (!rc)
		rc = p->target ? parse_target(n, p->target, err)
			       : make_target(n, p, ctx->need_bytes, j, err);
	if (!rc)
		rc = choose_host(n, err);
	if (!rc)
		rc = connect_target(n, p, j, err);
	if (!rc)
		rc = wait_for_disk(n, path, err);
	if (rc)
		return rc;
	return n->is_local ? device_swap_on(ctx, path, &p->device, j, err)
			   : device_lent_swap_on(ctx, path, p->target, p->device.priority, j, err);
}

/* --- in a run ------------------------------------------------------------------------------- */

static void fact_of(struct facts *facts, const struct nvme *n, const char *name, const char *attr)
{
	char path[PATH_MAX], line[256];

	snprintf(path, sizeof(path), CLASS "/%s/%s", n->controller, attr);
	if (sysfile_read_line(path, line, sizeof(line)) == 0)
		facts_set(facts, name, "%s", line);
}

void nvme_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	static const char *const attrs[][2] = {
		{ "nvme_state", "state" },
		{ "nvme_address", "address" },
		{ "nvme_queues", "queue_count" },
		{ "nvme_ctrl_loss_tmo", "ctrl_loss_tmo" },
		{ "nvme_reconnect_delay", "reconnect_delay" },
		{ "nvme_fast_io_fail_tmo", "fast_io_fail_tmo" },
		{ "nvme_keep_alive_tmo", "kato" },
	};
	const struct nvme_params *p = ctx->params;
	const struct nvme *n = ctx->state;

	swap_area_facts(ctx, facts);
	facts_set(facts, "nvme_transport", "%s", n->transport->name);
	facts_set(facts, "nvme_target", "%s",
		  n->is_local ? "this machine, in null_blk's memory" : p->target);
	facts_set(facts, "nvme_nqn", "%s", n->nqn);
	facts_set(facts, "nvme_hostnqn", "%s", n->hostnqn);
	facts_set(facts, "nvme_hostid", "%s", n->hostid);
	facts_set(facts, "nvme_controller", "%s", n->controller);
	if (n->is_local)
		facts_set(facts, "nvme_latency_ns", "%" PRIu64, p->latency_ns);
	for (size_t i = 0; i < sizeof(attrs) / sizeof(*attrs); i++)
		fact_of(facts, n, attrs[i][0], attrs[i][1]);
}

/* The link may come back: lost is the target once the kernel is about to fail what waits. */
int nvme_health(struct backend_ctx *ctx, struct err *err)
{
	const struct nvme_params *p = ctx->params;
	struct nvme *n = ctx->state;
	char path[PATH_MAX], state[64] = "gone";
	uint64_t patience_ns = p->io_fail_ns > 2 * HEALTH_SLACK_NS ? p->io_fail_ns - HEALTH_SLACK_NS
								   : p->io_fail_ns / 2;
	int rc = swap_area_health(ctx, err);

	if (rc)
		return rc;
	snprintf(path, sizeof(path), CLASS "/%s/state", n->controller);
	sysfile_read_line(path, state, sizeof(state));
	if (strcmp(state, "live") == 0) {
		n->not_live_ns = 0;
		return 0;
	}
	if (!n->not_live_ns)
		n->not_live_ns = clock_ns();
	rc = err_failed(err, 0, "the NVMe target %s is lost: %s is %s, not live (dmesg says more)",
			n->nqn, n->controller, state);
	return strcmp(state, "gone") != 0 && clock_ns() - n->not_live_ns < patience_ns ? 1 : rc;
}

void nvme_release(struct backend_ctx *ctx)
{
	free(ctx->state);
	ctx->state = NULL;
}
