/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reader of the numbers must know of the machine. */
#ifndef HARNESS_MACHINE_H
#define HARNESS_MACHINE_H

#include "base/result.h"

/* Lasting: CPU model and count, memory, nodes, kernel, whether emulated. Equal facts, equal machine. */
void machine_facts(struct facts *facts);
/* Of this moment, everything known to move results: THP, page-cluster, swappiness, MGLRU … A fact
 * that the kernel does not have is left out. */
void machine_settings(struct facts *facts);
/* The file at path will hold value: so will the fact that machine_settings() takes from it, if any. */
void machine_setting_becomes(struct facts *facts, const char *path, const char *value);

#endif
