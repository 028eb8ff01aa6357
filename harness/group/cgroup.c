// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/group/cgroup.h"

#include <dirent.h>
#include <libcgroup.h>
#include <libmount/libmount.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/process.h"
#include "base/sysfile.h"

#define KILL_PATIENCE_NS (2 * NSEC_PER_SEC)

static void remember(char *dst, const char *target)
{
	snprintf(dst, PATH_MAX, "%s", target);
}

/* v2: the controllers that are to be had are in a file, not among the mount options. */
static void detect_v2(struct cgroup_machine *m, const char *target)
{
	char path[PATH_MAX];
	struct buf b = BUF_INIT;
	bool cpu = false;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", target);
	if (sysfile_read(path, &b) == 0) {
		char *save, *word = strtok_r(b.data, " \n", &save);

		for (; word; word = strtok_r(NULL, " \n", &save)) {
			if (strcmp(word, "memory") == 0 && !m->memory_version) {
				m->memory_version = 2;
				remember(m->memory_mount, target);
			} else if (strcmp(word, "cpuset") == 0) {
				remember(m->cpuset_mount, target);
			} else if (strcmp(word, "cpu") == 0) {
				cpu = true;
			}
		}
	}
	if (cpu && m->memory_version == 2)
		remember(m->cpu_mount, target);
	buf_release(&b);
}

int cgroup_detect(struct cgroup_machine *m, struct err *err)
{
	char path[PATH_MAX];
	struct libmnt_table *table;
	struct libmnt_iter *iter = NULL;
	struct libmnt_fs *fs;
	int rc = 0;

	memset(m, 0, sizeof(*m));
	sysfile_path(path, sizeof(path), "/proc/self/mountinfo");
	table = mnt_new_table_from_file(path);
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	if (!table || !iter) {
		rc = err_failed(err, 0, "cannot read %s", path);
		goto out;
	}
	while (mnt_table_next_fs(table, iter, &fs) == 0) {
		const char *type = mnt_fs_get_fstype(fs), *target = mnt_fs_get_target(fs);

		if (!type || !target)
			continue;
		if (strcmp(type, "cgroup2") == 0) {
			detect_v2(m, target);
		} else if (strcmp(type, "cgroup") == 0) {
			if (mnt_fs_match_options(fs, "memory")) {
				m->memory_version = 1;
				remember(m->memory_mount, target);
			}
			if (mnt_fs_match_options(fs, "cpuset"))
				remember(m->cpuset_mount, target);
			if (mnt_fs_match_options(fs, "cpuacct"))
				remember(m->cpuacct_mount, target);
			if (mnt_fs_match_options(fs, "cpu"))
				remember(m->cpu_mount, target);
		}
	}
	if (!m->memory_version)
		rc = err_missing(err, "no cgroup memory controller is mounted; boot with "
				      "cgroup_enable=memory, mount cgroup2 on /sys/fs/cgroup, or "
				      "use --in-lab");
	/* A v1 cpuset beside v2's memory (or the other way round) would need joining twice with
	 * different rules; libcgroup does it by controller name. */
out:
	mnt_free_iter(iter);
	mnt_unref_table(table);
	return rc;
}

int cgroup_check(const struct cgroup_machine *m, const char *root, struct err *err)
{
	char dir[PATH_MAX * 2], path[PATH_MAX * 3];

	root += strspn(root, "/");
	snprintf(dir, sizeof(dir), "%s%s%s", m->memory_mount, *root ? "/" : "", root);
	sysfile_path(path, sizeof(path), dir);
	if (access(path, F_OK) != 0)
		return err_usage(err, "there is no group '%s' below %s (see --cgroup-root)", root,
				 m->memory_mount);
	if (access(path, W_OK) != 0)
		return err_missing(err,
				   "no permission to make groups below %s; run as root, in a "
				   "delegated group (systemd-run --user --scope -p Delegate=yes "
				   "fmbench ...), or with --in-lab",
				   dir);
	return 0;
}

