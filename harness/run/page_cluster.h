/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm.page-cluster for the time of a run: how many pages swap reads ahead (2^N). */
#ifndef HARNESS_PAGE_CLUSTER_H
#define HARNESS_PAGE_CLUSTER_H

#include "base/err.h"
#include "base/journal.h"
#include "base/result.h"

/* value NULL: leave it as it is. ERR_USAGE, ERR_MISSING; changes nothing. */
int page_cluster_check(const char *value, struct err *err);
/* Journaled; replaces the fact that was read before. */
int page_cluster_set(const char *value, struct journal *j, struct facts *facts, struct err *err);

#endif
