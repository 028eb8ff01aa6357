#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmbench fit on a real workload: ordinary runs, an answer or the reason why there is none, and the same
# command goes on where it was ended. Whether answers are right is tests/unit/test_fit.c's.
. "$(dirname "$0")/../lib.sh"
need_swap

fit=("$fmbench" fit quicksort -o memory=8M --backend zram --slowdown 30%)
machine_state >"$tmp/before"
expect 0 "${fit[@]}" --dry-run
grep -q '^2 runs: 0 done, 2 left' "$tmp/out" || fail "what it begins with: $(cat "$tmp/out")"
[[ ! -e $FMBENCH_DB ]] || fail "--dry-run made a database"
expect_run "${fit[@]}" --budget 8s
grep -qE '^(enough|no answer|the bound does not hold)' "$tmp/out" || fail "no answer: $(cat "$tmp/out")"
runs=$(sql "SELECT count(*) FROM run WHERE experiment = 'fit' AND status = 'ok'")
[[ $runs -ge 2 ]] || fail "$runs runs in 8 s"
[[ $(sql "SELECT count(DISTINCT ratio) FROM job") -ge 2 ]] || fail "one ratio only"
expect_run "${fit[@]}" --budget 1s
[[ $(sql "SELECT count(*) FROM run") -ge $runs ]] || fail "runs are gone"
twice=$(sql "SELECT count(*) FROM (SELECT 1 FROM run_job WHERE status = 'ok' GROUP BY ratio, repeat HAVING count(*) > 1)")
[[ $twice -eq 0 ]] || fail "$twice runs were made that were there: $(sql "SELECT id, ratio, repeat, status, reason FROM run_job")"

# A bound that ratio 1 misses, and one that any ratio holds.
expect_run "${fit[@]:0:7}" --slo elapsed:1us --experiment never --budget 8s
grep -q "does not hold even at ratio 1" "$tmp/out" || fail "$(cat "$tmp/out")"
expect_run "${fit[@]:0:7}" --slo elapsed:1h --experiment always --least 0.5 --budget 20s
grep -q "^enough: ratio 0.50" "$tmp/out" || fail "$(cat "$tmp/out")"

# A profile: ratio 1 is added, each repeat has both; made again it is there already.
profile=("${fit[@]:0:7}" --profile --ratio 0.5 --repeat 2)
expect_run "${profile[@]}"
grep -qE '^ +1 .* 1\.00 ' "$tmp/out" || fail "no ratio 1: $(cat "$tmp/out")"
grep -qE '^ *0\.5 .* [0-9.]+ to [0-9.]+ +2$' "$tmp/out" || fail "no band: $(cat "$tmp/out")"
[[ $(sql "SELECT count(*) FROM run WHERE facts ->> '\$.fit' = 'profile'") -eq 4 ]] || fail "not 4 runs"
expect_run "${profile[@]}"
[[ $(sql "SELECT count(*) FROM run WHERE experiment = 'profile'") -eq 4 ]] || fail "made again"
wait_same "$tmp/before" || fail "something was left behind"

expect 2 "$fmbench" fit quicksort
expect 2 "$fmbench" fit quicksort --slowdown 0%
expect 2 "$fmbench" fit quicksort --slowdown 5% --slo elapsed:1s
expect 2 "$fmbench" fit quicksort --profile --slowdown 5%
expect 2 "$fmbench" fit quicksort --profile --ratio 2
expect 2 "$fmbench" fit quicksort --slo latency:1ms
expect 2 "$fmbench" fit quicksort --slo elapsed
expect 2 "$fmbench" fit quicksort --slowdown 5% --backend zram,swapfile
