// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel: its page hook for far memory, its modules, its counters. */
#include <string.h>

#include "base/buf.h"
#include "base/sysfile.h"
#include "collectors/collector.h"
#include "harness/doctor/look.h"

#define DEBUGFS "/sys/kernel/debug"

/*
 * Where fastswap.ko intercepts pages, by kernel: the rows of backend/fastswap/Kbuild (a test
 * compares them), with what each hook_*.c looks up.
 */
static const struct page_hook {
	unsigned int since, before; /* as doctor_kernel() */
	const char *name;
	const char *symbols[5];
	bool ftrace;
} page_hooks[] = {
	{ 5010, 5017, "frontswap-chain", { "frontswap_ops", "register_kprobe" }, false },
	{ 5017, 6006, "frontswap-pointer", { "frontswap_ops", "register_kprobe" }, false },
	{ 6006,
	  7004,
	  "zswap-ftrace",
	  { "zswap_store", "zswap_load", "zswap_swapon", "zswap_swapoff" },
	  true },
};

/* Lines "ADDRESS TYPE NAME", with a tab and a module behind it for some. */
static bool has_symbol(const char *kallsyms, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = kallsyms; (at = strstr(at, name)); at += len) {
		if (at > kallsyms && at[-1] == ' ' && strchr("\n\t", at[len]))
			return true;
	}
	return false;
}

static const char *missing_symbol(const struct page_hook *hook)
{
	struct buf kallsyms = BUF_INIT;
	const char *missing = NULL;

	/* Unreadable: fastswap.ko itself will say what it lacks. */
	if (sysfile_read("/proc/kallsyms", &kallsyms) == 0) {
		for (size_t i = 0; hook->symbols[i] && !missing; i++) {
			if (!has_symbol(kallsyms.data, hook->symbols[i]))
				missing = hook->symbols[i];
		}
	}
	buf_release(&kallsyms);
	return missing;
}

static const struct page_hook *page_hook(void)
{
	unsigned int kernel = doctor_kernel(NULL);

	for (size_t i = 0; i < sizeof(page_hooks) / sizeof(page_hooks[0]); i++) {
		if (kernel >= page_hooks[i].since && kernel < page_hooks[i].before)
			return &page_hooks[i];
	}
	return NULL;
}

static void look_page_hook(const struct doctor *d, struct finding *f)
{
	const struct page_hook *hook = page_hook();
	const char *missing = hook ? missing_symbol(hook) : NULL;
	char release[128], line[64];

	(void)d;
	doctor_kernel(release);
	if (sysfile_read_line("/sys/module/fastswap/parameters/hook", line, sizeof(line)) == 0) {
		found(f, VERDICT_OK, "%s, fastswap is loaded (Linux %s)", line, release);
		return;
	}
	if (!hook) {
		found(f, VERDICT_WARNING, "Linux %s: none is known", release);
		fix(f, "boot Linux 5.10 to 7.3; or use --in-lab");
	} else if (missing) {
		found(f, VERDICT_WARNING, "Linux %s: %s can't work, the kernel has no %s", release,
		      hook->name, missing);
		fix(f, "boot a distribution's kernel (CONFIG_ZSWAP, CONFIG_KPROBES, "
		       "CONFIG_KALLSYMS_ALL); or use --in-lab");
	} else if (hook->ftrace &&
		   (sysfile_read_line("/proc/sys/kernel/ftrace_enabled", line, sizeof(line)) != 0 ||
		    strcmp(line, "1") != 0)) {
		found(f, VERDICT_WARNING, "Linux %s: %s can't work, ftrace is off", release,
		      hook->name);
		fix(f, "sysctl kernel.ftrace_enabled=1");
	} else {
		found(f, VERDICT_OK, "%s (Linux %s)", hook->name, release);
	}
}

static void look_frontswap(const struct doctor *d, struct finding *f)
{
	struct buf kallsyms = BUF_INIT;
	bool gone = doctor_kernel(NULL) >= 6006;
	bool has = !gone && (sysfile_exists(DEBUGFS "/frontswap") ||
			     (sysfile_read("/proc/kallsyms", &kallsyms) == 0 &&
			      has_symbol(kallsyms.data, "__frontswap_store")));

	(void)d;
	buf_release(&kallsyms);
	if (has)
		found(f, VERDICT_OK, "in this kernel");
	else if (gone && page_hook())
		found(f, VERDICT_OK, "no frontswap: Linux 6.6 took it out; %s stands in",
		      page_hook()->name);
	else if (gone)
		found(f, VERDICT_WARNING, "no frontswap: Linux 6.6 took it out");
	else
		found(f, VERDICT_WARNING, "no frontswap: the kernel is built without it");
	if (f->verdict == VERDICT_WARNING)
		fix(f, "boot a distribution's Linux 5.10 to 6.5; or use --in-lab");
}

static void look_modules(const struct doctor *d, struct finding *f)
{
	enum verdict bad = d->backend ? VERDICT_PROBLEM : VERDICT_WARNING;
	struct buf loaded = BUF_INIT;
	size_t nr = 0;

	if (sysfile_read("/proc/modules", &loaded) != 0) {
		found(f, bad, "the kernel is built without loadable modules");
		fix(f, "boot a distribution's kernel; or use --in-lab");
	} else if (!doctor_modules_possible()) {
		found(f, bad, "loading modules is switched off until reboot");
		fix(f, "reboot without kernel.modules_disabled=1 in /etc/sysctl.d");
	} else {
		for (const char *at = loaded.data; (at = strchr(at, '\n')); at++)
			nr++;
		found(f, VERDICT_OK, "can be loaded (%zu are)", nr);
	}
	buf_release(&loaded);
}

