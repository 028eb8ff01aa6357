// SPDX-License-Identifier: GPL-2.0-or-later
/* Who runs where, on machines that hwloc makes up. */
#include "tests/unit/test.h"

#include <hwloc.h>

#include "harness/run/placement.h"

#define ONE_SOCKET "pack:1 [numa] core:8 pu:1"
#define FOUR_CORES "pack:1 [numa] core:4 pu:1"
/* As Linux numbers them: CPU 8 is the sibling of CPU 0. CPUs 4 to 7 are the second socket's. */
#define TWO_SOCKETS "pack:2 [numa] core:4 pu:2(indexes=0,8,1,9,2,10,3,11,4,12,5,13,6,14,7,15)"
#define TWO_CPUS    "pack:1 [numa] core:2 pu:1"
#define ONE_CORE    "pack:1 [numa] core:1 pu:2"
#define NO_CORES    "[numa] pu:4" /* as some virtual machines: CPUs, and nothing about them */
#define MAX_JOBS    8

static const struct placement_wish anything = { .reclaim_cpu = "auto", .mem_node = -1 };
static const struct placement_wish with_client = { .reclaim_cpu = "auto",
						   .mem_node = -1,
						   .needs_client = true };

static struct placement p[MAX_JOBS];
static struct err err;

static int choose(const char *machine, const struct placement_wish *wish, size_t nr_jobs)
{
	hwloc_topology_t topology;
	int rc;

	assert_int_equal(hwloc_topology_init(&topology), 0);
	assert_int_equal(hwloc_topology_set_synthetic(topology, machine), 0);
	assert_int_equal(hwloc_topology_load(topology), 0);
	memset(&err, 0, sizeof(err));
	memset(p, 0xa5, sizeof(p)); /* what it does not fill is seen */
	rc = placement_choose_on(topology, wish, p, nr_jobs, &err);
	hwloc_topology_destroy(topology);
	return rc;
}

static void expect_set(const char *what, const cpu_set_t *cpus, const char *list)
{
	struct facts facts;
	struct placement one = { .workload = *cpus };
	const char *text;

	facts_init(&facts);
	placement_facts(&one, "set", &facts);
	text = facts_get(&facts, "set.workload_cpus");
	if (strcmp(text, list) != 0)
		fail_msg("%s: CPUs %s, not %s", what, text, list);
	facts_release(&facts);
}

/* The one job of a run. */
static void expect(const char *machine, const struct placement_wish *wish, const char *workload,
		   const char *client, int sampler, int reclaim, const char *shared)
{
	if (choose(machine, wish, 1) != 0)
		fail_msg("%s", err.msg);
	expect_set("workload", &p[0].workload, workload);
	expect_set("client", &p[0].client, client);
	assert_int_equal(p[0].sampler_cpu, sampler);
	assert_int_equal(p[0].reclaim_cpu, reclaim);
	assert_int_equal(p[0].mem_node, wish->mem_node);
	assert_string_equal(p[0].shared, shared);
}

static void refused(const struct placement_wish *wish, const char *words)
{
	int rc = choose(FOUR_CORES, wish, 1);

	if (rc != -EINVAL || err.kind != ERR_USAGE || !strstr(err.msg, words))
		fail_msg("%d, '%s', not '%s'", rc, err.msg, words);
}

static void one_socket(void **state)
{
	(void)state;
	expect(ONE_SOCKET, &with_client, "0-2", "3-5", 6, 7, "");
	expect(ONE_SOCKET, &anything, "0-5", "7", 6, 7, "");
	expect(FOUR_CORES, &with_client, "0", "1", 2, 3, "");
	assert_false(p[0].reclaim_shared);
}

/* The workload stays on one node, and hardware threads beside it are idle. */
static void two_sockets(void **state)
{
	struct placement_wish wish = with_client;

	(void)state;
	expect(TWO_SOCKETS, &with_client, "0-3", "4-5", 6, 7, "");
	wish.mem_node = 0;
	expect(TWO_SOCKETS, &wish, "0-1", "4-7", 2, 3, "");
	wish.mem_node = 1;
	expect(TWO_SOCKETS, &wish, "4-5", "0-3", 6, 7, "");
}

static void few_cpus(void **state)
{
	(void)state;
	expect(TWO_CPUS, &anything, "0", "1", 1, 1, "");
	expect(TWO_CPUS, &with_client, "0", "1", 1, 1, "load generator and sampler or reclaim CPU");
	expect(ONE_CORE, &anything, "0", "0", 0, CPU_NONE, "workload and sampler or reclaim CPU");
	expect(ONE_CORE, &with_client, "0", "0", 0, CPU_NONE, "workload and load generator");
	expect(NO_CORES, &with_client, "0", "1", 2, 3, "");
}

