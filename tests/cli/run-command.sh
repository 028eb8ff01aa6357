#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Any program of the user's: its exit status counts, its output is kept, its name may be anything.
. "$(dirname "$0")/../lib.sh"

expect_run "$fmbench" run -- sh -c 'echo hello there; exit 0'
artifact=$(dirname "$FMBENCH_DB")/$(sql "SELECT path FROM artifact LIMIT 1")
grep -q 'hello there' "$artifact" || fail "output not kept in '$artifact'"

expect 1 "$fmbench" run -- sh -c 'echo the reason is here >&2; exit 3'
grep -q 'status 3' "$tmp/err" || fail "exit status not named"
grep -q 'the reason is here' "$tmp/err" || fail "last output not shown"
[[ $(sql "SELECT status FROM run ORDER BY id DESC LIMIT 1") == failed ]] || fail "not failed"

# shellcheck disable=SC2016 # the shell below expands it
expect 1 "$fmbench" run -- sh -c 'kill -9 $$'
grep -qi 'killed' "$tmp/err" || fail "the signal is not named"

# The run's own time is measured, and two different commands have different peaks.
expect_run "$fmbench" run -- sleep 0.3
sql "SELECT value FROM result WHERE name = 'elapsed' ORDER BY run DESC LIMIT 1" >"$tmp/elapsed"
awk '{ exit !($1 >= 0.3 && $1 < 2) }' "$tmp/elapsed" || fail "elapsed is $(cat "$tmp/elapsed")"

# Numbers of the program's own come first; elapsed time stays beside them.
metric() { sql "SELECT $1 FROM result WHERE run = (SELECT max(id) FROM run) AND ord = $2"; }
expect_run "$fmbench" run --metric 'ops/s=ops: ([0-9]+)' --metric "lost:lower@$tmp/out.json=\$.lost" \
	-- sh -c "echo ops: 12; echo '{\"lost\": 3}' >$tmp/out.json"
[[ $(metric "name || unit || better || value" 0) == opsper_shigher12.0 ]] || fail "$(metric '*' 0)"
[[ $(metric "name || better || value" 1) == lostlower3.0 ]] || fail "$(metric '*' 1)"
[[ $(metric name 2) == elapsed ]] || fail "elapsed is gone: $(metric '*' 2)"
grep -q '12.*ops/s' "$tmp/out" || fail "ops are not the performance: $(<"$tmp/out")"
expect 1 "$fmbench" run --metric 'ops=ops: ([0-9]+)' -- sh -c 'echo no such thing'
grep -q "found nothing.*no such thing" "$tmp/err" || fail "the last lines are not shown"

# What comes before it is ready is the load phase.
expect_run "$fmbench" run --ready '^ready' -- sh -c 'sleep 1.2; echo ready; sleep 1.2'
sql "SELECT (end_ns - begin_ns) / 1e9 FROM phase WHERE run = (SELECT max(id) FROM run)
	AND name IN ('load', 'measure') ORDER BY name" | paste -s >"$tmp/phases"
awk '{ exit !($1 >= 1.2 && $2 > 0.5 && $2 < 2) }' "$tmp/phases" ||
	fail "load and measure: $(<"$tmp/phases")"

# Around each run; a warm-up run leaves nothing but what these did. Cleanup comes after a failure, too.
runs=$(sql "SELECT count(*) FROM run")
expect_run "$fmbench" run --prepare "echo p >>$tmp/around" --cleanup "echo c >>$tmp/around" \
	--warmup-runs 2 --repeat 2 --show-output -- sh -c "echo r >>$tmp/around; echo shown; echo too >&2"
[[ $(paste -sd '' "$tmp/around") == prcprcprcprc ]] || fail "around: $(paste -sd '' "$tmp/around")"
[[ $(sql "SELECT count(*) FROM run") -eq $((runs + 2)) ]] || fail "warm-up runs were kept"
[[ $(grep -cx shown "$tmp/err") -eq 4 && $(grep -cx too "$tmp/err") -eq 4 ]] ||
	fail "output is not shown: $(<"$tmp/err")"
rm "$tmp/around"
expect 1 "$fmbench" run --prepare 'echo why >&2; exit 5' --cleanup "echo c >>$tmp/around" -- true
grep -q "prepare.*exited with status 5; its last output: why" "$tmp/err" || fail "$(<"$tmp/err")"
[[ $(<"$tmp/around") == c ]] || fail "no cleanup after a failure"

# ... and after kill -9, in the directory where the run began.
rm -f "$tmp/around"
(cd "$tmp" && exec "$fmbench" run --cleanup 'pwd >around' -- sh -c 'echo up >&2; exec sleep 60' >/dev/null 2>&1) &
pid=$!
begun() { grep -qsx up "$tmp"/artifacts/*/command.err; }
eventually begun || fail "the program did not begin"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
cleaned() { [[ -s $tmp/around ]]; }
eventually cleaned || fail "no cleanup after kill -9"
[[ $(<"$tmp/around") == "$tmp" ]] || fail "cleanup ran in $(<"$tmp/around")"

# As long with half of its memory: it may be told how long to run.
if "$fmbench" run --dry-run --ratio 0.5 -- sleep 0 >"$tmp/out" 2>&1; then
	expect_run "$fmbench" run --peak 64M --ratio 1,0.5 -- sleep 2
	grep -q 'runs for a fixed time.*--metric' "$tmp/err" || fail "a fixed window is not told of"
fi
