#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# The host's memory, as a disk of the guest's: found by its serial number, it carries a verified sort, and is empty
# again afterwards.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

disk=/dev/$(grep -lx fmbench-host /sys/block/*/serial | cut -d/ -f4)
machine_state >"$tmp/before"
expect_run "$fmbench" run quicksort --ratio 0.5 --peak 16M -o memory=16M --backend host
[[ $(sql 'SELECT far_bytes > 4000000 FROM run_summary') == 1 ]] || fail "nothing was far"
[[ $(sql "SELECT json_extract(facts, '$.swap_device') FROM run") == "$disk" ]] || fail "not on $disk"
eventually same_state "$tmp/before" || fail "something was left behind"
cmp -s -n 131072 "$disk" /dev/zero || fail "a signature is left on $disk"
