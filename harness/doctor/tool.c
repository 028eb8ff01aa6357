// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs: the backend's own word, the main workload's, the plots', the lab's. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/unit.h"
#include "base/buf.h"
#include "base/process.h"
#include "base/sysfile.h"
#include "harness/doctor/look.h"
#include "harness/run/units.h"

struct program {
	const char *name, *other; /* other: the same under another name, or NULL */
	const char *package;	  /* Debian's */
};

static const struct program programs[] = {
	{ "memcached", NULL, "memcached" },
	{ "memaslap", "memcaslap", "libmemcached-tools" },
	{ "gnuplot", NULL, "gnuplot-nox" },
};

static const struct program lab_programs[] = {
	{ "qemu-system-x86_64", NULL, "qemu-system-x86" },
	{ "busybox", NULL, "busybox-static" },
	{ "cpio", NULL, "cpio" },
	{ "modprobe", NULL, "kmod" },
	{ "xz", NULL, "xz-utils" },
	{ "zstd", NULL, "zstd" },
	{ "setpriv", NULL, "util-linux" },
};

/* What is missing as "a, b", and its packages as "c d". */
static void find_programs(const struct program *list, size_t nr, struct buf *missing,
			  struct buf *packages)
{
	for (size_t i = 0; i < nr; i++) {
		const struct program *p = &list[i];

		if (doctor_has_program(p->name) || (p->other && doctor_has_program(p->other)))
			continue;
		buf_addf(missing, "%s%s", missing->len ? ", " : "", p->name);
		buf_addf(packages, "%s%s", packages->len ? " " : "", p->package);
	}
}

static void judge_programs(const struct program *list, size_t nr, const char *all,
			   struct finding *f)
{
	struct buf missing = BUF_INIT, packages = BUF_INIT;

	find_programs(list, nr, &missing, &packages);
	if (missing.len) {
		found(f, VERDICT_WARNING, "missing: %s", missing.data);
		fix(f, "apt install %s", packages.data);
	} else {
		found(f, VERDICT_OK, "%s", all);
	}
	buf_release(&missing);
	buf_release(&packages);
}

static void look_programs(const struct doctor *d, struct finding *f)
{
	(void)d;
	judge_programs(programs, sizeof(programs) / sizeof(programs[0]),
		       "memcached, memaslap and gnuplot are there", f);
}

static void look_lab(const struct doctor *d, struct finding *f)
{
	(void)d;
	if (doctor_in_lab())
		return;
	judge_programs(lab_programs, sizeof(lab_programs) / sizeof(lab_programs[0]),
		       "all that it needs is installed", f);
}

/* As lab/boot.sh keeps it: the kernel's release and the CPU's name, then yes or no. */
static bool lab_answer(char *dst, size_t size)
{
	const char *cache = getenv("FMLAB_CACHE");
	char path[PATH_MAX], release[128], model[128] = "";
	char key[sizeof(release) + sizeof(model) + 2], line[sizeof(key) + 1];
	bool answered = false;
	FILE *file;

	if (cache)
		snprintf(path, sizeof(path), "%s/kvm", cache);
	else if (process_beside(path, sizeof(path), "lab/kvm") != 0)
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	doctor_kernel(release);
	doctor_value_of("/proc/cpuinfo", "model name", model, sizeof(model));
	snprintf(key, sizeof(key), "%s %s\n", release, model);
	if (fgets(line, sizeof(line), file) && strcmp(line, key) == 0 &&
	    fgets(dst, (int)size, file)) {
		dst[strcspn(dst, "\n")] = '\0';
		answered = true;
	}
	fclose(file);
	return answered;
}