int cgroup_default_root(const struct cgroup_machine *m, char *dst, size_t size, struct err *err)
{
	struct buf b = BUF_INIT;
	char *save, *line;
	int rc;

	if (geteuid() == 0 || m->memory_version == 1) {
		snprintf(dst, size, "/");
		return 0;
	}
	rc = sysfile_read("/proc/self/cgroup", &b);
	if (rc)
		return err_failed(err, -rc, "cannot read /proc/self/cgroup");
	for (line = strtok_r(b.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "0::", 3) == 0)
			snprintf(dst, size, "%s", line + 3);
	}
	buf_release(&b);
	return 0;
}

static int library_init(struct err *err)
{
	static bool done;
	int rc;

	if (done)
		return 0;
	rc = cgroup_init();
	if (rc)
		return err_failed(err, 0, "libcgroup does not work here: %s", cgroup_strerror(rc));
	done = true;
	return 0;
}

static int library_error(struct err *err, int rc, const char *what, const char *name)
{
	/* ECGOTHER hides an errno. */
	int errnum = rc == ECGOTHER ? cgroup_get_last_errno() : 0;

	if (errnum)
		return err_failed(err, errnum, "%s group %s", what, name);
	return err_failed(err, 0, "%s group %s: %s", what, name, cgroup_strerror(rc));
}

#define MAX_CONTROLLERS 4

/* Controllers that a run's groups take part in. */
static size_t controllers(const struct cgroup_machine *m, const char *list[MAX_CONTROLLERS])
{
	size_t nr = 0;

	list[nr++] = "memory";
	if (m->cpuset_mount[0])
		list[nr++] = "cpuset";
	if (m->cpu_mount[0])
		list[nr++] = "cpu";
	if (m->memory_version == 1 && m->cpuacct_mount[0])
		list[nr++] = "cpuacct";
	return nr;
}

static struct cgroup *describe(const struct cgroup_machine *m, const char *name)
{
	struct cgroup *cg = cgroup_new_cgroup(name);
	const char *list[MAX_CONTROLLERS];
	size_t nr = controllers(m, list);

	for (size_t i = 0; cg && i < nr; i++) {
		if (!cgroup_add_controller(cg, list[i]))
			cgroup_free(&cg);
	}
	return cg;
}

static void format_cpus(const cpu_set_t *cpus, char *dst, size_t size)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, cpus))
			buf_addf(&b, "%s%d", b.len ? "," : "", i);
	}
	snprintf(dst, size, "%s", b.data ? b.data : "");
	buf_release(&b);
}

/* CPUs and nodes for a group. v1 insists on both in every level before anyone may join. */
static int cpuset_values(const struct cgroup_machine *m, struct cgroup *cg, const cpu_set_t *cpus,
			 int mem_node)
{
	struct cgroup_controller *c = cgroup_get_controller(cg, "cpuset");
	char path[PATH_MAX + 64], text[4096];
	bool v1 = m->memory_version == 1;
	int rc = 0;

	if (!c)
		return 0;
	if (cpus) {
		format_cpus(cpus, text, sizeof(text));
		rc = cgroup_add_value_string(c, "cpuset.cpus", text);
	} else if (v1) {
		snprintf(path, sizeof(path), "%s/cpuset.effective_cpus", m->cpuset_mount);
		if (sysfile_read_line(path, text, sizeof(text)) == 0)
			rc = cgroup_add_value_string(c, "cpuset.cpus", text);
	}
	if (rc)
		return rc;
	if (mem_node >= 0) {
		snprintf(text, sizeof(text), "%d", mem_node);
		rc = cgroup_add_value_string(c, "cpuset.mems", text);
	} else if (v1) {
		snprintf(path, sizeof(path), "%s/cpuset.effective_mems", m->cpuset_mount);
		if (sysfile_read_line(path, text, sizeof(text)) == 0)
			rc = cgroup_add_value_string(c, "cpuset.mems", text);
	}
	return rc;
}

