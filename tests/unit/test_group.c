// SPDX-License-Identifier: GPL-2.0-or-later
/* Where groups are and what they count, on captured and made-up trees of cgroup v1 and v2. */
#include "tests/unit/tree.h"

#include <unistd.h>

#include "harness/group/cgroup.h"

#define V1     "/sys/fs/cgroup"
#define NOBODY 65534

static struct cgroup_machine m;
static struct err err;

static int detect(void)
{
	memset(&err, 0, sizeof(err));
	return cgroup_detect(&m, &err);
}

static void expect_detected(int version, const char *memory, const char *cpuset,
			    const char *cpuacct)
{
	if (detect() != 0)
		fail_msg("%s: %s", sysfile_root(), err.msg);
	assert_int_equal(m.memory_version, version);
	assert_string_equal(m.memory_mount, memory);
	assert_string_equal(m.cpuset_mount, cpuset);
	assert_string_equal(m.cpuacct_mount, cpuacct);
}

/* As a user without rights; become_oneself() ends it. Who is one already stays. */
static void become_nobody(void)
{
	if (getuid() == 0)
		assert_int_equal(setresuid(NOBODY, NOBODY, 0), 0);
}

static int become_oneself(void)
{
	uid_t real, effective, saved;

	getresuid(&real, &effective, &saved);
	return saved == 0 ? setresuid(0, 0, 0) : 0;
}

static int setup(void **state)
{
	int rc = tree_setup(state);

	return rc ? rc : chmod(*state, 0755);
}

static int teardown(void **state)
{
	int rc = become_oneself();

	return tree_teardown(state) || rc;
}

/* --- where ------------------------------------------------------------------------------------- */

static void captured_machines(void **state)
{
	(void)state;
	sysfile_set_root(FIXTURES "machine-vm-6.18"); /* v2 is there, too, without memory */
	expect_detected(1, V1 "/memory", V1 "/cpuset", V1 "/cpuacct");
	sysfile_set_root(FIXTURES "machine-lab-5.10");
	expect_detected(2, "/sys/fs/cgroup", "/sys/fs/cgroup", "");
	sysfile_set_root(FIXTURES "machine-lab-6.12");
	expect_detected(2, "/sys/fs/cgroup", "/sys/fs/cgroup", "");
}

#define MOUNT(number, where, type, options)                                                        \
	number " 1 0:" number " / " where " rw,relatime - " type " " type " " options "\n"

static void made_up_machines(void **state)
{
	(void)state;
	/* Words, not their beginnings: neither memory nor cpuset. */
	put("/proc/self/mountinfo", MOUNT("20", "/cg", "cgroup2", "rw"));
	put("/cg/cgroup.controllers", "memory_x cpusets io\n");
	assert_int_equal(detect(), -ENOENT);
	put("/cg/cgroup.controllers", "io memory cpusets\n");
	expect_detected(2, "/cg", "", "");

	/* Controllers that share a mount; a blank in its path. */
	put("/proc/self/mountinfo", MOUNT("20", "/my\\040cg/memory", "cgroup", "rw,memory") MOUNT(
					    "21", "/my\\040cg/cpu", "cgroup", "rw,cpu,cpuacct"));
	expect_detected(1, "/my cg/memory", "", "/my cg/cpu");

	/* cpuset on v1 beside memory on v2, mounted twice. */
	put("/proc/self/mountinfo",
	    MOUNT("20", "/v1/cpuset", "cgroup", "rw,cpuset") MOUNT("21", "/cg", "cgroup2", "rw")
		    MOUNT("22", "/again", "cgroup2", "rw"));
	put("/again/cgroup.controllers", "memory\n");
	expect_detected(2, "/cg", "/v1/cpuset", "");
}

static void no_memory_controller(void **state)
{
	(void)state;
	assert_int_not_equal(detect(), 0);
	assert_non_null(strstr(err.msg, "mountinfo"));
	put("/proc/self/mountinfo", MOUNT("20", "/proc", "proc", "rw"));
	assert_int_equal(detect(), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "cgroup_enable=memory"));
	assert_non_null(strstr(err.msg, "--in-lab"));
	assert_int_equal(m.memory_version, 0);
	/* v2 without its list, as where only the mount was captured. */
	put("/proc/self/mountinfo", MOUNT("20", "/cg", "cgroup2", "rw"));
	assert_int_equal(detect(), -ENOENT);
}

/* --- may groups be made there? ------------------------------------------------------------------ */

