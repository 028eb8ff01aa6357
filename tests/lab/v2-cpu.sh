#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# Throttling is counted: the run's groups get the controller cpu, also where nobody has turned it on,
# and then the machine is as before.
. "$(dirname "$0")/../lib.sh"

control=/sys/fs/cgroup/cgroup.subtree_control
echo -cpu >$control
[[ " $(<$control) " != *" cpu "* ]] || fail "cpu can't be turned off"
machine_state >"$tmp/before"
set_in_group /sys/fs/cgroup inside/cpu.max "20000 100000" &
expect_run "$fmbench" run quicksort --ratio 0.5 --peak 16M -o memory=16M --backend zram
wait $! || fail "the group could not be throttled"
[[ $(sql "SELECT count(*) FROM phase_delta WHERE phase = 'measure' AND collector = 'cgroup_cpu'
	AND key IN ('nr_throttled', 'throttled_usec') AND delta > 0") == 2 ]] ||
	fail "throttling was not counted"
wait_same "$tmp/before" 2 || fail "something was left behind"
[[ " $(<$control) " != *" cpu "* ]] || fail "cpu was left on"

# On for others: it stays.
echo +cpu >$control
expect_run "$fmbench" run null
[[ " $(<$control) " == *" cpu "* ]] || fail "cpu was turned off"
