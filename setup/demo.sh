#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make demo: install what is missing, build, and `fmbench demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

setup/deps.sh packages
make -s all
exec build/fmbench demo