static void wished_cpus(void **state)
{
	struct placement_wish wish = with_client;

	(void)state;
	wish.cpus = "4-5,12";
	expect(TWO_SOCKETS, &wish, "4-5,12", "0-3", 6, 7, "");
	/* What is left for the load generator is the reclaim CPU. */
	wish.cpus = "0-1";
	expect(FOUR_CORES, &wish, "0-1", "3", 2, 3, "load generator and sampler or reclaim CPU");
	wish.cpus = "3";
	expect(FOUR_CORES, &wish, "3", "0-1", 2, 3, "workload and sampler or reclaim CPU");
	assert_true(p[0].reclaim_shared);
	wish.cpus = "2";
	expect(FOUR_CORES, &wish, "2", "0-1", 2, 3, "workload and sampler or reclaim CPU");
	assert_false(p[0].reclaim_shared);
	assert_string_equal(p[0].siblings, "");
	wish.cpus = NULL;
	wish.client_cpus = "8";
	expect(TWO_SOCKETS, &wish, "0-3", "8", 6, 7, "");
	assert_string_equal(p[0].siblings, "workload and load generator (CPUs 0 and 8)");
	wish.client_cpus = "15";
	expect(TWO_SOCKETS, &wish, "0-3", "15", 6, 7, "");
	assert_string_equal(p[0].siblings, "load generator and reclaim CPU (CPUs 15 and 7)");
	wish.needs_client = false; /* none runs */
	expect(TWO_SOCKETS, &wish, "0-3", "15", 6, 7, "");
	assert_string_equal(p[0].siblings, "");
	wish.needs_client = true;
	wish.cpus = "0,8"; /* threads of one role */
	wish.client_cpus = NULL;
	expect(TWO_SOCKETS, &wish, "0,8", "1-5", 6, 7, "");
	assert_string_equal(p[0].siblings, "");
	wish.cpus = "0-2";
	wish.client_cpus = "0,2-3";
	expect(FOUR_CORES, &wish, "0-2", "0,2-3", 2, 3, "workload and load generator");
}

static void wished_reclaim_cpu(void **state)
{
	struct placement_wish wish = anything;

	(void)state;
	wish.reclaim_cpu = "1";
	expect(FOUR_CORES, &wish, "0,2", "1", 3, 1, "");
	wish.reclaim_cpu = "none";
	expect(FOUR_CORES, &wish, "0-2", "3", 3, CPU_NONE, "");
	assert_false(p[0].reclaim_shared);
	wish.reclaim_cpu = "0";
	expect(TWO_CPUS, &wish, "1", "0", 1, 0, "workload and sampler or reclaim CPU");
}

static void refusals(void **state)
{
	static const char *const lists[] = { "-", "x", "0-", "0 1", "0x1", "1,x" };
	struct placement_wish wish = anything;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		wish.cpus = lists[i];
		refused(&wish, "is not a list of CPUs such as 0-3,6");
	}
	wish.cpus = "";
	refused(&wish, "is empty");
	wish.cpus = "0,";
	refused(&wish, "after the last comma");
	wish.cpus = "0,4";
	refused(&wish, "--cpus: this process may not use CPU 4");
	wish.cpus = "0-100000";
	refused(&wish, "--cpus: this process may not use CPU 4");
	wish.cpus = NULL;
	wish.client_cpus = "4";
	refused(&wish, "--client-cpus: this process may not use CPU 4");
	wish.client_cpus = NULL;
	wish.reclaim_cpu = "4";
	refused(&wish, "--reclaim-cpu: this process may not use CPU 4");
	wish.reclaim_cpu = "0-1";
	refused(&wish, "--reclaim-cpu '0-1' is neither");
}

/* Each has CPUs of its own, neighbours, and all that there are; the other roles are shared. */
static void jobs_are_apart(void **state)
{
	cpu_set_t all;

	(void)state;
	assert_int_equal(choose(ONE_SOCKET, &with_client, 3), 0);
	for (size_t i = 0; i < 3; i++) {
		char cpu[8];

		snprintf(cpu, sizeof(cpu), "%zu", i);
		expect_set("workload", &p[i].workload, cpu);
		expect_set("client", &p[i].client, "3-5");
		assert_int_equal(p[i].sampler_cpu, 6);
		assert_int_equal(p[i].reclaim_cpu, 7);
		assert_string_equal(p[i].shared, "");
	}
	for (size_t nr = 1; nr <= 6; nr++) {
		int sum = 0;

		assert_int_equal(choose(ONE_SOCKET, &anything, nr), 0);
		CPU_ZERO(&all);
		for (size_t i = 0; i < nr; i++) {
			assert_true(CPU_COUNT(&p[i].workload) >= (int)(6 / nr));
			assert_string_equal(p[i].shared, "");
			sum += CPU_COUNT(&p[i].workload);
			CPU_OR(&all, &all, &p[i].workload);
		}
		assert_int_equal(sum, 6);
		expect_set("all jobs", &all, "0-5");
	}
}

