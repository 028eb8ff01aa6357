#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --format json prints is JSON to another reader, and says what the table says.
. "$(dirname "$0")/../lib.sh"

expect_run "$fmbench" run null --repeat 3 -o memory=1M
expect_run "$fmbench" run null --repeat 3 -o memory=2M
expect_run "$fmbench" run null --repeat 3 -o memory=4M
for words in 'list' 'list collectors' 'backend list' 'backend status' 'doctor' 'show' 'show 1' 'summary' \
	'summary --columns memory --geomean' 'compare memory=1M memory=2M memory=4M'; do
	# shellcheck disable=SC2086 # words
	"$fmbench" $words --format json >"$tmp/out" 2>"$tmp/err" || [[ $words == doctor && $? == 3 ]] ||
		fail "$words: $(<"$tmp/err")"
	python3 -m json.tool "$tmp/out" "$tmp/${words// /-}.json" || fail "$words prints no JSON"
done
expect 2 "$fmbench" backend up none --format json
python3 - "$tmp" "$("$fmbench" list | grep -c '^  ')" <<'PYTHON' || fail "JSON does not say what the table says"
import json, sys
tmp, nr = sys.argv[1:]
def load(name):
    return json.load(open(f"{tmp}/{name}.json"))
units = load("list")
assert len(units) == int(nr) and {u["kind"] for u in units} == {"workloads", "micro", "backends", "collectors", "figures", "policies"}
null = [u for u in units if u["name"] == "null"][0]
assert "memory" in [o["name"] for o in null["options"]]
assert all(k["unit"] and k["kind"] in ("counter", "gauge") for u in load("list-collectors") for k in u["keys"])
assert {"name": "none", "ready": True, "why_not": None} .items() <= \
    [b for b in load("backend-list") if b["name"] == "none"][0].items()
assert load("backend-status")["up"] == []
assert {"name", "status", "found", "why", "fix"} == set(load("doctor")[0])
show = load("show-1")
assert show["run"] == 1 and show["machine"]["kernel"] and show["backend"] == "none"
job, = show["jobs"]
assert job["workload"] == "null" and "measure" in [p["name"] for p in job["phases"]]
assert job["baseline_run"] == 1 and [r for r in job["results"] if r["name"] == "elapsed"][0]["slowdown"] == 1
assert load("show")["run"] == 9
assert [c["runs"] for c in load("summary")] == [3, 3, 3]
assert [c["column"] for c in load("summary---columns-memory---geomean")][:3] == ["1M", "2M", "4M"]
assert {r["b"] for r in load("compare-memory=1M-memory=2M-memory=4M")} == {"memory=2M", "memory=4M"}
PYTHON
