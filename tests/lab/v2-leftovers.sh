#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# The host's tests of what is left in a run's group, on cgroup v2.
cd "$(dirname "$0")/../.." || exit 1
exec tests/cli/resilience.sh daemon_is_left foreign_in_group
