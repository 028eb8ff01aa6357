// SPDX-License-Identifier: GPL-2.0-or-later
/* The doctor on captured trees, on made-up ones, and what --fix changes there. */
#include "backend/ublk.h"
#include "harness/doctor/doctor.h"
#include "harness/run/recover.h"
#include "tests/unit/tree.h"

#define CPU "/sys/devices/system/cpu"
#define THP "/sys/kernel/mm/transparent_hugepage"

static const struct check *check_named(const char *name)
{
	for (size_t g = 0; doctor_groups[g].title; g++) {
		for (const struct check *c = doctor_groups[g].checks; c->name; c++) {
			if (strcmp(c->name, name) == 0)
				return c;
		}
	}
	fail_msg("no check %s", name);
	return NULL;
}

static struct finding look_for(const struct backend *backend, const char *name)
{
	struct finding f;
	struct doctor d;

	doctor_init(&d, backend, NULL, "/tmp");
	doctor_check(&d, check_named(name), &f);
	return f;
}

/* A finding has that verdict, and says words or offers them as its fix. */
static void expect_for(const struct backend *backend, const char *name, enum verdict verdict,
		       const char *words)
{
	struct finding f = look_for(backend, name);

	if (f.verdict != verdict || (!strstr(f.found, words) && !strstr(f.fix, words)))
		fail_msg("%s in %s: %s '%s' (%s), not %s '%s'", name, sysfile_root(),
			 verdict_names[f.verdict], f.found, f.fix, verdict_names[verdict], words);
	if (f.verdict > VERDICT_OK && !f.fix[0])
		fail_msg("%s in %s: no fix for '%s'", name, sysfile_root(), f.found);
}

static void expect(const char *name, enum verdict verdict, const char *words)
{
	expect_for(NULL, name, verdict, words);
}

static void expect_holds(const char *path, const char *text)
{
	char line[128];

	assert_int_equal(sysfile_read_line(path, line, sizeof(line)), 0);
	assert_string_equal(line, text);
}

static void table_is_whole(void **state)
{
	(void)state;
	for (size_t g = 0; doctor_groups[g].title; g++) {
		for (const struct check *c = doctor_groups[g].checks; c->name; c++) {
			assert_non_null(c->look);
			assert_true(strlen(c->why) > 10);
			assert_true(strlen(c->name) <= 14); /* the column's width */
			assert_ptr_equal(check_named(c->name), c);
			for (size_t i = 0; i < DOCTOR_MAX_SETTINGS && c->settings[i].files; i++)
				assert_non_null(c->settings[i].to);
		}
	}
}

/* Every warning and problem of every captured machine says what to do. */
static void captured_trees_have_fixes(void **state)
{
	static const char *const trees[] = { "machine-lab-5.10", "machine-lab-6.1",
					     "machine-lab-6.12", "machine-vm-6.18" };
	struct doctor d;

	(void)state;
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		char tree[128];
		size_t nr = 0;

		snprintf(tree, sizeof(tree), FIXTURES "%s", trees[i]);
		sysfile_set_root(tree);
		doctor_init(&d, NULL, NULL, "/tmp");
		for (size_t g = 0; doctor_groups[g].title; g++) {
			for (const struct check *c = doctor_groups[g].checks; c->name; c++) {
				struct finding f;

				doctor_check(&d, c, &f);
				nr += f.verdict != VERDICT_NONE;
				if (f.verdict > VERDICT_OK && !f.fix[0])
					fail_msg("%s: %s: no fix", tree, c->name);
			}
		}
		assert_true(nr >= 30);
	}
}

static void lab_5_10(void **state)
{
	(void)state;
	sysfile_set_root(FIXTURES "machine-lab-5.10");
	expect("page-hook", VERDICT_OK, "frontswap-chain");
	expect("frontswap", VERDICT_OK, "in this kernel");
	expect("modules", VERDICT_OK, "can be loaded (8 are)");
	expect("cgroup", VERDICT_OK, "cgroup v2 (/sys/fs/cgroup)");
	expect("offload", VERDICT_WARNING, "before 5.19");
	expect("swap", VERDICT_OK, "no area");
	expect("thp", VERDICT_WARNING, "echo madvise");
	expect("mglru", VERDICT_OK, "not in this kernel");
	expect("clock", VERDICT_WARNING, "hpet");
	expect("memlock", VERDICT_OK, "no limit");
}

