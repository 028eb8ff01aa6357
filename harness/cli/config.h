/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defaults of the user's: an ini file with a section [common] and one a command ([run], [sweep] …),
 * whose keys are that command's options. The environment and the command line outweigh it.
 */
#ifndef HARNESS_CONFIG_H
#define HARNESS_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/opt.h"

/*
 * Read what --config FILE names among argv's words (up to "--"), else $FMBENCH_CONFIG, else
 * ~/.config/fmbench/config where that is there. ERR_USAGE: not there, no ini file, a section that is
 * none of those (NULL-ended). Call it once; config_release() whatever it returned.
 */
int config_load(int argc, char *const argv[], const char *const *sections, struct err *err);
void config_release(void);

/* Set what the section says; nothing where there is none, or nothing was loaded. */
int config_apply(const char *section, const struct opt *table, void *base, struct err *err);

/* Where it is, or would be. */
const char *config_path(void);
/* It as one text, to be kept with a run; NULL: none. */
const char *config_text(void);
/* Has the section that key? */
bool config_has(const char *section, const char *key);

#endif
