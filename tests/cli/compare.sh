#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two sets of runs side by side: the same medians and ratio as another program finds in the
# database, in all formats; a refusal, with status 2 and one line, where more differs than is named.
. "$(dirname "$0")/../lib.sh"

for memory in 2M 4M; do
	expect_run "$fmbench" run quicksort -o memory=$memory --repeat 3 --backend none
done

expect 0 "$fmbench" compare memory=2M memory=4M --format csv
cp "$tmp/out" "$tmp/rows.csv"
expect 0 "$fmbench" compare memory=2M memory=4M --format json
cp "$tmp/out" "$tmp/rows.json"
python3 - "$tmp" "$FMBENCH_DB" <<'PYTHON' || fail "the numbers are not those in the database"
import csv, json, sqlite3, statistics, sys
tmp, db = sys.argv[1:]
con = sqlite3.connect(db)
with open(f"{tmp}/rows.csv", newline="") as f:
    from_csv = list(csv.DictReader(f))
from_json = json.load(open(f"{tmp}/rows.json"))
assert [r["result"] for r in from_csv] == [r["result"] for r in from_json]
def values(result, memory):
    return [v for v, in con.execute("""SELECT value FROM result
        JOIN run_job r ON r.id = run AND r.job = result.job
        WHERE name = ? AND json_extract(workload_params, '$.memory') = ?""", (result, memory))]
for c, j in zip(from_csv, from_json):
    a, b = values(j["result"], 2 << 20), values(j["result"], 4 << 20)
    assert len(a) == len(b) == 3 == j["runs_a"] == j["runs_b"]
    ratio = statistics.median(b) / statistics.median(a)
    assert abs(j["ratio"] - ratio) < 1e-9 * ratio and abs(float(c["ratio"]) - ratio) < 1e-9 * ratio
    assert j["ratio_low"] <= ratio <= j["ratio_high"]
    pairs = [(y > x) - (y < x) for x in a for y in b]
    assert abs(j["cliffs_delta"] - sum(pairs) / 9) < 1e-12
elapsed = [j for j in from_json if j["result"] == "elapsed"]
assert len(elapsed) == 1 and elapsed[0]["better"] == "lower"
PYTHON

expect 0 "$fmbench" compare memory=2M memory=4M --power 5%
for part in '^A  memory=2M: 3 runs (1-3)' '95 % interval' 'runs for 5 %' 'Fewer than 6 runs'; do
	grep -q -- "$part" "$tmp/out" || fail "no '$part' in the table"
done

# refused MESSAGE A B: status 2, one line that says what.
refused() {
	local message=$1
	shift
	expect 2 "$fmbench" compare "$@"
	[[ ! -s $tmp/out && $(wc -l <"$tmp/err") -eq 1 ]] || fail "not one line: compare $*"
	grep -qF -- "$message" "$tmp/err" || fail "compare $* says $(cat "$tmp/err")"
}
refused 'differ in memory (A: 2097152; B: 4194304)' 1,2,3 4,5,6
refused 'differ in memory (2097152, 4194304 on both)' 1,4 2,5
refused 'run 1 is on both sides' workload=quicksort,memory=2M memory=2M
refused "did you mean 'memory'?" memori=2M memory=4M
refused 'give a difference to see' memory=2M memory=4M --power 2
refused 'compare 1 with what' 1

# A run that failed is left out, and the output says so.
sqlite3 "$FMBENCH_DB" "UPDATE run SET status = 'failed', reason = 'by hand' WHERE id = 6"
expect 0 "$fmbench" compare memory=2M memory=4M
grep -qF 'left out: run 6 of B: failed (by hand)' "$tmp/out" || fail "run 6 was left out in silence"
grep -qF '2 runs (4-5)' "$tmp/out" || fail "a failed run was compared"