static void lab_6_1_rdma(void **state)
{
	(void)state;
	sysfile_set_root(FIXTURES "machine-lab-6.1");
	expect("page-hook", VERDICT_OK, "frontswap-pointer");
	expect("offload", VERDICT_OK, "memory.reclaim");
	expect("numa-balancing", VERDICT_WARNING, "2 nodes");
	expect("cores", VERDICT_OK, "4");
	expect("rdma", VERDICT_OK, "rxe0/1");
	expect("headers", VERDICT_WARNING, "linux-headers-6.1.0-");
}

static void lab_6_12(void **state)
{
	(void)state;
	sysfile_set_root(FIXTURES "machine-lab-6.12");
	expect("page-hook", VERDICT_OK, "zswap-ftrace");
	expect("frontswap", VERDICT_OK, "zswap-ftrace stands in");
	expect("mglru", VERDICT_OK, "on (0x0007)");
	expect("rdma", VERDICT_WARNING, "no device");
}

static void vm_6_18_v1(void **state)
{
	(void)state;
	sysfile_set_root(FIXTURES "machine-vm-6.18");
	expect("page-hook", VERDICT_OK, "zswap-ftrace");
	expect("frontswap", VERDICT_OK, "zswap-ftrace stands in");
	expect("modules", VERDICT_WARNING, "without loadable modules");
	expect("debugfs", VERDICT_WARNING, "mount -t debugfs");
	expect("cgroup", VERDICT_WARNING, "memory on cgroup v1 (/sys/fs/cgroup/memory)");
	expect("offload", VERDICT_WARNING, "cgroup v1");
	expect("swap", VERDICT_WARNING, "swapoff '/dev/zram1';"); /* the one that fills last */
	expect("machine", VERDICT_WARNING, "virtual");
	expect("cores", VERDICT_WARNING, "2:");
	expect("clock", VERDICT_OK, "invariant TSC");
	assert_int_equal(look_for(NULL, "headers").verdict, VERDICT_NONE); /* of no use there */
	assert_int_equal(look_for(NULL, "signatures").verdict, VERDICT_NONE);
}

/* The lab's answer counts for the kernel and the CPU that it was found on, as lab/boot.sh keeps it. */
static void kvm_by_the_labs_answer(void **state)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/kvm", (char *)*state);
	setenv("FMLAB_CACHE", *state, 1);
	sysfile_set_root(FIXTURES "machine-vm-6.18");
	expect("kvm", VERDICT_WARNING, "not tried");
	write_text(path, "6.18.44-fc-v595 AMD EPYC\nno\n");
	expect("kvm", VERDICT_WARNING, "a stock guest does not boot under KVM here");
	write_text(path, "6.18.44-fc-v595 AMD EPYC\nyes\n");
	expect("kvm", VERDICT_OK, "boots under KVM");
	write_text(path, "6.18.43-fc-v595 AMD EPYC\nyes\n");
	expect("kvm", VERDICT_WARNING, "not tried");
	unsetenv("FMLAB_CACHE");
	sysfile_set_root(FIXTURES "machine-lab-6.1");
	expect("kvm", VERDICT_WARNING, "no /dev/kvm");
}

static void put_kernel(unsigned int version)
{
	char release[64];

	snprintf(release, sizeof(release), "%u.%u.7-test\n", version / 1000, version % 1000);
	put("/proc/sys/kernel/osrelease", release);
}

