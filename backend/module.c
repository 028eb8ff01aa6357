// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/module.h"

#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "backend/busy.h"
#include "base/kmsg.h"

static bool is_present(int initstate)
{
	return initstate == KMOD_MODULE_BUILTIN || initstate == KMOD_MODULE_LIVE ||
	       initstate == KMOD_MODULE_COMING;
}

static int open_module(struct kmod_ctx *kmod, const char *what, struct kmod_module **ret)
{
	return strchr(what, '/') ? kmod_module_new_from_path(kmod, what, ret)
				 : kmod_module_new_from_name(kmod, what, ret);
}

bool module_available(const char *name)
{
	struct kmod_ctx *kmod = kmod_new(NULL, NULL);
	struct kmod_module *mod = NULL;
	bool available;

	available = kmod && open_module(kmod, name, &mod) == 0 &&
		    (is_present(kmod_module_get_initstate(mod)) || kmod_module_get_path(mod));
	kmod_module_unref(mod);
	kmod_unref(kmod);
	return available;
}

/* The last that the module said in the kernel's log, "" if nothing. */
static const char *last_words(int log, const char *module, char *words, size_t size)
{
	size_t len = strlen(module);
	char record[KMSG_RECORD_MAX];
	const char *text;

	words[0] = '\0';
	while ((text = kmsg_next(log, record))) {
		if (strncmp(text, module, len) == 0 && strncmp(text + len, ": ", 2) == 0)
			snprintf(words, size, "%s", text + len + 2);
	}
	return words;
}

static int load_failed(const char *what, const char *words, int rc, struct err *err)
{
	if (*words)
		return err_failed(err, -rc, "kernel module %s: %s", what, words);
	switch (-rc) {
	case ENOENT:
		return err_missing(err,
				   "kernel module %s is not installed for the running kernel: "
				   "install or build it, or choose another --backend",
				   what);
	case EPERM:
		return err_missing(err,
				   "loading kernel module %s needs root, and a kernel that is not "
				   "locked down (secure boot refuses unsigned modules)",
				   what);
	case ENOSYS:
		return err_missing(err,
				   "this kernel is built without loadable modules, so %s can't be "
				   "loaded: choose another --backend",
				   what);
	case ENOEXEC:
		return err_failed(err, -rc,
				  "kernel module %s was built for another kernel: "
				  "rebuild it against the running one",
				  what);
	default:
		return err_failed(err, -rc, "loading kernel module %s (dmesg may say more)", what);
	}
}

/* What will be loaded with it, each with an entry of its own: those that nobody else has come to use go
 * again. */
static int journal_dependencies(struct journal *j, struct kmod_module *mod, struct err *err)
{
	struct kmod_list *list = kmod_module_get_dependencies(mod), *item;
	int rc = 0;

	kmod_list_foreach(item, list)
	{
		struct kmod_module *dependency = kmod_module_get_module(item);

		if (rc >= 0 && !is_present(kmod_module_get_initstate(dependency)))
			rc = journal_add(j, err, "dependency", kmod_module_get_name(dependency),
					 NULL);
		kmod_module_unref(dependency);
	}
	kmod_module_unref_list(list);
	return rc < 0 ? rc : 0;
}

int module_load(struct journal *j, const char *what, const char *options, struct err *err)
{
	struct kmod_ctx *kmod = kmod_new(NULL, NULL);
	struct kmod_module *mod = NULL;
	char words[256] = "";
	int rc, log = -1;

	if (!kmod)
		return err_failed(err, ENOMEM, "libkmod");
	rc = open_module(kmod, what, &mod);
	if (rc < 0) {
		rc = load_failed(what, words, rc, err);
		goto out;
	}
	if (is_present(kmod_module_get_initstate(mod))) {
		rc = 0;
		goto out;
	}
	rc = journal_dependencies(j, mod, err);
	if (!rc)
		rc = journal_add(j, err, "module", kmod_module_get_name(mod), NULL);
	if (rc < 0)
		goto out;
	log = kmsg_open();
	rc = strchr(what, '/') ? kmod_module_insert_module(mod, 0, options)
			       : kmod_module_probe_insert_module(mod, 0, options, NULL, NULL, NULL);
	if (rc < 0)
		rc = load_failed(what,
				 last_words(log, kmod_module_get_name(mod), words, sizeof(words)),
				 rc, err);
	else
		rc = 0;
out:
	if (log >= 0)
		close(log);
	kmod_module_unref(mod);
	kmod_unref(kmod);
	return rc;
}

/* is_dependency: another module may have come to need it, and then it stays. */
static int unload(const char *name, bool is_dependency, struct err *err)
{
	struct kmod_ctx *kmod = kmod_new(NULL, NULL);
	struct kmod_module *mod = NULL;
	unsigned int tries = 0;
	int rc;

	if (!kmod)
		return err_failed(err, ENOMEM, "libkmod");
	kmod_set_log_priority(kmod, LOG_CRIT); /* that it is busy, on each try */
	rc = kmod_module_new_from_name(kmod, name, &mod);
	if (rc < 0) {
		rc = err_failed(err, -rc, "kernel module %s", name);
		goto out;
	}
	if (!is_present(kmod_module_get_initstate(mod)))
		goto out;
	do
		rc = kmod_module_remove_module(mod, 0);
	while (!is_dependency && (rc == -EAGAIN || rc == -EBUSY) && busy_wait(&tries));
	if (rc == -ENOENT || (is_dependency && (rc == -EAGAIN || rc == -EBUSY)))
		rc = 0;
	else if (rc < 0)
		rc = err_failed(err, -rc,
				"unloading kernel module %s (if it is in use, /proc/swaps and "
				"/sys/module/%s/holders say by whom)",
				name, name);
out:
	kmod_module_unref(mod);
	kmod_unref(kmod);
	return rc;
}

int module_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	return unload(args[0], false, err);
}

int module_dependency_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	return unload(args[0], true, err);
}
