#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make demo: install what is missing, build, run the main job at three ratios, show the table and
# draw two figures.
set -euo pipefail
cd "$(dirname "$0")/.."

export FMBENCH_DB=results/demo.db
setup/deps.sh packages
make -s all
status=0
build/fmbench run memaslap --ratio 1,0.5,0.25 --experiment demo || status=$?
# 7: finished, and the table says which numbers are not to be trusted.
[[ $status -eq 0 || $status -eq 7 ]] || exit "$status"
build/fmbench plot slowdown --experiment demo -o results/demo-slowdown.png
build/fmbench plot timeseries -o results/demo-timeseries.png
echo
echo "runs:    $FMBENCH_DB"
echo "figures: results/demo-slowdown.png results/demo-timeseries.png"
echo "try:     build/fmbench --db $FMBENCH_DB show"
exit "$status"
