// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/version.h"

const char fmbench_version[] = FMBENCH_VERSION;
