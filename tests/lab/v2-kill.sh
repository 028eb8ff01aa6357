#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# The host's tests of kills and recovery, on cgroup v2 with zram as a module.
export KILLS=${KILLS:-3}
cd "$(dirname "$0")/../.." || exit 1
tests/cli/recover.sh && exec tests/cli/kill.sh
