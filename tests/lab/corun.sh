#!/usr/bin/env bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Co-runs on cgroup v2: limits are memory.high, and policy pressure follows each job's own pressure; and a mix
# with arrivals whose far memory is behind RDMA.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

# Jobs of 6M, either of which is too large alone; the second comes later.
printf '%s\n' '[experiment]' 'local = 40%' 'ratio-min = 0.2' 'policy-every = 100ms' \
	'[job early]' 'workload = quicksort' 'memory = 6M' 'peak = 6M' \
	'[job late]' 'workload = quicksort' 'memory = 6M' 'peak = 6M' 'arrivals = poisson 60/min' >"$tmp/mix.ini"
corun() { expect_run "$fmbench" corun "$tmp/mix.ini" --figures none --reclaim-cpu none "$@"; }
last='(SELECT max(id) FROM run)'
state() {
	machine_state
	lsmod | grep -o '^fastswap[a-z_]*' || true
	pgrep -a memserver || true
}
state >"$tmp/before"
restored() {
	state >"$tmp/now"
	diff "$tmp/before" "$tmp/now" >&2 || fail "$1: something was left behind"
}

# --- each job's own pressure: below a target of all its time, its limit sinks
corun --backend zram --policy pressure --pressure-target 1
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'PRESSURE_SHARED' AND run = $last") == 0 ]] ||
	fail "the machine's pressure was taken for the group's"
# Of the first job: did they come down by a tenth?
sank() {
	sql "SELECT min(value) < 0.9 * max(value) FROM sample s JOIN metric m ON m.id = s.metric
		WHERE collector = 'limit' AND key = 'target' AND value > 0 AND run = $last AND job = 1"
}
[[ $(sank) == 1 ]] || fail "the limits did not sink"
[[ $(sql "SELECT count(*) FROM phase_delta WHERE run = $last AND phase = 'measure'
	AND collector = 'memory_events' AND key = 'high' AND delta > 0") == 2 ]] ||
	fail "memory.high did not throttle both jobs"
restored pressure

# --- arrivals, over RDMA
corun --backend fastswap-rdma --policy uniform
[[ $(sql "SELECT count(*) FROM result WHERE run = $last AND name = 'arrival' AND value > 0") == 1 ]] ||
	fail "nobody came later"
[[ $(sql "SELECT sum(delta) FILTER (WHERE key GLOB 'loads*') > 500 AND sum(delta) FILTER (WHERE key = 'stores') > 500
	FROM phase_delta WHERE run = $last AND phase = 'measure' AND collector = 'fastswap'") == 1 ]] ||
	fail "little went through fastswap: $(sql "SELECT key, delta FROM phase_delta WHERE run = $last
		AND phase = 'measure' AND collector = 'fastswap' AND delta > 0")"
[[ $(sql "SELECT value > 1 << 19 FROM result WHERE run = $last AND name = 'far_most'") == 1 ]] ||
	fail "no far memory was counted"
restored fastswap-rdma
