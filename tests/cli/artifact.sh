#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmbench artifact: runs go into an archive, are made anew from it elsewhere, and its claims are judged.
. "$(dirname "$0")/../lib.sh"
need_swap
[[ $fmbench == /* ]] || fail "FMBENCH is no full path"
cd "$tmp" || exit

cat >scan.ini <<'EOF'
[experiment]
name = scan
repeat = 3
sample-hz = 0
[run quicksort]
backend = zram
ratio = 1 0.5
memory = 16M
EOF
expect_run "$fmbench" sweep --db "$FMBENCH_DB" scan.ini
expect_run "$fmbench" run -q --experiment 'another one' -o memory=4M quicksort
expect 0 "$fmbench" artifact paper.tar.zst
grep -q ': 1 claim;' "$tmp/out" || fail "not one claim: $(<"$tmp/out")"
[[ $(echo paper*) == paper.tar.zst ]] || fail "something is left: $(echo paper*)"

# A program of the user's is not among what goes along.
cp "$(type -P true)" own
expect_run "$fmbench" run --db own.db -- ./own
expect 0 "$fmbench" artifact --db own.db owns
grep -qx 'fmbench: warning: not in the artifact: ./own; .*' "$tmp/err" || fail "not told: $(<"$tmp/err")"
grep -q 'not in here: ./own\.' owns/README.md || fail "$(<owns/README.md)"

# Who repeats it has the program in a directory of theirs; else the program is named, and nothing is run.
mkdir -p reviewer/built
mv own reviewer/built
cd reviewer || exit
expect 3 "$fmbench" artifact --check ../owns
grep -q '^missing: ./own; .*--programs DIR' "$tmp/err" || fail "not named: $(<"$tmp/err")"
[[ ! -e ../owns/repeated.db ]] || fail "something was run"
expect_run "$fmbench" artifact --check ../owns --programs built
grep -q 'claims nothing; its runs, made anew' "$tmp/out" || fail "not run: $(<"$tmp/out")"
rm ../owns/own
cp built/own .
expect_run "$fmbench" artifact --check ../owns
cd .. || exit

# The whole of it on another machine: another directory and state at least.
mkdir elsewhere
cd elsewhere || exit
unset FMBENCH_DB
"$fmbench" artifact --check ../paper.tar.zst >"$tmp/out" 2>"$tmp/err" || status=$?
[[ ${status-0} =~ ^[017]$ ]] || fail "status ${status-0}: $(<"$tmp/err")"
grep -q '^  quicksort on zram at 0.5 .*: elapsed against ratio 1 ' "$tmp/out" || fail "no claim: $(<"$tmp/out")"
grep -q '^claims: [01] of 1 hold' "$tmp/out" || fail "no count: $(<"$tmp/out")"
for file in ARTIFACT README.md repeat.sh results.db machines.json repeated.db experiments/scan.ini \
	figures/slowdown.pdf figures/slowdown.gp figures/slowdown.dat; do
	[[ -s paper/$file ]] || fail "no $file"
done
grep -qx "repeat sweep experiments/scan.ini" paper/repeat.sh || fail "$(<paper/repeat.sh)"
grep -qx "repeat run -q --experiment 'another one' -o memory=4M quicksort" paper/repeat.sh ||
	fail "$(<paper/repeat.sh)"
[[ $(sqlite3 paper/repeated.db 'SELECT count(*) FROM run WHERE status <> "failed"') -ge 6 ]] ||
	fail "not all runs were made anew"
(cd paper/figures && gnuplot slowdown.gp 2>/dev/null) || fail "the figure can't be drawn again"

# Of known numbers: what was stored, and its opposite.
cp paper/results.db paper/repeated.db
expect 0 "$fmbench" artifact --judge paper
scale='UPDATE result SET value = value * (SELECT CASE ratio WHEN 1 THEN 1 ELSE 1e-3 * (1 + repeat / 1e3) END
	FROM job j JOIN run r ON r.id = j.run WHERE j.run = result.run)'
sqlite3 paper/results.db "UPDATE result SET value = 1.0 + 0.001 * run; ${scale/1e-3/1e3}"
sqlite3 paper/repeated.db "UPDATE result SET value = 1.0 + 0.001 * run; $scale"
expect 1 "$fmbench" artifact --judge paper
grep -q '1 fail' "$tmp/out" || fail "$(<"$tmp/out")"

# Of one label alone, with the user's own units and what stands beside them.
cd .. || exit
mkdir mine
printf '[workload mine]\nsummary = of the user\ncommand = true\n' >mine/mine.ini
echo 1 >mine/beside.cnf
FMBENCH_UNITS=$tmp/mine FMBENCH_DB=$tmp/test.db \
	expect 0 "$fmbench" artifact --experiment scan elsewhere/some
cd elsewhere || exit
[[ $(cd some/units && echo *) == 'beside.cnf mine.ini' ]] || fail "units: $(ls some/units)"
[[ $(sqlite3 some/results.db 'SELECT DISTINCT experiment FROM run') == scan ]] || fail "another one, too"

# refused CODE WORDS ARGUMENTS…: one line, nothing made.
refused() {
	find . >"$tmp/before"
	expect "$1" "$fmbench" artifact "${@:3}"
	[[ $(wc -l <"$tmp/err") == 1 && ! -s $tmp/out ]] || fail "more than a line: $(<"$tmp/err") $(<"$tmp/out")"
	grep -qF "$2" "$tmp/err" || fail "not '$2': $(<"$tmp/err")"
	find . | diff "$tmp/before" - || fail "something was made"
}
head -c 2000 ../paper.tar.zst >cut.tar.zst
cp ../scan.ini text.tar.zst
mkdir empty
refused 2 'truncated or damaged' --check cut.tar.zst
refused 2 'no artifact of fmbench' --check text.tar.zst
refused 2 'no artifact of fmbench' --check empty
refused 3 'cannot read nothing.tar.zst' --check nothing.tar.zst
refused 2 'is there already' --check ../paper.tar.zst
refused 2 'programs nowhere is no directory' --check --programs nowhere paper
refused 2 'programs says where' --programs . new
refused 2 'leave out --judge' --check --judge paper
refused 2 'name a new directory' --db "$tmp/test.db" paper
refused 3 'there is no run with the label none' --db "$tmp/test.db" --experiment none x.tar.zst
refused 3 'the experiment scan.ini' --db "$tmp/test.db" x.tar.zst

# What the runs need and this machine has not: said by the run, which ends the check.
sed -i 's|^repeat sweep .*|repeat run null --ratio 0.5 --peak 16M --backend fastswap-dram -o fastswap-dram.modules=/nowhere|' \
	paper/repeat.sh
refused 3 'fastswap' --check paper