static void more_jobs_than_cpus(void **state)
{
	static const char *const cpus[] = { "0", "1", "0" };

	(void)state;
	assert_int_equal(choose(FOUR_CORES, &anything, 3), 0);
	for (size_t i = 0; i < 3; i++) {
		expect_set("workload", &p[i].workload, cpus[i]);
		assert_string_equal(p[i].shared, "3 jobs");
	}
}

/* Only the job that got the reclaim CPU is blamed for it. */
static void one_job_shares(void **state)
{
	struct placement_wish wish = anything;

	(void)state;
	wish.cpus = "0,3";
	assert_int_equal(choose(FOUR_CORES, &wish, 2), 0);
	assert_false(p[0].reclaim_shared);
	assert_string_equal(p[0].shared, "");
	assert_true(p[1].reclaim_shared);
	assert_string_equal(p[1].shared, "workload and sampler or reclaim CPU");
}

/* --- the network card's node ------------------------------------------------------------------- */

static const char nic[] =
	"<object type=\"Bridge\" gp_index=\"100\" bridge_type=\"0-1\" depth=\"0\" "
	"bridge_pci=\"0000:[00-01]\"><object type=\"PCIDev\" gp_index=\"101\" pci_busid=\"0000:01:00.0\" "
	"pci_type=\"0207 [15b3:1017] [15b3:0000] 00\" pci_link_speed=\"0\">"
	"<object type=\"OSDev\" gp_index=\"102\" name=\"mlx5_0\" osdev_type=\"3\"/></object></object>";

/* The machine's XML with an RDMA device at the end of its first package. */
static char *with_nic(const char *machine)
{
	struct buf b = BUF_INIT;
	hwloc_topology_t topology;
	char *xml, *second;
	int len;

	hwloc_topology_init(&topology);
	hwloc_topology_set_synthetic(topology, machine);
	hwloc_topology_load(topology);
	assert_int_equal(hwloc_topology_export_xmlbuffer(topology, &xml, &len, 0), 0);
	second = strstr(strstr(xml, "\"Package\"") + 1, "\"Package\"");
	while (strncmp(second, "</object>", 9) != 0)
		second--;
	buf_addf(&b, "%.*s%s%s", (int)(second - xml), xml, nic, second);
	hwloc_free_xmlbuffer(topology, xml);
	hwloc_topology_destroy(topology);
	return b.data;
}

/* Reclaim and sampler go to its node, and so does the workload. */
static void near_the_nic(void **state)
{
	char *xml = with_nic(TWO_SOCKETS);
	hwloc_topology_t topology;

	(void)state;
	hwloc_topology_init(&topology);
	hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
	assert_int_equal(hwloc_topology_set_xmlbuffer(topology, xml, (int)strlen(xml) + 1), 0);
	assert_int_equal(hwloc_topology_load(topology), 0);
	assert_int_equal(placement_choose_on(topology, &with_client, p, 1, &err), 0);
	expect_set("workload", &p[0].workload, "0-1");
	expect_set("client", &p[0].client, "4-7");
	assert_int_equal(p[0].sampler_cpu, 2);
	assert_int_equal(p[0].reclaim_cpu, 3);
	assert_int_equal(p[0].mem_node, -1);
	hwloc_topology_destroy(topology);
	free(xml);
}

static void facts_of_a_placement(void **state)
{
	struct placement_wish wish = with_client;
	struct facts facts;

	(void)state;
	wish.mem_node = 1;
	assert_int_equal(choose(TWO_SOCKETS, &wish, 1), 0);
	facts_init(&facts);
	placement_facts(&p[0], "job.1", &facts);
	assert_string_equal(facts_get(&facts, "job.1.workload_cpus"), "4-5");
	assert_string_equal(facts_get(&facts, "job.1.client_cpus"), "0-3");
	assert_string_equal(facts_get(&facts, "placement.sampler_cpu"), "6");
	assert_string_equal(facts_get(&facts, "placement.reclaim_cpu"), "7");
	assert_string_equal(facts_get(&facts, "placement.mem_node"), "1");
	facts_release(&facts);

	wish = anything;
	wish.reclaim_cpu = "none";
	assert_int_equal(choose(TWO_SOCKETS, &wish, 1), 0);
	facts_init(&facts);
	placement_facts(&p[0], "job.1", &facts);
	assert_string_equal(facts_get(&facts, "placement.reclaim_cpu"), "none");
	assert_null(facts_get(&facts, "placement.mem_node"));
	facts_release(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_socket),
		cmocka_unit_test(two_sockets),
		cmocka_unit_test(few_cpus),
		cmocka_unit_test(wished_cpus),
		cmocka_unit_test(wished_reclaim_cpu),
		cmocka_unit_test(refusals),
		cmocka_unit_test(jobs_are_apart),
		cmocka_unit_test(more_jobs_than_cpus),
		cmocka_unit_test(one_job_shares),
		cmocka_unit_test(near_the_nic),
		cmocka_unit_test(facts_of_a_placement),
	};

	return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
