/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules, through libkmod. */
#ifndef BACKEND_MODULE_H
#define BACKEND_MODULE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/journal.h"

/* Can module_load() find it: loaded, built in, or in the running kernel's module tree? */
bool module_available(const char *name);

/*
 * Load a module and what it depends on; nothing to do (and nothing to undo) when it is loaded or
 * built in. what: a name ("zram"), or the path of a .ko outside the module tree, whose
 * dependencies must be loaded already. options: "size=1G node=0", or NULL.
 */
int module_load(struct journal *j, const char *what, const char *options, struct err *err);

/* Journal kind "module NAME": unload it. */
int module_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);
/* Journal kind "dependency NAME": unload it unless somebody uses it by now. */
int module_dependency_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

#endif