static void look_signatures(const struct doctor *d, struct finding *f)
{
	char lockdown[128] = "none", enforce[8] = "N";

	(void)d;
	if (!doctor_modules_possible())
		return;
	sysfile_read_choice("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	sysfile_read_line("/sys/module/module/parameters/sig_enforce", enforce, sizeof(enforce));
	if (strcmp(lockdown, "none") != 0) {
		found(f, VERDICT_WARNING, "the kernel is locked down (%s)", lockdown);
		fix(f, "turn secure boot off in the firmware, or sign the modules with an "
		       "enrolled key (mokutil --import)");
	} else if (enforce[0] == 'Y') {
		found(f, VERDICT_WARNING, "the kernel loads signed modules only");
		fix(f, "boot without module.sig_enforce=1, or sign the modules");
	} else {
		found(f, VERDICT_OK, "no lockdown, unsigned modules are taken");
	}
}

static void look_headers(const struct doctor *d, struct finding *f)
{
	char release[128], path[256];

	(void)d;
	/* The lab's modules are built on the host. */
	if (!doctor_modules_possible() || doctor_in_lab())
		return;
	doctor_kernel(release);
	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", release);
	if (sysfile_exists(path)) {
		found(f, VERDICT_OK, "of Linux %s", release);
		return;
	}
	found(f, VERDICT_WARNING, "none of Linux %s", release);
	fix(f, "apt install linux-headers-%s && make modules", release);
}

static void look_debugfs(const struct doctor *d, struct finding *f)
{
	char line[256];
	struct buf mounts = BUF_INIT;
	bool mounted = sysfile_read("/proc/mounts", &mounts) == 0 &&
		       strstr(mounts.data, " " DEBUGFS " debugfs ");

	(void)d;
	buf_release(&mounts);
	if (mounted) {
		found(f, VERDICT_OK, "mounted on " DEBUGFS);
	} else if (doctor_has_word("/proc/filesystems", "debugfs")) {
		found(f, VERDICT_WARNING, "not mounted");
		fix(f, "mount -t debugfs none " DEBUGFS);
	} else {
		if (sysfile_read_line("/proc/filesystems", line, sizeof(line)) != 0)
			return;
		found(f, VERDICT_WARNING, "the kernel is built without it");
		fix(f, "boot a distribution's kernel; or use --in-lab");
	}
}

/* What comes with a run, its group and its backend is not looked for. */
static void look_counters(const struct doctor *d, struct finding *f)
{
	struct collector_ctx ctx = { .reclaim_cpu = -1 };
	struct buf absent = BUF_INIT, refused = BUF_INIT;

	(void)d;
	for (size_t i = 0; collector_table[i]; i++) {
		const struct collector *c = collector_table[i];
		struct err why = { 0 };
		struct buf *list;
		void *state;
		int rc;

		ctx.self = c;
		rc = c->of_run ? 0 : c->open(&ctx, &state, &why);
		list = rc == -ENOENT ? &absent : &refused;
		if (!rc && !c->of_run)
			c->close(state);
		if (rc)
			buf_addf(list, "%s%s (%s)", list->len ? "; " : "", c->name, why.msg);
	}
	if (refused.len) {
		found(f, VERDICT_WARNING, "can't be read: %s", refused.data);
		fix(f,
		    "runs go on without them, flagged COUNTER_REFUSED: see why the files refuse");
	} else {
		found(f, VERDICT_OK, "absent here: %s", absent.len ? absent.data : "none");
	}
	buf_release(&absent);
	buf_release(&refused);
}

const struct check doctor_kernel_checks[] = {
	{ .name = "page-hook",
	  .why = "fastswap serves faults through it; without one every page takes the block layer",
	  .concerns = CONCERN_FASTSWAP,
	  .look = look_page_hook },
	{ .name = "frontswap",
	  .why = "Fastswap's page hook before Linux 6.6, with counters of its own",
	  .concerns = CONCERN_FASTSWAP,
	  .look = look_frontswap },
	{ .name = "modules",
	  .why = "fastswap is a set of kernel modules",
	  .concerns = CONCERN_FASTSWAP,
	  .look = look_modules },
	{ .name = "signatures",
	  .why = "a kernel that is locked down refuses modules that were built here",
	  .concerns = CONCERN_FASTSWAP,
	  .look = look_signatures },
	{ .name = "headers",
	  .why = "modules are built against the running kernel's headers",
	  .concerns = CONCERN_FASTSWAP,
	  .look = look_headers },
	{ .name = "debugfs",
	  .why = "fastswap's and frontswap's counters are there: no cross-check of page-ins "
		 "without them",
	  .concerns = CONCERN_FASTSWAP,
	  .look = look_debugfs },
	{ .name = "pager",
	  .why = "--backend pager and fmpager serve the faults of unmodified programs, and follow "
		 "their forks",
	  .concerns = CONCERN_PAGER,
	  .look = doctor_look_pager },
	{ .name = "counters",
	  .why = "what is absent here no run samples; `fmbench show -v` names it for each run",
	  .look = look_counters },
	{ .name = NULL },
};
