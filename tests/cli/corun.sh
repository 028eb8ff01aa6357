#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several jobs under one budget: who waits, how limits move, what is refused, and that nothing is left of a
# job that dies, forks away or never ends, of a policy that hangs, and of a harness that is killed.
. "$(dirname "$0")/../lib.sh"
need_swap

corun() { "$fmbench" corun --backend zram --figures none --reclaim-cpu none "$@"; }

# mix LINES…: a file with the budget of 48M and two jobs of 32M.
mix() {
	printf '%s\n' '[experiment]' 'name = mix' 'local = 48M' 'ratio-min = 0.3' "$@" \
		'[job a]' 'workload = null' 'memory = 30M' 'seconds = 1s' 'peak = 32M' \
		'[job b]' 'workload = null' 'memory = 30M' 'seconds = 1s' 'peak = 32M' >"$tmp/mix.ini"
}

# command LINE: a file with one job that is a command.
command() {
	printf '%s\n' '[experiment]' 'name = mix' 'local = 48M' \
		'[job c]' 'workload = command' "command = \"$1\"" 'peak = 32M' >"$tmp/command.ini"
}

# --- refused before anything is touched
mix
expect 2 corun nowhere
expect 2 corun "$tmp/mix.ini" --policy unifrom
grep -q 'did you mean' "$tmp/err" || fail "no guess for a policy"
expect 2 corun "$tmp/mix.ini" --policy uniform,
grep -q "after the last comma" "$tmp/err" || fail "an empty item: $(<"$tmp/err")"
expect 2 corun "$tmp/mix.ini" --local 40%,,60%
expect 2 corun "$tmp/mix.ini" --local 100T
grep -q "more than this machine's memory" "$tmp/err" || fail "a budget larger than the machine"
expect 2 corun "$tmp/mix.ini" --local 8M
grep -q 'would wait for ever' "$tmp/err" || fail "a least that never fits"
expect 2 corun "$tmp/mix.ini" --cores 999
grep -q 'claims 999 cores' "$tmp/err" || fail "cores that are not there"
expect 2 corun "$tmp/mix.ini" --policy schedule --schedule '5s:1'
expect 2 corun "$tmp/mix.ini" --policy program
expect 2 corun "$tmp/mix.ini" --offload-reclaim
expect 3 corun "$tmp/mix.ini" --policy optimal
grep -q 'no profile of a' "$tmp/err" || fail "optimal without a profile"
mix 'locl = 1G'
expect 2 corun "$tmp/mix.ini"
grep -q 'mix.ini:5: .*did you mean' "$tmp/err" || fail "an unknown key has no line"
[[ $(sql 'SELECT count(*) FROM run') == 0 ]] || fail "a refused co-run left a run"

# --- two policies: with far memory both run at once, without the second waits
mix 'repeat = 2'
machine_state >"$tmp/before"
expect_run corun "$tmp/mix.ini" --policy uniform,none --repeat 1
[[ $(sql 'SELECT count(*) FROM run') == 2 ]] || fail "the file outweighs the command line"
mix
wait_same "$tmp/before" || fail "something was left behind"
grep -q '^uniform ' "$tmp/out" || fail "no row of policy uniform"
of() { # of POLICY RESULT JOB
	sql "SELECT round(value, 2) FROM result v JOIN run r ON r.id = v.run
		WHERE run_params ->> '\$.policy' = '$1' AND v.name = '$2' AND v.job = $3"
}
# Without far memory the second starts when the first has ended; with it, before.
awk "BEGIN { exit !($(of uniform queueing 2) < $(of uniform running 1) && \
	$(of none queueing 2) >= $(of none running 1)) }" ||
	fail "queueing: uniform $(of uniform queueing 2), none $(of none queueing 2)"
awk "BEGIN { exit !($(of none makespan 1) > $(of none running 1) + 0.9 * $(of none running 2)) }" ||
	fail "makespan"