static int create_one(const struct cgroup_machine *m, const char *name, const cpu_set_t *cpus,
		      int mem_node, struct err *err)
{
	struct cgroup *cg = describe(m, name);
	int rc;

	if (!cg)
		return err_failed(err, ENOMEM, "group %s", name);
	rc = cpuset_values(m, cg, cpus, mem_node);
	if (!rc)
		rc = cgroup_create_cgroup(cg, 1);
	cgroup_free(&cg);
	return rc ? library_error(err, rc, "cannot make", name) : 0;
}

/* The group's directory in a hierarchy; "" where that is not mounted. */
static void group_dir(char dir[PATH_MAX], const char *mount, const struct group *g)
{
	dir[0] = '\0';
	if (mount[0])
		snprintf(dir, PATH_MAX, "%.*s/%s", PATH_MAX / 2, mount, g->name);
}

static void group_init(struct group *g, const struct cgroup_machine *m, const char *top,
		       const char *leaf)
{
	g->machine = m;
	snprintf(g->name, sizeof(g->name), "%s/%s", top, leaf);
	group_dir(g->memory_dir, m->memory_mount, g);
	/* v2: cpu.stat is there without the controller, too, but for throttling. */
	group_dir(g->cpu_dir, m->memory_version == 2 ? m->memory_mount : m->cpu_mount, g);
	group_dir(g->cpuacct_dir, m->cpuacct_mount, g);
}

static bool has_word(const char *dir, const char *name, const char *word)
{
	char path[PATH_MAX * 2];
	struct buf b = BUF_INIT;
	bool has = false;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (sysfile_read(path, &b) == 0) {
		char *save, *one = strtok_r(b.data, " \n", &save);

		for (; one && !has; one = strtok_r(NULL, " \n", &save))
			has = strcmp(one, word) == 0;
	}
	buf_release(&b);
	return has;
}

/* v2: a group gets cpu from the one above. Where that has none to give, runs do without. */
static int enable_cpu(struct cgroup_machine *m, const char *root, struct journal *j,
		      struct err *err)
{
	char dir[PATH_MAX * 2], path[PATH_MAX * 2 + 32];
	int rc = 0;

	if (m->memory_version != 2 || !m->cpu_mount[0])
		return 0;
	snprintf(dir, sizeof(dir), "%s/%s", m->memory_mount, root);
	if (has_word(dir, "cgroup.subtree_control", "cpu"))
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	if (has_word(dir, "cgroup.controllers", "cpu")) {
		rc = journal_add(j, err, "cgroup_cpu", dir, NULL);
		if (rc >= 0 && sysfile_write(path, "+cpu", NULL) == 0)
			return 0;
	}
	m->cpu_mount[0] = '\0';
	return rc < 0 ? rc : 0;
}

int groups_create(struct groups *g, const char *root, const char *tag, const cpu_set_t *inside_cpus,
		  const cpu_set_t *outside_cpus, int mem_node, struct journal *j, struct err *err)
{
	uint64_t start = 0;
	char since[24];
	int rc;

	memset(g, 0, sizeof(*g));
	rc = cgroup_detect(&g->machine, err);
	if (!rc)
		rc = cgroup_check(&g->machine, root, err);
	if (!rc)
		rc = library_init(err);
	if (rc)
		return rc;

	while (*root == '/')
		root++;
	snprintf(g->top, sizeof(g->top), "%s%sfmbench-%s", root, *root ? "/" : "", tag);
	group_init(&g->inside, &g->machine, g->top, "inside");
	group_init(&g->outside, &g->machine, g->top, "outside");

	rc = enable_cpu(&g->machine, root, j, err);
	if (rc)
		return rc;
	process_start(getpid(), &start);
	snprintf(since, sizeof(since), "%llu", (unsigned long long)start);
	rc = journal_add(j, err, "cgroup", g->top, since, NULL);
	if (rc < 0)
		return rc;
	rc = create_one(&g->machine, g->top, NULL, -1, err);
	if (!rc)
		rc = create_one(&g->machine, g->inside.name, inside_cpus, mem_node, err);
	if (!rc)
		rc = create_one(&g->machine, g->outside.name, outside_cpus, -1, err);
	return rc;
}

