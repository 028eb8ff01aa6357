// SPDX-License-Identifier: GPL-2.0
/* fastswap_rdma.ko: a pool in the memory that another machine's memserver lends, over RDMA. */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "rdma_grace.h"
#include "rdma_link.h"

static char none[] = "";

static char *sip = none;
module_param(sip, charp, 0444);
MODULE_PARM_DESC(sip, "the server's address");

static ushort sport = 50000;
module_param(sport, ushort, 0444);
MODULE_PARM_DESC(sport, "the server's port (default 50000)");

static char *cip = none;
module_param(cip, charp, 0444);
MODULE_PARM_DESC(cip, "this machine's address, where routing would take another NIC");

static uint nq;
module_param(nq, uint, 0444);
MODULE_PARM_DESC(nq, "queue pairs, a third each for loads, read-ahead and stores "
		 "(default: three per CPU, or as many as the server grants)");

static char *size = none;
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "bytes, with suffix K, M, G or T (default: all that the server has free)");

static char *token = none;
module_param(token, charp, 0); /* a secret: not in sysfs */
MODULE_PARM_DESC(token, "the server's access token");

static uint timeout_ms = 2000;
module_param(timeout_ms, uint, 0444);
MODULE_PARM_DESC(timeout_ms, "fail what the server has not answered for so long (default 2000);"
		 " a first connection has 5000 at least");

static uint spin_us = 50;
module_param(spin_us, uint, 0444);
MODULE_PARM_DESC(spin_us, "poll for an answer for so long before sleeping (default 50)");

static uint grace_ms;
module_param(grace_ms, uint, 0444);
MODULE_PARM_DESC(grace_ms, "let loads wait for a lost server for so long (default 0: they fail at once)");

static struct rdma_link link;
static struct dentry *debugfs_file;

static int rdma_store(struct pool *pool, pgoff_t slot, struct page *page)
{
	return fsw_request_wait(&link, QUEUE_STORE, OP_WRITE, slot, page);
}

static int rdma_load(struct pool *pool, pgoff_t slot, struct page *page)
{
	return fsw_grace_load(&link, slot, page);
}

static void rdma_load_async(struct pool *pool, pgoff_t slot, struct page *page,
			    pool_done_t done, void *ctx)
{
	const struct page_request as = { .op = OP_READ, .slot = slot, .page = page, .done = done,
				    .ctx = ctx };

	if (link.grace)
		fsw_grace_load_async(&link, slot, page, done, ctx);
	else
		fsw_request_start(&link, QUEUE_READAHEAD, &as);
}

static void rdma_store_async(struct pool *pool, pgoff_t slot, struct page *page,
			     pool_done_t done, void *ctx)
{
	const struct page_request as = { .op = OP_WRITE, .slot = slot, .page = page, .done = done,
				    .ctx = ctx };

	fsw_request_start(&link, QUEUE_STORE, &as);
}

/* The server needs no word of it: the slot's memory is lent either way. */
static void rdma_discard(struct pool *pool, pgoff_t slot)
{
}

static int rdma_health(struct pool *pool)
{
	return READ_ONCE(link.err);
}

static const struct pool_ops rdma_ops = {
	.owner = THIS_MODULE,
	.name = "rdma",
	.store = rdma_store,
	.load = rdma_load,
	.load_async = rdma_load_async,
	.store_async = rdma_store_async,
	.discard = rdma_discard,
	.health = rdma_health,
};

static struct pool rdma_pool = { .ops = &rdma_ops, .async_readahead = true };