static void look_kvm(const struct doctor *d, struct finding *f)
{
	char answer[8], path[PATH_MAX];

	(void)d;
	if (doctor_in_lab())
		return;
	if (!sysfile_exists("/dev/kvm")) {
		found(f, VERDICT_WARNING, "no /dev/kvm: the lab emulates");
		fix(f, "turn on virtualisation in the firmware and modprobe kvm_intel or kvm_amd; "
		       "in a virtual machine ask for nested virtualisation");
	} else if (sysfile_path(path, sizeof(path), "/dev/kvm") != 0 ||
		   access(path, R_OK | W_OK) != 0) {
		found(f, VERDICT_WARNING, "no right to use /dev/kvm: the lab emulates");
		fix(f, "usermod -aG kvm $USER, and log in anew");
	} else if (!lab_answer(answer, sizeof(answer))) {
		found(f, VERDICT_WARNING, "/dev/kvm is there; whether a guest boots was not tried");
		fix(f, "lab/fmlab run -- true");
	} else if (strcmp(answer, "yes") == 0) {
		found(f, VERDICT_OK, "a stock guest boots under KVM");
	} else {
		found(f, VERDICT_WARNING,
		      "a stock guest does not boot under KVM here (the lab tried): it emulates");
		fix(f, "nothing on this machine, if it is a guest itself; rm build/lab/kvm has the "
		       "lab try again");
	}
}

static void look_backend(const struct doctor *d, struct finding *f)
{
	const struct backend *b = d->backend;
	struct err err = { 0 };

	if (!b)
		return;
	if (b->check && b->check(d->backend_params, &err) != 0) {
		found(f, VERDICT_PROBLEM, "%s: %s", b->name, err.msg);
		fix(f, "as it says; or `fmbench backend list` for one that works here");
	} else {
		found(f, VERDICT_OK, "%s: ready (%s)", b->name, b->summary);
	}
}

static bool lacks_something(const struct unit *u)
{
	for (size_t i = 0; i < u->needs.nr; i++) {
		if (!unit_need_met(&u->needs.rows[i]))
			return true;
	}
	return false;
}

static void add_packages(const struct unit *u, struct buf *packages)
{
	for (size_t i = 0; i < u->needs.nr; i++) {
		const struct unit_need *need = &u->needs.rows[i];

		if (!unit_need_met(need) &&
		    (!packages->len || !strstr(packages->data, need->package)))
			buf_addf(packages, " %s", need->package);
	}
}

/* Of backends from files a machine has one at most: look_systems() speaks of them. */
static void look_units(const struct doctor *d, struct finding *f)
{
	struct buf missing = BUF_INIT, packages = BUF_INIT;
	size_t nr = 0;

	(void)d;
	for (size_t i = 0; i < nr_units; i++) {
		const struct unit *u = units_all[i];

		if (strcmp(u->kind, "workload") != 0)
			continue;
		nr++;
		if (!lacks_something(u))
			continue;
		buf_addf(&missing, "%s%s", missing.len ? ", " : "", u->name);
		add_packages(u, &packages);
	}
	if (missing.len) {
		found(f, VERDICT_WARNING, "%zu workloads from files; programs are missing for: %s",
		      nr, missing.data);
		fix(f, "make deps-workloads, or apt install%s", packages.data);
	} else if (nr) {
		found(f, VERDICT_OK, "%zu workloads from files: all their programs are there", nr);
	}
	buf_release(&missing);
	buf_release(&packages);
}

static void look_systems(const struct doctor *d, struct finding *f)
{
	struct buf here = BUF_INIT;

	(void)d;
	for (size_t i = 0; i < nr_units; i++) {
		const struct unit *u = units_all[i];

		if (strcmp(u->kind, "backend") == 0 && backend_unit_is_here(u))
			buf_addf(&here, "%s%s (%s)", here.len ? ", " : "", u->name, u->path);
	}
	if (here.len)
		found(f, VERDICT_OK, "its kernel runs here: %s", here.data);
	buf_release(&here);
}

const struct check doctor_tool_checks[] = {
	{ .name = "backend",
	  .why = "a run with this backend would end here, before it changes anything",
	  .look = look_backend },
	{ .name = "programs",
	  .why = "workload memaslap and the figures need them",
	  .look = look_programs },
	{ .name = "units",
	  .why = "workloads from files can't run without their programs",
	  .look = look_units },
	{ .name = "systems",
	  .why = "a file in units/ describes another far memory, and this machine is made for it",
	  .look = look_systems },
	{ .name = "lab",
	  .why = "--in-lab runs everything in a guest, where kernel and cgroups are as they "
		 "should be",
	  .look = look_lab },
	{ .name = "kvm",
	  .why = "without it the lab's guest is emulated: right in what it does, no measure of "
		 "time",
	  .look = look_kvm },
	{ .name = NULL },
};