/* The doctor's rows are those by which the module is built. */
static void hooks_as_kbuild_has_them(void **state)
{
	struct buf kbuild = BUF_INIT;
	unsigned int nr = 0;

	(void)state;
	sysfile_set_root("");
	assert_int_equal(sysfile_read("backend/fastswap/Kbuild", &kbuild), 0);
	sysfile_set_root(*state);
	put("/proc/kallsyms", "0 d frontswap_ops\n0 T register_kprobe\n0 T zswap_store\n"
			      "0 T zswap_load\n0 T zswap_swapon\n0 T zswap_swapoff\n");
	put("/proc/sys/kernel/ftrace_enabled", "1\n");
	for (const char *at = kbuild.data; (at = strstr(at, "$(call since,")); at++) {
		unsigned int since, before;
		char name[64];

		/* Other lines choose among files of one hook. */
		if (sscanf(at, "$(call since,%u,%u),y) hook := %63s", &since, &before, name) != 3)
			continue;
		for (char *c = name; *c; c++)
			*c = *c == '_' ? '-' : *c;
		put_kernel(since);
		expect("page-hook", VERDICT_OK, name);
		put_kernel(before - 1);
		expect("page-hook", VERDICT_OK, name);
		put_kernel(before);
		assert_null(strstr(look_for(NULL, "page-hook").found, name));
		nr++;
	}
	assert_true(nr >= 3);
	put_kernel(5009);
	expect("page-hook", VERDICT_WARNING, "none is known");
	buf_release(&kbuild);
}

static void hooks_need_their_symbols(void **state)
{
	(void)state;
	put_kernel(6001);
	put("/proc/kallsyms", "0 d frontswap_ops2\n0 T register_kprobe\t[x]\n");
	expect("page-hook", VERDICT_WARNING, "no frontswap_ops");
	expect("frontswap", VERDICT_WARNING, "built without it");
	put("/proc/kallsyms", "0 T __frontswap_store\n0 d frontswap_ops\n0 T register_kprobe\n");
	expect("page-hook", VERDICT_OK, "frontswap-pointer");
	expect("frontswap", VERDICT_OK, "in this kernel");

	put_kernel(6012);
	put("/proc/kallsyms", "0 T zswap_store\n0 T zswap_load\n0 T zswap_swapon\n"
			      "0 T zswap_swapoff\n");
	expect("page-hook", VERDICT_WARNING, "ftrace is off");
	put("/proc/sys/kernel/ftrace_enabled", "1\n");
	expect("page-hook", VERDICT_OK, "zswap-ftrace");
	put("/sys/module/fastswap/parameters/hook", "none\n");
	expect("page-hook", VERDICT_OK, "none, fastswap is loaded");
}

static void modules_that_are_refused(void **state)
{
	(void)state;
	put_kernel(6001);
	expect_for(&backend_fastswap_dram, "modules", VERDICT_PROBLEM, "without loadable modules");
	put("/proc/modules", "zram 1 0 - Live 0x0\next4 1 0 - Live 0x0\n");
	expect("modules", VERDICT_OK, "(2 are)");
	expect("signatures", VERDICT_OK, "unsigned");
	put("/sys/module/module/parameters/sig_enforce", "Y\n");
	expect("signatures", VERDICT_WARNING, "signed modules only");
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	expect("signatures", VERDICT_WARNING, "locked down (integrity)");
	put("/lib/modules/6.1.7-test/build/Makefile", "");
	expect("headers", VERDICT_OK, "6.1.7-test");
	put("/proc/sys/kernel/modules_disabled", "1\n");
	expect("modules", VERDICT_WARNING, "until reboot");
}

