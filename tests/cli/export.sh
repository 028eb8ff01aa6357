#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Exports read by another reader of CSV and JSON: same rows, same columns, phases and deltas that
# add up; figures in three formats.
. "$(dirname "$0")/../lib.sh"
need_swap

expect_run "$fmbench" run quicksort --ratio 1,0.5 --repeat 2 -o memory=48M --backend zram \
	--experiment 'with, comma and "quotes"'
for what in runs phases deltas samples rates results flags; do
	expect 0 "$fmbench" export csv "$what" -o "$tmp/$what.csv"
	expect 0 "$fmbench" export json "$what" -o "$tmp/$what.json"
done
expect 0 "$fmbench" export csv samples --wide -o "$tmp/wide.csv"
expect 2 "$fmbench" export csv runs --every 1s
expect 2 "$fmbench" export csv rates --collector no_such
expect 0 "$fmbench" show -v
grep -q '^  reclaimer .*--offload-reclaim starts one' "$tmp/out" || fail "what is missing is not said"
expect 0 "$fmbench" show
! grep -q 'starts one' "$tmp/out" || fail "show is not short"

python3 - "$tmp" <<'PYTHON' || fail "exports do not agree"
import csv, json, sys
tmp = sys.argv[1]
def rows(what):
    with open(f"{tmp}/{what}.csv", newline="") as f:
        from_csv = list(csv.DictReader(f))
    from_json = json.load(open(f"{tmp}/{what}.json"))
    assert len(from_csv) == len(from_json) > 0, what
    for c, j in zip(from_csv, from_json):
        assert list(c) == list(j), what
        for key in c:
            if j[key] is None:
                assert c[key] == "", (what, key)
            elif isinstance(j[key], str):
                assert c[key] == j[key], (what, key)
            else:
                assert abs(float(c[key]) - j[key]) <= 1e-9 * abs(j[key]), (what, key, c[key], j[key])
    return from_json
runs = rows("runs")
assert len(runs) == 4
assert {r["experiment"] for r in runs} == {'with, comma and "quotes"'}
want = ["run", "uuid", "started", "experiment", "job", "workload", "backend", "ratio", "repeat",
        "status", "peak_bytes", "limit_bytes", "local_bytes", "far_bytes", "measure_s",
        "major_faults", "major_faults_per_s", "page_ins", "page_ins_per_s", "flags"]
assert list(runs[0])[:len(want)] == want, list(runs[0])
assert "elapsed_s" in runs[0]
phases = rows("phases")
for p in phases:
    assert p["end_ns"] >= p["begin_ns"] and abs((p["end_ns"] - p["begin_ns"]) / 1e9 -
                                               (p["end_s"] - p["begin_s"])) < 1e-6, p
deltas = rows("deltas")
for r in runs:
    d = [x for x in deltas if x["run"] == r["run"] and x["phase"] == "measure"
         and x["collector"] == "memory_stat" and x["key"] == "pgmajfault"]
    assert len(d) == 1 and d[0]["delta"] == r["major_faults"], (d, r)
assert {s["phase"] for s in rows("samples")} >= {"measure"}
rows("results")
# A phase's rates times their seconds are its delta.
for d in deltas:
    if d["collector"] == "vmstat" and d["key"] == "pgfault":
        got = [(r["vmstat.pgfault"], r["seconds"]) for r in rows("rates")
               if r["run"] == d["run"] and r["phase"] == d["phase"]]
        assert not got or abs(sum(a * b for a, b in got) - d["delta"]) < 1, (d, got)
with open(f"{tmp}/wide.csv", newline="") as f:
    wide = list(csv.DictReader(f))
assert len(wide) > 10 and any("pgmajfault" in k for k in wide[0])
PYTHON

for ending in png svg pdf; do
	expect 0 "$fmbench" plot timeseries -o "$tmp/t.$ending"
	expect 0 "$fmbench" plot slowdown -o "$tmp/s.$ending"
	for figure in t s; do
		[[ $(stat -c %s "$tmp/$figure.$ending") -gt 3000 ]] || fail "$figure.$ending is empty"
		[[ -s $tmp/$figure.gp && -s $tmp/$figure.dat ]] || fail "no data beside $figure"
	done
done
rm "$tmp/s.pdf"
(cd "$tmp" && gnuplot s.gp) || fail "the figure can't be redrawn by hand"
[[ -s $tmp/s.pdf ]] || fail "redrawing made no picture"