static void a_delegated_group(void **state)
{
	char dir[PATH_MAX];

	(void)state;
	put("/proc/self/mountinfo", MOUNT("20", "/cg", "cgroup2", "rw"));
	put("/cg/cgroup.controllers", "cpuset memory\n");
	put("/cg/user/mine/cgroup.procs", "");
	put("/cg/user/other/cgroup.procs", "");
	assert_int_equal(detect(), 0);
	snprintf(dir, sizeof(dir), "%s/cg/user/mine", sysfile_root());
	assert_int_equal(chmod(dir, 0777), 0);
	snprintf(dir, sizeof(dir), "%s/cg/user/other", sysfile_root());
	assert_int_equal(chmod(dir, 0555), 0);

	become_nobody();
	assert_int_equal(cgroup_check(&m, "/user/mine", &err), 0);
	assert_int_equal(cgroup_check(&m, "/user/none", &err), -EINVAL);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.msg, "there is no group 'user/none' below /cg (see --cgroup-root)");
	assert_int_equal(cgroup_check(&m, "/user/other", &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "no permission to make groups below /cg/user/other"));
	assert_non_null(strstr(err.msg, "Delegate=yes"));
}

static void default_root(void **state)
{
	char root[PATH_MAX] = "";

	(void)state;
	put("/proc/self/mountinfo", MOUNT("20", "/cg", "cgroup2", "rw"));
	put("/cg/cgroup.controllers", "cpuset memory\n");
	put("/proc/self/cgroup", "1:name=systemd:/init\n0::/user.slice/mine.scope\n10::/no\n");
	assert_int_equal(detect(), 0);
	if (geteuid() == 0) {
		assert_int_equal(cgroup_default_root(&m, root, sizeof(root), &err), 0);
		assert_string_equal(root, "/");
	}
	become_nobody();
	assert_int_equal(cgroup_default_root(&m, root, sizeof(root), &err), 0);
	assert_string_equal(root, "/user.slice/mine.scope");
	m.memory_version = 1;
	assert_int_equal(cgroup_default_root(&m, root, sizeof(root), &err), 0);
	assert_string_equal(root, "/");
}

/* --- what they count --------------------------------------------------------------------------- */

/* A group of that tree. */
static struct group group_of(const char *tree, int version, const char *dir)
{
	struct group g = { .machine = &m };

	sysfile_set_root(tree);
	m.memory_version = version;
	snprintf(g.memory_dir, sizeof(g.memory_dir), "%s", dir);
	return g;
}

static void expect_counts(const struct group *g, uint64_t usage, uint64_t anon, uint64_t peak)
{
	uint64_t value = 7;

	assert_int_equal(group_usage(g, &value, &err), 0);
	assert_int_equal(value, usage);
	assert_int_equal(group_stat(g, "anon", "total_rss", &value), 0);
	assert_int_equal(value, anon);
	assert_int_equal(group_stat(g, "an", "total", &value), -ENODATA);
	assert_int_equal(value, anon);
	assert_int_equal(group_far_able(g, &value), 0);
	assert_int_equal(value, anon); /* none of these had shared memory */
	assert_int_equal(group_peak(g, &value), peak ? 0 : -ENOENT);
	assert_int_equal(value, peak ? peak : anon);
}

static void captured_groups(void **state)
{
	static const char dir[] = "/sys/fs/cgroup/fmbench-capture";
	struct group g;

	(void)state;
	g = group_of(FIXTURES "linux-5.10-v2", 2, dir);
	expect_counts(&g, 50253824, 49336320, 0); /* before memory.peak */
	g = group_of(FIXTURES "linux-6.1-v2", 2, dir);
	expect_counts(&g, 50171904, 27095040, 50712576);
	g = group_of(FIXTURES "linux-6.18-v1", 1, "/sys/fs/cgroup/memory/fmbench-capture");
	expect_counts(&g, 49926144, 49033216, 50331648);
}

/* Shared memory can be far, page cache can't. */
static void far_able_memory(void **state)
{
	struct group g = group_of(*state, 2, "/cg/shared");
	uint64_t value = 7;

	put("/cg/shared/memory.stat", "anon 4096\nfile 40960\nshmem 8192\n");
	assert_int_equal(group_far_able(&g, &value), 0);
	assert_int_equal(value, 12288);
	put("/cg/shared/memory.stat", "anon 4096\nfile 40960\n");
	assert_int_equal(group_far_able(&g, &value), -ENODATA);
	assert_int_equal(value, 12288);
}

static void a_group_that_is_gone(void **state)
{
	struct group g = group_of(*state, 2, "/cg/gone");
	uint64_t value = 7;

	assert_int_equal(group_usage(&g, &value, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/cg/gone/memory.current"));
	assert_int_equal(group_stat(&g, "anon", "total_rss", &value), -ENOENT);
	assert_int_equal(group_peak(&g, &value), -ENOENT);
	assert_int_equal(value, 7);
	put("/cg/gone/memory.current", "many\n");
	assert_int_equal(group_usage(&g, &value, &err), -EINVAL);
	assert_int_equal(value, 7);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(captured_machines), TEST(made_up_machines),     TEST(no_memory_controller),
		TEST(a_delegated_group), TEST(default_root),	     TEST(captured_groups),
		TEST(far_able_memory),	 TEST(a_group_that_is_gone),
	};

	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
