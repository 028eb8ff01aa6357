// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory tiers: which nodes are fast and which slow, how the kernel knows, and what could be one more. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/tier_nodes.h"
#include "base/buf.h"
#include "base/opt.h"
#include "base/sysfile.h"
#include "harness/doctor/look.h"

#define NODES "/sys/devices/system/node"

static bool wanted(const struct doctor *d)
{
	return d->backend && d->backend->caps & CAP_TIER;
}

static void look_nodes(const struct doctor *d, struct finding *f)
{
	struct buf list = BUF_INIT;
	struct tiers t;

	tiers_read(&t);
	if (!wanted(d) && __builtin_popcountll(t.memory) < 2)
		return;
	for (unsigned int i = 0; i < MAX_NODES; i++) {
		char size[16];

		if (!(t.memory >> i & 1))
			continue;
		format_size(size, sizeof(size), nodes_bytes(1ull << i));
		buf_addf(&list, "%snode %u: %s, %s", list.len ? "; " : "", i, size,
			 t.cpus >> i & 1 ? "CPUs" : "no CPU");
	}
	if (__builtin_popcountll(t.memory) > 1) {
		found(f, VERDICT_OK, "%s", list.data);
	} else {
		found(f, VERDICT_PROBLEM, "%s: nothing beside it can be slow",
		      list.len ? list.data : "one node");
		fix(f, "bring up CXL or other device memory as a node (checks dax and cxl); or use "
		       "--in-lab --lab '--kernel 7.3 --tiers 1G,2G'");
	}
	buf_release(&list);
}

static void describe_tiers(const struct tiers *t, struct buf *text)
{
	for (size_t i = 0; i < t->nr; i++) {
		buf_addf(text, "%snode ", i ? "; " : "");
		nodes_format(t->rows[i].nodes, text);
		buf_addf(text, " in tier %u", t->rows[i].rank);
	}
}

/* The first thing that goes wrong with tiers: the kernel has all nodes in one, and demotes nothing. */
static void explain_one_tier(const struct doctor *d, const struct tiers *t, const char *text,
			     struct finding *f)
{
	bool bare = t->memory & ~t->cpus; /* a node without CPUs: CXL memory, as a rule */

	if (!bare && !wanted(d)) {
		found(f, VERDICT_OK, "one, as nodes with CPUs are: %s", text);
	} else if (!bare) {
		found(f, VERDICT_WARNING, "all nodes have CPUs and are in one tier: %s", text);
		fix(f, "take a remote node in the place of CXL memory: -o tier.nodes=0:1 -o "
		       "tier.method=bind");
	} else {
		found(f, VERDICT_WARNING,
		      "all nodes are in one tier, one without CPUs, too (%s): nothing is demoted",
		      text);
		fix(f, "%s; until then -o tier.method=bind",
		    doctor_kernel(NULL) < 6007
			    ? "boot Linux 6.7 or later, which ranks nodes by the firmware's HMAT"
			    : "the firmware must tell the node's latency (HMAT: BIOS set-up, dmesg | "
			      "grep -i hmat), or the memory must come by dax/kmem: daxctl "
			      "reconfigure-device --mode=system-ram");
	}
}

static void look_tiers(const struct doctor *d, struct finding *f)
{
	struct buf text = BUF_INIT;
	struct tiers t;

	tiers_read(&t);
	if (__builtin_popcountll(t.memory) < 2)
		return;
	describe_tiers(&t, &text);
	if (t.nr > 1) {
		found(f, VERDICT_OK, "%s", text.data);
	} else if (t.nr == 1) {
		explain_one_tier(d, &t, text.data, f);
	} else {
		found(f, wanted(d) ? VERDICT_PROBLEM : VERDICT_OK,
		      "this kernel has none (Linux 6.1 brings them)");
		fix(f, "boot Linux 6.7 or later; or use --in-lab --lab '--kernel 7.3 --tiers "
		       "1G,2G'");
	}
	buf_release(&text);
}