/* What a server as it comes from the shop is told. */
static void a_server_untuned(void **state)
{
	(void)state;
	put("/proc/cpuinfo", "model name\t: Big\nflags\t\t: fpu constant_tsc nonstop_tsc\n");
	put("/proc/meminfo", "MemTotal: 67108864 kB\nMemAvailable: 524288 kB\n");
	put("/proc/stat", "cpu 10 0 10 970 0 0 0 20 0 0\n");
	put("/proc/self/limits",
	    "Max locked memory         65536                65536      bytes\n");
	put("/proc/self/status", "CapEff:\t0000000000000000\n");
	for (int i = 0; i < 8; i++) {
		char path[128], siblings[16];

		snprintf(path, sizeof(path), CPU "/cpu%d/topology/thread_siblings_list", i);
		snprintf(siblings, sizeof(siblings), "%d,%d\n", i % 4, i % 4 + 4);
		put(path, siblings);
		snprintf(path, sizeof(path), CPU "/cpufreq/policy%d/scaling_governor", i);
		put(path, i ? "performance\n" : "powersave\n");
	}
	put(CPU "/smt/active", "1\n");
	put(CPU "/intel_pstate/no_turbo", "0\n");
	put(CPU "/vulnerabilities/meltdown", "Mitigation: PTI\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "acpi_pm\n");
	put("/sys/kernel/iommu_groups/0/type", "identity\n");
	put("/sys/kernel/iommu_groups/1/type", "DMA-FQ\n");
	put("/sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
	put("/sys/class/infiniband/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)\n");
	put("/sys/class/infiniband/mlx5_0/ports/1/link_layer", "InfiniBand\n");
	put("/sys/class/infiniband/mlx5_0/device/numa_node", "1\n");
	put("/sys/module/zswap/parameters/enabled", "Y\n");
	put("/sys/kernel/mm/ksm/run", "1\n");
	put("/proc/sys/vm/swappiness", "0\n");
	put("/proc/sys/vm/page-cluster", "0\n");
	put(THP "/enabled", "always [madvise] never\n");
	put(THP "/hugepages-64kB/enabled", "[always] inherit madvise never\n");

	expect("machine", VERDICT_OK, "Big");
	expect("cores", VERDICT_OK, "4:");
	expect("governor", VERDICT_WARNING, "powersave");
	expect("governor", VERDICT_WARNING, "policy*/scaling_governor");
	expect("turbo", VERDICT_WARNING, "no_turbo");
	expect("smt", VERDICT_WARNING, "control");
	expect("mitigations", VERDICT_WARNING, "pti=off");
	expect("clock", VERDICT_WARNING, "acpi_pm");
	expect("neighbours", VERDICT_WARNING, "2.0 %");
	expect("iommu", VERDICT_WARNING, "iommu=pt");
	expect("rdma", VERDICT_OK, "mlx5_0/1: 100 Gb/sec (4X EDR), InfiniBand, node 1");
	expect("memory", VERDICT_WARNING, "512M of 64G");
	expect("memlock", VERDICT_WARNING, "64K");
	expect("zswap", VERDICT_WARNING, "echo N");
	expect("ksm", VERDICT_WARNING, "echo 0");
	expect("swappiness", VERDICT_PROBLEM, "echo 60");
	expect("page-cluster", VERDICT_OK, "no read-ahead");
	expect("thp", VERDICT_WARNING, "64kB");
	expect("cgroup", VERDICT_PROBLEM, "no memory controller");
	put("/sys/class/infiniband/mlx5_0/ports/1/state", "1: DOWN\n");
	expect("rdma", VERDICT_WARNING, "port is 1: DOWN");
}

static void swap_against_the_backend(void **state)
{
	static const char header[] = "Filename\tType\tSize\tUsed\tPriority\n";
	char text[256];

	(void)state;
	put("/proc/swaps", header);
	expect_for(&backend_zram, "swap", VERDICT_OK, "no area");
	expect_for(&backend_swap, "backend", VERDICT_PROBLEM, "no swap area is on");
	snprintf(text, sizeof(text), "%s/dev/fastswap0 partition 2048 0 32767\n", header);
	put("/proc/swaps", text);
	expect("swap", VERDICT_OK, "2M used");
	expect_for(&backend_swap, "swap", VERDICT_OK, "/dev/fastswap0");
	expect_for(&backend_zram, "swap", VERDICT_WARNING, "swapoff '/dev/fastswap0'");
	put("/sys/kernel/debug/fastswap/stats", "loads 0\npool_bytes 2097152\n");
	expect("swap", VERDICT_OK, "/dev/fastswap0");
	put("/sys/kernel/debug/fastswap/stats", "loads 0\npool_bytes 1048576\n");
	expect("swap", VERDICT_PROBLEM, "its pool only 1M");
}

/* A backend leaves out what does not concern it. */
static void backends_leave_out(void **state)
{
	(void)state;
	sysfile_set_root(FIXTURES "machine-vm-6.18");
	assert_int_equal(look_for(&backend_zram, "modules").verdict, VERDICT_NONE);
	assert_int_equal(look_for(&backend_zram, "rdma").verdict, VERDICT_NONE);
	assert_int_equal(look_for(&backend_zram, "zswap").verdict, VERDICT_OK);
	assert_int_equal(look_for(&backend_none, "zswap").verdict, VERDICT_NONE);
	assert_int_equal(look_for(&backend_none, "thp").verdict, VERDICT_OK);
	assert_int_equal(look_for(&backend_none, "backend").verdict, VERDICT_OK);
	assert_int_equal(look_for(NULL, "backend").verdict, VERDICT_NONE);
	assert_int_equal(look_for(&backend_fastswap_dram, "modules").verdict, VERDICT_PROBLEM);
	assert_int_equal(look_for(&backend_fastswap_dram, "rdma").verdict, VERDICT_NONE);
}

static void fixes_and_gives_back(void **state)
{
	struct journal *j;
	struct err err = { 0 };
	struct doctor d;
	char dir[PATH_MAX];
	int nr;

	put(THP "/enabled", "always\n");
	put("/proc/sys/vm/swappiness", "0\n");
	put("/proc/sys/vm/page-cluster", "3\n");
	put("/proc/sys/kernel/numa_balancing", "1\n"); /* of one node: harmless, so left */
	put(CPU "/cpufreq/policy0/scaling_governor", "powersave\n");
	put(CPU "/cpufreq/policy1/scaling_governor", "performance\n");
	put(CPU "/cpufreq/policy2/scaling_governor", "schedutil\n");
	put(CPU "/cpufreq/boost", "1\n");

	doctor_init(&d, NULL, NULL, "/tmp");
	snprintf(dir, sizeof(dir), "%s/journal", (char *)*state);
	assert_int_equal(journal_create(dir, "fix", recover_ops, &j, &err), 0);
	assert_int_equal(doctor_fix(&d, j, &nr, &err), 0);
	assert_int_equal(nr, 5);
	expect_holds(THP "/enabled", "madvise");
	expect_holds("/proc/sys/vm/swappiness", "60");
	expect_holds("/proc/sys/vm/page-cluster", "3");
	expect_holds("/proc/sys/kernel/numa_balancing", "1");
	expect_holds(CPU "/cpufreq/policy0/scaling_governor", "performance");
	expect_holds(CPU "/cpufreq/policy2/scaling_governor", "performance");
	expect_holds(CPU "/cpufreq/boost", "0");
	expect("governor", VERDICT_OK, "performance");

	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	journal_free(j);
	expect_holds(THP "/enabled", "always");
	expect_holds("/proc/sys/vm/swappiness", "0");
	expect_holds(CPU "/cpufreq/policy0/scaling_governor", "powersave");
	expect_holds(CPU "/cpufreq/policy1/scaling_governor", "performance");
	expect_holds(CPU "/cpufreq/policy2/scaling_governor", "schedutil");
	expect_holds(CPU "/cpufreq/boost", "1");
}

#define NODES	"/sys/devices/system/node"
#define TIERING "/sys/devices/virtual/memory_tiering"

/* What is slow, what says so, and what to do where nothing does. */
static void memory_tiers(void **state)
{
	(void)state;
	put(NODES "/has_memory", "0\n");
	put(NODES "/has_cpu", "0\n");
	put("/proc/sys/kernel/osrelease", "6.1.0-50-amd64\n");
	assert_int_equal(look_for(NULL, "nodes").verdict, VERDICT_NONE);
	assert_int_equal(look_for(NULL, "tiers").verdict, VERDICT_NONE);
	expect_for(&backend_tier, "nodes", VERDICT_PROBLEM, "--tiers 1G,2G");
	/* Two sockets: as it should be, but for who wants a slow one. */
	put(NODES "/has_memory", "0-1\n");
	put(NODES "/has_cpu", "0-1\n");
	put(TIERING "/memory_tier4/nodelist", "0-1\n");
	expect("tiers", VERDICT_OK, "node 0,1 in tier 4");
	expect_for(&backend_tier, "tiers", VERDICT_WARNING, "tier.method=bind");
	assert_int_equal(look_for(&backend_none, "tiers").verdict, VERDICT_NONE);
	/* CXL memory that counts as DRAM: each kernel has its remedy. */
	put(NODES "/has_cpu", "0\n");
	expect("tiers", VERDICT_WARNING, "boot Linux 6.7");
	expect("hmat", VERDICT_WARNING, "tells no node's latency");
	put("/proc/sys/kernel/osrelease", "6.12.117-amd64\n");
	expect("tiers", VERDICT_WARNING, "--mode=system-ram");
	put(NODES "/node0/access0/initiators/read_latency", "100\n");
	put(NODES "/node0/access0/initiators/read_bandwidth", "20480\n");
	expect("hmat", VERDICT_OK, "node 0: 100 ns, 20480 MB/s");
	put(TIERING "/memory_tier4/nodelist", "0\n");
	put(TIERING "/memory_tier27/nodelist", "1\n");
	expect("tiers", VERDICT_OK, "node 0 in tier 4; node 1 in tier 27");
	/* Memory that is no node yet. */
	assert_int_equal(look_for(NULL, "dax").verdict, VERDICT_NONE);
	put("/sys/bus/dax/drivers/kmem/dax1.0", "");
	expect("dax", VERDICT_OK, "the kernel's");
	put("/sys/bus/dax/drivers/device_dax/dax0.0", "");
	expect("dax", VERDICT_WARNING, "--mode=system-ram dax0.0");
	assert_int_equal(look_for(NULL, "cxl").verdict, VERDICT_NONE);
	put("/sys/bus/cxl/devices/mem0", "");
	expect("cxl", VERDICT_WARNING, "cxl create-region");
	put("/sys/bus/cxl/devices/region0", "");
	expect("cxl", VERDICT_OK, "1 memory device, 1 region");
}

/* Named or loaded, and only on the kernel where it was seen; the backend refuses there unless it is told. */
static void ublk_that_oopses(void **state)
{
	_Alignas(16) char params[256] = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(backend_ublk.params_size <= sizeof(params));
	opt_defaults(backend_ublk.opts, params);
	put("/proc/sys/kernel/osrelease", "6.12.117+deb13-amd64\n");
	assert_int_equal(look_for(NULL, "ublk").verdict, VERDICT_NONE);
	expect_for(&backend_ublk, "ublk", VERDICT_WARNING, "oopses");
	put("/sys/module/ublk_drv/initstate", "live\n");
	expect("ublk", VERDICT_WARNING, "ublk.may-oops=yes");
	unsetenv("FMLAB");
	assert_true(backend_ublk.check(params, &err) < 0);
	assert_non_null(strstr(err.msg, "ublk.may-oops=yes"));
	err = (struct err){ 0 };
	assert_int_equal(
		opt_set(backend_ublk.opts, params, "may-oops", "yes", "backend ublk", &err), 0);
	backend_ublk.check(params, &err); /* what else it may lack is this machine's */
	assert_null(strstr(err.msg, "oops"));
	put("/proc/sys/kernel/osrelease", "7.3.4-amd64\n");
	assert_int_equal(look_for(&backend_ublk, "ublk").verdict, VERDICT_NONE);
	assert_false(ublk_may_oops());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_tiers),
		TEST(table_is_whole),
		TEST(captured_trees_have_fixes),
		TEST(lab_5_10),
		TEST(lab_6_1_rdma),
		TEST(lab_6_12),
		TEST(vm_6_18_v1),
		TEST(kvm_by_the_labs_answer),
		TEST(hooks_as_kbuild_has_them),
		TEST(hooks_need_their_symbols),
		TEST(modules_that_are_refused),
		TEST(a_server_untuned),
		TEST(swap_against_the_backend),
		TEST(backends_leave_out),
		TEST(fixes_and_gives_back),
		TEST(ublk_that_oopses),
	};

	unsetenv("FMLAB_CACHE");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
