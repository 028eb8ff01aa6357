#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two sets of runs side by side: the same medians and ratio as another program finds in the
# database, in all formats; a refusal, with status 2 and one line, where more differs than is named;
# no verdict for few runs, nor for sides that were measured one after the other.
. "$(dirname "$0")/../lib.sh"

cat >"$tmp/sizes.ini" <<'INI'
[experiment]
name = sizes
repeat = 5

[run quicksort]
backend = none
memory = 2M 4M
INI
expect_run "$fmbench" sweep "$tmp/sizes.ini"

# Real runs; but how long they took on a busy machine is no ground for a verdict that a test can want.
clear_difference() {
	sqlite3 "$FMBENCH_DB" "UPDATE result SET value = (SELECT 0.1 + 0.01 * repeat +
		0.05 * (workload_params LIKE '%:4194304%') FROM run_job WHERE id = result.run) WHERE name = 'elapsed'"
}
clear_difference

expect 0 "$fmbench" compare memory=2M memory=4M --format csv
cp "$tmp/out" "$tmp/rows.csv"
expect 0 "$fmbench" compare memory=2M memory=4M --format json
cp "$tmp/out" "$tmp/rows.json"
python3 - "$tmp" "$FMBENCH_DB" <<'PYTHON' || fail "the numbers are not those in the database"
import csv, json, math, sqlite3, statistics, sys
tmp, db = sys.argv[1:]
con = sqlite3.connect(db)
with open(f"{tmp}/rows.csv", newline="") as f:
    from_csv = list(csv.DictReader(f))
from_json = json.load(open(f"{tmp}/rows.json"))
assert [r["result"] for r in from_csv] == [r["result"] for r in from_json]
def values(result, memory):
    return [v for v, in con.execute("""SELECT value FROM result JOIN run_job ON id = run
        WHERE name = ? AND json_extract(workload_params, '$.memory') = ? ORDER BY repeat""",
        (result, memory))]
for c, j in zip(from_csv, from_json):
    a, b = values(j["result"], 2 << 20), values(j["result"], 4 << 20)
    assert len(a) == len(b) == 5 == j["runs_a"] == j["runs_b"] == j["blocks"]
    assert j["method"] == "paired" and j["interleaved"] == 1 and j["coverage"] == 0.95
    assert j["median_a"] == statistics.median(a) and j["median_b"] == statistics.median(b)
    logs = [math.log(y / x) for x, y in zip(a, b)]
    ratio = math.exp(statistics.mean(logs))
    # Student's t at 97.5 % with 4 degrees of freedom, from a table.
    reach = math.exp(2.776445 * statistics.stdev(logs) / math.sqrt(5))
    for column, want in ("ratio", ratio), ("ratio_low", ratio / reach), ("ratio_high", ratio * reach):
        assert abs(j[column] - want) < 1e-5 * want, (column, j, want)
        assert abs(float(c[column]) - want) < 1e-5 * want
    pairs = [(y > x) - (y < x) for x in a for y in b]
    assert abs(j["cliffs_delta"] - sum(pairs) / 25) < 1e-12
    assert (j["verdict"] is None) == (j["result"] != "elapsed")
elapsed = [j for j in from_json if j["result"] == "elapsed"]
assert len(elapsed) == 1 and elapsed[0]["better"] == "lower"
PYTHON

expect 0 "$fmbench" compare memory=2M memory=4M --power 5%
for part in '^A  memory=2M: 5 runs (' '95 % interval' 'runs for 5 %' 'of 5 pilot blocks' \
	'elapsed is paired by repeat: 5 blocks of 5 and 5 runs' ' B is worse$'; do
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
small=$(sqlite3 "$FMBENCH_DB" "SELECT group_concat(id) FROM run_job WHERE workload_params LIKE '%:2097152%'")
large=$(sqlite3 "$FMBENCH_DB" "SELECT group_concat(id) FROM run_job WHERE workload_params NOT LIKE '%:2097152%'")
refused 'differ in memory (A: 2097152; B: 4194304)' "$small,workload=quicksort" "$large"
refused 'differ in memory (2097152, 4194304 on both)' "${small%%,*},${large%%,*}" \
	"${small##*,},${large##*,}"
refused 'is on both sides' workload=quicksort,memory=2M memory=2M
refused "did you mean 'memory'?" memori=2M memory=4M
refused 'give a difference to see' memory=2M memory=4M --power 2
refused 'compare 1 with what' 1

# Whoever names each run may compare unlike ones, and is told.
expect 0 "$fmbench" compare "$small" "$large"
grep -qF 'A and B were chosen by run numbers, and differ in memory (A: 2097152; B: 4194304).' "$tmp/out" ||
	fail "not said what runs differ in"

# A run that failed is left out with its partner, and the output says so.
failed=${large##*,}
sqlite3 "$FMBENCH_DB" "UPDATE run SET status = 'failed', reason = 'by hand' WHERE id = $failed"
expect 0 "$fmbench" compare memory=2M memory=4M
grep -qF "left out: run $failed of B: failed (by hand)" "$tmp/out" || fail "left out in silence"
grep -q '^B  memory=4M: 4 runs (.*), 1 left out$' "$tmp/out" || fail "a failed run was compared"
grep -qF '4 blocks of 5 and 4 runs' "$tmp/out" || fail "not the blocks that both sides have"

# Three a side are too few, in every format, however far apart they are.
sqlite3 "$FMBENCH_DB" "UPDATE run SET status = 'failed' WHERE repeat > 3"
for format in table csv json; do
	expect 0 "$fmbench" compare memory=2M memory=4M --format $format
	grep -q 'too few runs to tell: .* more' "$tmp/out" || fail "$format: not said to be too few"
	! grep -Eq 'B is (better|worse)' "$tmp/out" || fail "$format: a verdict from 3 runs a side"
done

# One side after the other: no verdict unless asked for, and then the sentence stays.
for memory in 2M 4M; do
	expect_run "$fmbench" run quicksort -o memory=$memory --repeat 4 --backend none --sample-hz 0
done
clear_difference
apart=('memory=2M,sample-hz=0' 'memory=4M,sample-hz=0')
expect 0 "$fmbench" compare "${apart[@]}"
grep -qF 'none: not measured beside each other' "$tmp/out" || fail "a verdict on A, then B"
expect 0 "$fmbench" compare "${apart[@]}" --not-interleaved
grep -qF 'B is worse' "$tmp/out" || fail "no verdict though it was asked for"
grep -qF 'Not measured beside each other: A from ' "$tmp/out" || fail "the sentence is gone"
