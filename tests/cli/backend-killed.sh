#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Backends on the real machine: pages go out and come back, and a SIGKILL at any instant of coming
# up leaves nothing that the journal can't undo.
set -euo pipefail
cd "$(dirname "$0")/../.."

make -s build/tests/unit/backend_killed
dir=$(mktemp -d /var/tmp/fmbench-test.XXXXXX)
trap 'rmdir "$dir"' EXIT
build/tests/unit/backend_killed "$dir"