static int counters_show(struct seq_file *file, void *unused)
{
	struct rdma_counters *counters = &link.counters;
	unsigned int i, in_flight = 0;

	for (i = 0; i < link.nr_queues; i++)
		in_flight += fsw_queue_in_flight(&link.queues[i]);
	seq_printf(file, "connected %d\n", !READ_ONCE(link.err));
	seq_printf(file, "grace_left_ms %u\n", fsw_grace_left_ms(&link));
	seq_printf(file, "queue_pairs %u\n", link.nr_queues);
	seq_printf(file, "in_flight %u\n", in_flight);
	seq_printf(file, "sleeps %lld\n", atomic64_read(&counters->sleeps));
	seq_printf(file, "errors %lld\n", atomic64_read(&counters->errors));
	seq_printf(file, "timeouts %lld\n", atomic64_read(&counters->timeouts));
	seq_printf(file, "losses %lld\n", atomic64_read(&counters->losses));
	seq_printf(file, "reconnects %lld\n", atomic64_read(&counters->reconnects));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static int read_address(const char *name, const char *text, const char *port,
			struct sockaddr_storage *ret_address)
{
	if (!inet_pton_with_scope(&init_net, AF_UNSPEC, text, port, ret_address))
		return 0;
	pr_err(RDMA_NAME ": %s=%s: give an IPv4 or IPv6 address\n", name, text);
	return -EINVAL;
}

static int read_addresses(void)
{
	char port[8];
	int err;

	snprintf(port, sizeof(port), "%u", sport);
	err = read_address("sip", sip, port, &link.server);
	if (err)
		return err;
	snprintf(link.server_name, sizeof(link.server_name), "%pISpc", &link.server);
	link.has_client = *cip;
	return link.has_client ? read_address("cip", cip, "0", &link.client) : 0;
}

static int read_demand(struct link_demand *demand)
{
	const unsigned int most = NR_QUEUE_KINDS * num_online_cpus();
	char *rest = none;

	*demand = (struct link_demand){
		.bytes_least = *size ? memparse(size, &rest) & PAGE_MASK : PAGE_SIZE,
		.nr_least = nq ?: NR_QUEUE_KINDS,
		.nr_most = nq ?: most,
		.token = token,
		.grace_ms = grace_ms,
	};
	demand->bytes_most = *size ? demand->bytes_least : GRANT_BYTES_MAX;
	if (*rest || !demand->bytes_least || demand->bytes_least > GRANT_BYTES_MAX) {
		pr_err(RDMA_NAME ": size=%s: give the pool's bytes, as in size=4G, up to 64T\n",
		       size);
		return -EINVAL;
	}
	if (nq % NR_QUEUE_KINDS || nq > most) {
		pr_err(RDMA_NAME ": nq=%u: give a multiple of %u up to %u, three per CPU\n", nq,
		       NR_QUEUE_KINDS, most);
		return -EINVAL;
	}
	if (strlen(token) > MEMSERVER_TOKEN_MAX) {
		pr_err(RDMA_NAME ": token: longer than %u characters\n", MEMSERVER_TOKEN_MAX);
		return -EINVAL;
	}
	if (timeout_ms < 100 || timeout_ms > 600000) {
		pr_err(RDMA_NAME ": timeout_ms=%u: give 100 to 600000\n", timeout_ms);
		return -EINVAL;
	}
	if (grace_ms > 600000) {
		pr_err(RDMA_NAME ": grace_ms=%u: give 0 to 600000\n", grace_ms);
		return -EINVAL;
	}
	return 0;
}

static void show_counters(void)
{
	struct dentry *dir = debugfs_lookup("fastswap", NULL);

	debugfs_file = debugfs_create_file("rdma", 0444, dir, NULL, &counters_fops);
	dput(dir);
}

static int __init rdma_init(void)
{
	struct link_demand demand;
	int err;

	err = read_addresses();
	if (!err)
		err = read_demand(&demand);
	if (err)
		return err;
	link.timeout_ms = timeout_ms;
	link.spin_ns = (u64)spin_us * NSEC_PER_USEC;
	err = fsw_link_open(&link, &demand);
	if (err)
		return err;
	rdma_pool.nr_pages = min(demand.bytes_most, link.bytes) >> PAGE_SHIFT;
	rdma_pool.node = ibdev_to_node(link.device);
	pr_info(RDMA_NAME ": %s lends %lu pages over %u queue pairs of %s\n", link.server_name,
		rdma_pool.nr_pages, link.nr_queues, link.device->name);
	err = fastswap_pool_register(&rdma_pool);
	if (err) {
		fsw_link_close(&link);
		return err;
	}
	show_counters();
	return 0;
}

static void __exit rdma_exit(void)
{
	debugfs_remove(debugfs_file);
	fastswap_pool_unregister(&rdma_pool);
	fsw_link_close(&link);
}

module_init(rdma_init);
module_exit(rdma_exit);

MODULE_DESCRIPTION("Fastswap pool in another machine's memory, over RDMA");
MODULE_LICENSE("GPL");
