#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job: real memcached, real memaslap, a real group, real swap. Memory stays within 2 % of
# the limit, page-ins are the group's own, the gets range over the whole store, and a server or a
# client that dies makes a failed run with the reason.
. "$(dirname "$0")/../lib.sh"
need_swap
command -v memaslap memcaslap memcached >/dev/null || skip "no memaslap (make deps)"

run=("$fmbench" run memaslap -o memory=96M --duration 8s --warmup 1s --backend zram)
machine_state >"$tmp/before"
expect_run "${run[@]}" --ratio 1,0.5 -o audit
wait_same "$tmp/before" || fail "something was left behind"

# near A B SHARE: A within SHARE of B.
near() {
	awk -v a="$1" -v b="$2" -v s="$3" 'BEGIN { d = a - b; exit !((d < 0 ? -d : d) <= b * s) }'
}
at() {
	sql "SELECT $2 FROM run_summary WHERE ratio = $1 ORDER BY run DESC LIMIT 1"
}
near "$(at 0.5 local_bytes)" "$(at 0.5 limit_bytes)" 0.02 ||
	fail "resident $(at 0.5 local_bytes), limit $(at 0.5 limit_bytes)"
[[ $(at 1 major_faults) -le 10 ]] || fail "$(at 1 major_faults) page-ins at ratio 1"
[[ $(at 0.5 major_faults) -gt 1000 ]] || fail "$(at 0.5 major_faults) page-ins at ratio 0.5"

# The table's page-ins are the group's own counter within the measure phase, taken from raw rows.
raw=$(sql "
	WITH p AS (SELECT * FROM phase JOIN run_job r ON r.id = phase.run
		   WHERE name = 'measure' AND ratio = 0.5),
	v AS (SELECT s.value, t.end_ns FROM sample s JOIN tick t USING (run, tick)
	      JOIN metric m ON m.id = s.metric JOIN p ON p.run = s.run
	      WHERE m.collector = 'memory_stat' AND m.key = 'pgmajfault')
	SELECT (SELECT max(value) FROM v, p WHERE v.end_ns <= p.end_ns) -
	       (SELECT max(value) FROM v, p WHERE v.end_ns <= p.begin_ns)")
[[ $raw -eq $(at 0.5 major_faults) ]] || fail "page-ins $(at 0.5 major_faults), by hand $raw"

# What even gets touch of N objects in G gets is 1 - exp(-G / N): on a quiet machine nearly all.
result() {
	sql "SELECT value FROM result JOIN run_job r ON r.id = run AND r.job = result.job
		WHERE name = '$1' AND ratio = 0.5"
}
near "$(result store_touched)" "$(result store_touched_evenly)" 0.1 ||
	fail "gets touched $(result store_touched) of the store, not $(result store_touched_evenly)"
awk -v t="$(result store_touched_evenly)" 'BEGIN { exit !(t > 0.2) }' ||
	fail "too few gets to tell: even ones would touch $(result store_touched_evenly) of the store"

# Nothing is far at ratio 1: where nobody else takes its CPUs, its window is steady.
[[ $(sql "SELECT count(*) FROM run_job r WHERE ratio = 1 AND id IN (SELECT run FROM flag WHERE code = 'NOT_STEADY')
	AND id NOT IN (SELECT run FROM flag WHERE code = 'CPU_CONTENDED')") -eq 0 ]] || fail "not steady at ratio 1: $(<"$tmp/out")"

# Sets among the gets: the store is full before it is measured, and hardly a get misses. The warm-up
# ends when memaslap's seconds hold still. They are stored, and their sum is the result's.
expect_run "${run[@]}" --ratio 0.5 -o get-share=0.95 --warmup auto
mix=$(sql "SELECT max(id) FROM run")
[[ $(sql "SELECT value BETWEEN 5 AND 31 FROM result WHERE run = $mix AND name = 'warmup'") == 1 ]] ||
	fail "warm-up of $(sql "SELECT value FROM result WHERE run = $mix AND name = 'warmup'") s"
near "$(sql "SELECT delta * 1e9 / (end_ns - begin_ns) FROM phase_delta JOIN phase p USING (run)
	WHERE run = $mix AND phase = 'measure' AND p.name = phase AND collector = 'progress'")" \
	"$(sql "SELECT value FROM result WHERE run = $mix AND name = 'ops'")" 0.25 ||
	fail "memaslap's seconds are not in the samples"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'ok'") -ge 3 ]] || fail "the mix did not run"

# A port in use.
memcached -u nobody -l 127.0.0.1 -p 21999 -U 0 &
server=$!
sleep 0.3
expect 1 "${run[@]}" --ratio 0.5 --peak 96M -o port=21999
kill "$server"
wait "$server" 2>/dev/null || true
grep -q 21999 "$tmp/err" || fail "the port in use is not named"
wait_same "$tmp/before" || fail "a failed run left something"

# memcached dies in the measure phase.
before=$(sql "SELECT max(id) FROM run")
"${run[@]}" --ratio 0.5 --peak 96M --duration 600s >"$tmp/out" 2>"$tmp/err" &
pid=$!
measuring() {
	[[ $(sql "SELECT count(*) FROM phase WHERE name = 'warmup'
		AND run = (SELECT max(id) FROM run) AND run > $before") == 1 ]]
}
eventually measuring || fail "the run never came to its measure phase"
server=$(pgrep -P "$pid" -x memcached) || fail "no memcached below the harness"
kill -9 "$server"
status=0
wait "$pid" || status=$?
[[ $status -eq 1 ]] || fail "exit status $status after memcached died"
grep -qi memcached "$tmp/err" || fail "the dead server is not named"
wait_same "$tmp/before" || fail "a dead server left something"
