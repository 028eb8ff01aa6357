// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/workload.h"

const struct workload *const workload_table[] = {
	&workload_command, &workload_memaslap, &workload_null, &workload_quicksort, NULL,
};