int group_set_cpus(const struct group *g, const cpu_set_t *cpus, struct err *err)
{
	char path[PATH_MAX + PATH_MAX / 4 + 16], text[4096];

	if (!g->machine->cpuset_mount[0])
		return 0;
	snprintf(path, sizeof(path), "%s/%s/cpuset.cpus", g->machine->cpuset_mount, g->name);
	format_cpus(cpus, text, sizeof(text));
	return sysfile_write(path, text, err);
}

int group_join(void *arg, pid_t pid, struct err *err)
{
	struct group *g = arg;
	struct cgroup *cg = describe(g->machine, g->name);
	int rc;

	if (!cg)
		return err_failed(err, ENOMEM, "group %s", g->name);
	rc = cgroup_attach_task_pid(cg, pid);
	cgroup_free(&cg);
	return rc ? library_error(err, rc, "cannot start a process in", g->name) : 0;
}

static void group_file(const struct group *g, const char *v2, const char *v1, char *path,
		       size_t size)
{
	snprintf(path, size, "%s/%s", g->memory_dir, g->machine->memory_version == 2 ? v2 : v1);
}

int group_set_limit(const struct group *g, uint64_t bytes, struct err *err)
{
	bool v2 = g->machine->memory_version == 2;
	char text[32];
	struct cgroup *cg = cgroup_new_cgroup(g->name);
	struct cgroup_controller *c = cg ? cgroup_add_controller(cg, "memory") : NULL;
	int rc;

	if (!c) {
		cgroup_free(&cg);
		return err_failed(err, ENOMEM, "group %s", g->name);
	}
	if (bytes == LIMIT_NONE)
		snprintf(text, sizeof(text), "%s", v2 ? "max" : "-1");
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	rc = cgroup_add_value_string(c, v2 ? "memory.high" : "memory.limit_in_bytes", text);
	if (!rc)
		rc = cgroup_modify_cgroup(cg);
	cgroup_free(&cg);
	if (rc == ECGOTHER &&
	    (cgroup_get_last_errno() == EBUSY || cgroup_get_last_errno() == EINTR))
		return err_failed(err, EBUSY, "cannot limit group %s to %s bytes now", g->name,
				  text);
	return rc ? library_error(err, rc, "cannot limit", g->name) : 0;
}

int group_usage(const struct group *g, uint64_t *ret_bytes, struct err *err)
{
	char path[PATH_MAX + 64];
	int rc;

	group_file(g, "memory.current", "memory.usage_in_bytes", path, sizeof(path));
	rc = sysfile_read_u64(path, ret_bytes);
	return rc ? err_failed(err, -rc, "cannot read %s", path) : 0;
}

int group_stat(const struct group *g, const char *v2_key, const char *v1_key, uint64_t *ret_value)
{
	char path[PATH_MAX + 64];

	group_file(g, "memory.stat", "memory.stat", path, sizeof(path));
	return sysfile_read_key(path, g->machine->memory_version == 2 ? v2_key : v1_key, ret_value);
}

int group_far_able(const struct group *g, uint64_t *ret_bytes)
{
	uint64_t anon, shmem;
	int rc = group_stat(g, "anon", "total_rss", &anon);

	if (!rc)
		rc = group_stat(g, "shmem", "total_shmem", &shmem);
	if (!rc)
		*ret_bytes = anon + shmem;
	return rc;
}

int group_peak(const struct group *g, uint64_t *ret_bytes)
{
	char path[PATH_MAX + 64];

	group_file(g, "memory.peak", "memory.max_usage_in_bytes", path, sizeof(path));
	return sysfile_read_u64(path, ret_bytes);
}

/* --- undo ----------------------------------------------------------------------------------- */

