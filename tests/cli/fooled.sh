#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A person who fools the measurement by accident is told so each time: in the table, in what is
# exported and below the figure. One who does not gets no such flag, and a verdict.
. "$(dirname "$0")/../lib.sh"
need_swap

neighbour=
undo() {
	[[ ! $neighbour ]] || kill "$neighbour" 2>/dev/null || true
	rm -rf "$tmp"
}
trap undo EXIT

hog=(python3 "$PWD/tests/hog.py")
newest() {
	sql "SELECT max(id) FROM run"
}

# told CODE…: by the newest run, whose closing table is in $tmp/out, wherever it is looked at.
told() {
	local run code kind
	run=$(newest)
	cp "$tmp/out" "$tmp/table"
	"$fmbench" show "$run" >"$tmp/show"
	for kind in runs results; do
		"$fmbench" export csv $kind --run "$run" >"$tmp/$kind.csv"
		"$fmbench" export json $kind --run "$run" >"$tmp/$kind.json"
	done
	expect 0 "$fmbench" plot timeseries --run "$run" -o "$tmp/figure.svg"
	for code; do
		for kind in table show runs.csv results.csv runs.json results.json figure.svg; do
			grep -q "$code" "$tmp/$kind" || fail "$kind of run $run does not say $code"
		done
	done
}

# --- No swap is used: memory that is only read is not there.
expect 7 "$fmbench" run --ratio 0.5 --peak 64M --backend zram -- "${hog[@]}" 1 unwritten 64
told NOTHING_FAR
# Nobody compares it with another, nor draws a curve through it.
expect 3 "$fmbench" compare "$(newest)" "$(newest)"
grep -q untrusted "$tmp/err" || fail "why it is not compared: $(<"$tmp/err")"
expect 3 "$fmbench" plot slowdown -o "$tmp/slowdown.svg"

# --- A neighbour on the CPU, and values that do not compress.
taskset -c 0 sh -c 'while :; do :; done' &
neighbour=$!
expect_run "$fmbench" run --ratio 0.5 --peak 40M --backend zram --cpus 0 -- "${hog[@]}" 2 random 32
kill $neighbour
told CPU_CONTENDED INCOMPRESSIBLE

# --- A server that stood still for three seconds of its window.
"$fmbench" run memaslap -o memory=64M --backend none --warmup 1s --duration 8s \
	>"$tmp/out" 2>"$tmp/err" &
pid=$!
until [[ $(sql "SELECT 1 FROM phase WHERE name = 'warmup'" 2>/dev/null) ]]; do
	kill -0 $pid 2>/dev/null || fail "no window: $(<"$tmp/err")"
	sleep 0.1
done
sleep 3
server=$(pgrep -P $pid -x memcached)
kill -STOP "$server"
sleep 3
kill -CONT "$server"
wait $pid || [[ $? -eq 7 ]] || fail "$(<"$tmp/err")"
told NOT_STEADY

# --- A guest's times.
expect_run env FMLAB_ACCEL=tcg "$fmbench" run --backend none -- "${hog[@]}" 1 text 1
told EMULATED

# --- Another day's baseline: the program was rebuilt since.
printf '#!/bin/sh\nexec %s 5x text 8\n' "${hog[*]}" >"$tmp/program"
chmod +x "$tmp/program"
expect_run "$fmbench" run --ratio 1,0.5 --backend zram -- "$tmp/program"
"$fmbench" show | grep -qE '^ *baseline +run' || fail "no baseline: $("$fmbench" show)"
touch -d '1 hour ago' "$tmp/program"
expect_run "$fmbench" run --ratio 0.5 --peak 20M --backend zram -- "$tmp/program"
"$fmbench" show | grep -qE '^ *baseline +none: ' || fail "the old program's: $("$fmbench" show)"

# --- Nobody is fooled: an interleaved experiment of five repeats.
rm -f "$FMBENCH_DB"*
expect_run "$fmbench" run --ratio 1,0.5 --repeat 5 --backend zram --sample-hz 50 -- \
	"${hog[@]}" 20x text 32
sql "SELECT DISTINCT code FROM flag WHERE code NOT IN ('V1_LIMIT', 'GOVERNOR', 'EMULATED',
	'THP_ENABLED', 'SHARED_CORES', 'V1_OOM_RELIEF')" >"$tmp/flags"
# On a busy machine the neighbour is real.
read -r load _ </proc/loadavg
[[ ${load%.*} -lt 1 ]] || sed -i -E '/^(CPU_CONTENDED|SAMPLER_LATE)$/d' "$tmp/flags"
[[ ! -s $tmp/flags ]] || fail "a clean experiment is flagged: $(sql "SELECT run, code, detail FROM flag")"
expect 0 "$fmbench" compare ratio=1 ratio=0.5 --format csv
python3 - "$tmp/out" <<'PYTHON'
import csv, sys
with open(sys.argv[1], newline="") as f:
    row = next(r for r in csv.DictReader(f) if r["result"] == "elapsed")
assert row["verdict"] == "B is worse", row
PYTHON

# --- Two repeats of it: no verdict, and said before they start.
runs() {
	sql "SELECT group_concat(id) FROM run_job WHERE ratio = $1 AND repeat <= 2"
}
expect 0 "$fmbench" compare "$(runs 1)" "$(runs 0.5)"
grep -q 'No verdict: a side has fewer than' "$tmp/out" "$tmp/err" ||
	fail "a verdict from two: $(<"$tmp/out")"
expect_run "$fmbench" run null --backend none --repeat 2
grep -q '2 repeats: .*no verdict' "$tmp/err" || fail "not told before: $(<"$tmp/err")"
