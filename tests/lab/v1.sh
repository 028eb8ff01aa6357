#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 2 --mem 1G --cgroup hybrid
# A machine whose memory controller is on v1: found, used, and said in a flag.
. "$(dirname "$0")/../lib.sh"

# hybrid: an empty v2 tree beside it.
v2=/sys/fs/cgroup/unified
if [[ ${1-} == hybrid ]]; then
	[[ -d $v2 ]] || fail "no hybrid machine"
elif [[ -d $v2 ]]; then
	umount $v2
	rmdir $v2
fi
machine_state >"$tmp/before"
expect_run "$fmbench" run quicksort --ratio 1,0.5 -o memory=48M --backend zram
wait_same "$tmp/before" || fail "something was left behind"
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'V1_LIMIT'") == 2 ]] || fail "no V1_LIMIT flag"
[[ $(sql "SELECT count(*) FROM run_summary WHERE ratio < 1 AND major_faults > 1000") == 1 ]] ||
	fail "no page-ins"
expect_run "$fmbench" run quicksort --ratio 0.5 -o memory=48M --backend zram --offload-reclaim
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'NO_OFFLOAD'") == 1 ]] || fail "no NO_OFFLOAD flag"

# Throttling has a hierarchy of its own.
set_in_group /sys/fs/cgroup/cpu inside/cpu.cfs_quota_us 20000 &
expect_run "$fmbench" run quicksort --ratio 0.5 --peak 16M -o memory=16M --backend zram
wait $! || fail "the group could not be throttled"
[[ $(sql "SELECT count(*) FROM phase_delta WHERE run = (SELECT max(id) FROM run)
	AND phase = 'measure' AND collector = 'cgroup_cpu'
	AND key IN ('nr_throttled', 'throttled_usec') AND delta > 0") == 2 ]] ||
	fail "throttling was not counted"
wait_same "$tmp/before" 2 || fail "something was left behind"
