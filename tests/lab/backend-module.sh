#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# As tests/cli/backend-killed.sh, on a stock kernel: zram is a module there, loaded and unloaded.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ -e /sys/module/zram ]]; then
	echo "zram is loaded already: nothing to see of loading it"
	exit 77
fi
if [[ ! -x build/tests/unit/backend_killed ]]; then
	echo "build/tests/unit/backend_killed is not built: make build/tests/unit/backend_killed"
	exit 1
fi
dir=$(mktemp -d /var/tmp/fmbench-XXXXXX)
trap 'rmdir "$dir"' EXIT
build/tests/unit/backend_killed "$dir"
[[ ! -e /sys/module/zram ]]