struct killing {
	uint64_t
		since; /* when the run's fmbench started, in ticks: what is older is not the run's */
	pid_t foreign; /* one that is older: somebody moved it into the group */
};

static void kill_one(pid_t pid, struct killing *k)
{
	uint64_t start;

	if (pid <= 0 || process_start(pid, &start) != 0)
		return;
	if (start < k->since)
		k->foreign = pid;
	else
		kill(pid, SIGKILL);
}

unsigned int group_kill_rest(const struct group *g)
{
	char path[PATH_MAX + 32], *save, *line;
	unsigned int nr = 0;
	struct buf b = BUF_INIT;

	snprintf(path, sizeof(path), "%s/cgroup.procs", g->memory_dir);
	if (sysfile_read(path, &b) == 0 && b.data) {
		for (line = strtok_r(b.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			nr += atoi(line) > 0 && kill(atoi(line), SIGKILL) == 0;
	}
	buf_release(&b);
	return nr;
}

/* SIGKILL what the run started, in the directory and below. */
static void kill_below(const char *dir, struct killing *k)
{
	char path[PATH_MAX];
	struct buf b = BUF_INIT;
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	if (sysfile_read(path, &b) == 0) {
		char *save, *line = strtok_r(b.data, "\n", &save);

		for (; line; line = strtok_r(NULL, "\n", &save))
			kill_one(atoi(line), k);
	}
	buf_release(&b);
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			kill_below(path, k);
	}
	closedir(d);
}

/* Groups are directories; removing an absent one is no error. Leaves first. */
static int remove_below(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			remove_below(path);
	}
	closedir(d);
	return rmdir(dir) != 0 && errno != ENOENT ? -errno : 0;
}

static int undo_one(const char *dir, uint64_t since, struct err *err)
{
	uint64_t deadline = clock_ns() + KILL_PATIENCE_NS;
	char comm[32] = "?", path[64];
	int rc;

	for (;;) {
		struct killing k = { .since = since };

		kill_below(dir, &k);
		rc = remove_below(dir);
		if (!rc)
			return 0;
		if (clock_ns() <= deadline) {
			usleep(2000);
			continue;
		}
		if (!k.foreign)
			return err_failed(err, -rc,
					  "%s: what is in it does not die, or is out of sight (see "
					  "cgroup.procs there)",
					  dir);
		snprintf(path, sizeof(path), "/proc/%d/comm", k.foreign);
		sysfile_read_line(path, comm, sizeof(comm));
		return err_failed(err, 0,
				  "process %d (%s) was moved into %s and is not the run's: move it "
				  "out",
				  k.foreign, comm, dir);
	}
}

/*
 * By hand rather than by cgroup_delete_cgroup_ext(): that one moves what is left into the parent
 * group, where a workload that refused to die would run on without its limit.
 */
static int undo_cgroup(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	struct cgroup_machine m;
	char dir[PATH_MAX * 2];
	int rc = cgroup_detect(&m, err);

	if (rc)
		return rc;

	const char *mounts[] = { m.memory_mount, m.cpuset_mount, m.cpu_mount, m.cpuacct_mount };

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]) && !rc; i++) {
		if (!mounts[i][0])
			continue;
		snprintf(dir, sizeof(dir), "%s/%s", mounts[i], args[0]);
		rc = undo_one(dir, strtoull(args[1], NULL, 10), err);
	}
	return rc;
}

static int undo_cpu(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	char path[PATH_MAX * 2];
	int rc;

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", args[0]);
	rc = sysfile_write(path, "-cpu", err);
	/* A group below, made meanwhile, gives it on: it is in use. */
	return rc == -EBUSY || rc == -ENOENT ? 0 : rc;
}

const struct journal_op journal_ops_cgroup[] = {
	{ "cgroup_cpu", 1, "take the cpu controller from groups below", undo_cpu,
	  .reboot_undoes = true },
	{ "cgroup", 2, "remove group", undo_cgroup, .reboot_undoes = true },
	{ 0 },
};
