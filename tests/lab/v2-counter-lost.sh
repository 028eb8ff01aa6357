#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --cpus 4 --mem 2G --numa 2 --disk 1G --host-memory 128M
# A collector's file vanishes under a run, as somebody turns pressure accounting off for its group:
# the run ends well and says so, and what the others count is whole.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"
[[ -e $(find /sys/fs/cgroup -name cgroup.pressure -print -quit) ]] ||
	skip "no cgroup.pressure in this kernel (Linux 6.1 has it)"

machine_state >"$tmp/before"
expect_run "$fmbench" run null -o seconds=1
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'COUNTER_LOST'") == 0 ]] || fail "flagged unlost"

"$fmbench" run null -o seconds=4 >"$tmp/out" 2>"$tmp/err" &
pid=$!
ticks() {
	sql "SELECT count(*) FROM tick WHERE run = 2"
}
for ((i = 0; i < 100 && $(ticks) < 10; i++)); do
	sleep 0.1
done
while read -r switch; do
	echo 0 >"$switch"
done < <(find /sys/fs/cgroup -path '*fmbench*' -name cgroup.pressure)
status=0
wait "$pid" || status=$?
[[ $status -eq 0 || $status -eq 7 ]] || fail "exit status $status: $(<"$tmp/err")"
sql "SELECT severity, detail FROM flag WHERE run = 2 AND code = 'COUNTER_LOST'" >"$tmp/flag"
grep -qE '^warning\|collector pressure could not be read [1-9][0-9]* times' "$tmp/flag" ||
	fail "COUNTER_LOST is not there: $(<"$tmp/flag")"
lost=$(grep -o 'read [0-9]*' "$tmp/flag" | cut -d' ' -f2) all=$(ticks)
((lost >= 10 && lost <= all - 10)) || fail "$lost of $all ticks, and it was lost half-way"
# goes_on COLLECTOR: whether its samples go on into the last fifth of the run.
goes_on() {
	[[ $(sql "SELECT max(tick) > 0.8 * $all FROM sample s JOIN metric m ON m.id = s.metric
		WHERE run = 2 AND collector = '$1'") == 1 ]]
}
goes_on cpu || fail "the other collectors have stopped"
! goes_on pressure || fail "samples of a file that is not there"
wait_same "$tmp/before" || fail "something was left behind"