static bool told(unsigned int node, const char *what, uint64_t *ret)
{
	char path[96];

	snprintf(path, sizeof(path), NODES "/node%u/access0/initiators/read_%s", node, what);
	return sysfile_read_u64(path, ret) == 0 && *ret;
}

static void look_hmat(const struct doctor *d, struct finding *f)
{
	struct buf text = BUF_INIT;
	struct tiers t;

	(void)d;
	tiers_read(&t);
	for (unsigned int i = 0; i < MAX_NODES; i++) {
		uint64_t ns, mb;

		if (t.memory >> i & 1 && told(i, "latency", &ns) && told(i, "bandwidth", &mb))
			buf_addf(&text, "%snode %u: %" PRIu64 " ns, %" PRIu64 " MB/s",
				 text.len ? "; " : "", i, ns, mb);
	}
	if (text.len)
		found(f, VERDICT_OK, "%s", text.data);
	else if (t.memory & ~t.cpus)
		found(f, VERDICT_WARNING, "the firmware tells no node's latency");
	if (f->verdict == VERDICT_WARNING)
		fix(f, "turn HMAT on in the BIOS set-up (dmesg | grep -i hmat); fmbench micro "
		       "tier_latency measures what it would say");
	buf_release(&text);
}

/* A device's memory in the hands of a program (device_dax) and not of the kernel (kmem). */
static void note_dax(const char *path, void *arg)
{
	struct buf *list = arg;

	buf_addf(list, "%s%s", list->len ? " " : "", strrchr(path, '/') + 1);
}

static void look_dax(const struct doctor *d, struct finding *f)
{
	struct buf held = BUF_INIT, given = BUF_INIT;

	(void)d;
	doctor_each_file("/sys/bus/dax/drivers/device_dax/dax[0-9]*", note_dax, &held);
	doctor_each_file("/sys/bus/dax/drivers/kmem/dax[0-9]*", note_dax, &given);
	if (held.len) {
		found(f, VERDICT_WARNING, "%s is device memory that the kernel does not use",
		      held.data);
		fix(f, "daxctl reconfigure-device --mode=system-ram %s (package daxctl)",
		    held.data);
	} else if (given.len) {
		found(f, VERDICT_OK, "device memory is the kernel's");
	}
	buf_release(&held);
	buf_release(&given);
}

static void count(const char *path, void *arg)
{
	(void)path;
	++*(size_t *)arg;
}

static void look_cxl(const struct doctor *d, struct finding *f)
{
	size_t devices = 0, regions = 0;

	(void)d;
	doctor_each_file("/sys/bus/cxl/devices/mem[0-9]*", count, &devices);
	doctor_each_file("/sys/bus/cxl/devices/region[0-9]*", count, &regions);
	if (!devices)
		return;
	found(f, regions ? VERDICT_OK : VERDICT_WARNING, "%zu memory device%s, %zu region%s",
	      devices, devices == 1 ? "" : "s", regions, regions == 1 ? "" : "s");
	if (!regions)
		fix(f, "cxl create-region -t ram -d decoder0.0 mem0 (package cxl), or let the BIOS "
		       "map it");
}

const struct check doctor_tier_checks[] = {
	{ .name = "nodes",
	  .why = "far memory of backend tier is a node that is slower than the program's own",
	  .concerns = CONCERN_TIER,
	  .look = look_nodes },
	{ .name = "tiers",
	  .why = "the kernel demotes pages from one tier to the next, and never within one",
	  .concerns = CONCERN_TIER,
	  .look = look_tiers },
	{ .name = "hmat",
	  .why = "the firmware's table of each node's latency and bandwidth: by it the kernel "
		 "ranks nodes",
	  .concerns = CONCERN_TIER,
	  .look = look_hmat },
	{ .name = "dax",
	  .why = "CXL and persistent memory come as a device first, and are no node until they are "
		 "given to the kernel",
	  .concerns = CONCERN_TIER,
	  .look = look_dax },
	{ .name = "cxl",
	  .why = "a CXL device's memory has addresses once it is in a region",
	  .concerns = CONCERN_TIER,
	  .look = look_cxl },
	{ .name = NULL },
};