# The limits are in the samples, and never exceed the budget.
limit='SELECT value FROM sample s WHERE s.run = t.run AND s.tick <= t.tick AND s.metric ='
[[ $(sql "SELECT max(ifnull(($limit a.id ORDER BY tick DESC LIMIT 1), 0)
		+ ifnull(($limit b.id ORDER BY tick DESC LIMIT 1), 0)) BETWEEN 40 << 20 AND 48 << 20
	FROM tick t JOIN metric a JOIN metric b WHERE a.collector = 'limit' AND a.key = 'bytes' AND a.job = 1
		AND b.collector = 'limit' AND b.key = 'bytes' AND b.job = 2") == 1 ]] || fail "limits"
# Arrivals that are played again are the same.
sed -i 's/^seconds = 1s/&\narrivals = poisson 60\/min/' "$tmp/mix.ini"
expect_run corun "$tmp/mix.ini" --seed 7
expect_run corun "$tmp/mix.ini" --seed 8 --replay latest
[[ $(sql "SELECT count(DISTINCT value) = 2 AND count(*) = 4 FROM result WHERE name = 'arrival'
	AND run > (SELECT max(id) - 2 FROM run)") == 1 ]] || fail "--replay"

# --- a limit that follows a schedule, and policies that can't be followed
mix
expect_run corun "$tmp/mix.ini" --policy schedule --schedule '0s:0.7 500ms:0.4' --policy-every 100ms
[[ $(sql "SELECT min(value) BETWEEN 12 << 20 AND 14 << 20 FROM sample s JOIN metric m ON m.id = s.metric
	WHERE collector = 'limit' AND key = 'bytes' AND value > 0
	AND run = (SELECT max(id) FROM run)") == 1 ]] || fail "the schedule's step was not made"
# Below any target: the limits sink.
expect_run corun "$tmp/mix.ini" --policy pressure --pressure-target 1 --policy-every 100ms --local 64M
[[ $(sql "SELECT min(value) < 31 << 20 FROM sample s JOIN metric m ON m.id = s.metric
	WHERE collector = 'limit' AND key = 'target' AND value > 0 AND run = (SELECT max(id) FROM run)") == 1 ]] ||
	fail "pressure moved nothing"
expect 7 corun "$tmp/mix.ini" --policy program --program 'sleep 600' --program-timeout 200ms
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'POLICY_LOST'") == 1 ]] || fail "a policy that hangs"
expect 7 corun "$tmp/mix.ini" --policy program --program 'exit 1'
expect_run corun "$tmp/mix.ini" --policy program \
	--program "while read l; do echo '{\"limits\":{\"a\":1,\"b\":1}}'; done"
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'POLICY_IMPOSSIBLE'") == 1 ]] || fail "the impossible"

# --- jobs that die, fork away, never end
command 'echo so it is >&2; exit 3'
expect 1 corun "$tmp/command.ini"
grep -q 'job c: .*status 3.*so it is' "$tmp/err" || fail "a job that dies is not named"
# On v1, too, it goes without rseq (job.c has why).
# shellcheck disable=SC2016 # the job's shell expands
command '[ ! -e /sys/fs/cgroup/memory/tasks ] || [ $GLIBC_TUNABLES ] || exit 9; setsid sleep 600 & sleep 0.5'
expect_run corun "$tmp/command.ini"
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'FORKED_AWAY'") == 1 ]] || fail "forked away"
command "trap '' TERM; while :; do sleep 600; done"
expect 1 corun "$tmp/command.ini" --time-limit 1s
grep -q 'no end of c' "$tmp/err" || fail "a job without an end is not named"
# Memory that nothing can move away: once all of it is locked, the program's files too, or a page of them could
# not come back (Linux retries that fault for ever where a group has nothing to give).
python3 -c 'import ctypes, time'
command "python3 -c 'import ctypes, time; b = bytearray(24 << 20); ctypes.CDLL(None).mlockall(1); time.sleep(4)'"
expect_run corun "$tmp/command.ini" --policy schedule --schedule '0s:1 2s:0.4' --settle-timeout 500ms --time-limit 30s
[[ $(sql "SELECT detail LIKE '%12.8M was wanted%' FROM flag WHERE code = 'LIMIT_STUCK'") == 1 ]] ||
	fail "a limit that can't be reached: $(sql 'SELECT * FROM flag')"
# More memory than limit and swap have room for.
command "python3 -c 'import os; b = os.urandom(1 << 20) * 64'"
expect 1 corun "$tmp/command.ini" -o zram.size=4M
grep -q 'the kernel killed 1 process.*job c: ' "$tmp/err" || fail "killed for memory: $(<"$tmp/err")"
[[ $(sql "SELECT severity FROM flag WHERE code = 'OOM_KILL'") == fatal ]] || fail "no OOM_KILL"
wait_same "$tmp/before" || fail "something was left behind by jobs"

# --- the harness is killed with five jobs running
mix
sed -i 's/^seconds = 1s/seconds = 600s\ncount = 2/; $a [job c]\nworkload = null\nmemory = 4M\nseconds = 600s\npeak = 8M' "$tmp/mix.ini"
"$fmbench" corun --backend zram --figures none --reclaim-cpu none "$tmp/mix.ini" --local 64M \
	--policy uniform >"$tmp/out" 2>"$tmp/err" &
pid=$!
for _ in {1..100}; do
	[[ $(pgrep -cf "[w]orker null" || true) -ge 5 ]] && break
	sleep 0.1
done
[[ $(pgrep -cf "[w]orker null") -ge 5 ]] || fail "not five jobs: $(cat "$tmp/err")"
kill -KILL $pid
wait $pid 2>/dev/null || true
wait_same "$tmp/before" || fail "something was left behind by SIGKILL"
"$fmbench" list >/dev/null
[[ $(sql "SELECT count(*) FROM run WHERE status = 'started'") == 0 ]] || "$fmbench" recover >/dev/null
[[ $(sql "SELECT status FROM run ORDER BY id DESC LIMIT 1") == failed ]] || fail "the killed run is not failed"
