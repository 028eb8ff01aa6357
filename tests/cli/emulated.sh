#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A run made in an emulated guest says so wherever its numbers are shown.
. "$(dirname "$0")/../lib.sh"

# As lab/boot.sh tells a guest.
for exact in 1 0; do
	expect_run env FMLAB_ACCEL=tcg FMLAB_EXACT=$exact "$fmbench" run null --backend none --repeat 2
	grep -q 'EMULATED' "$tmp/out" || fail "not in the run's table: $(<"$tmp/out")"
	sql "SELECT severity, detail FROM flag WHERE code = 'EMULATED' AND run IN
		(SELECT id FROM run ORDER BY id DESC LIMIT 2)" >"$tmp/flags"
	[[ $(grep -c '^warning|.*only ratios within one guest run' "$tmp/flags") -eq 2 ]] ||
		fail "not flagged: $(<"$tmp/flags")"
done
expect 0 "$fmbench" show
grep -q 'warning  *EMULATED' "$tmp/out" || fail "not shown: $(<"$tmp/out")"
expect 0 "$fmbench" compare 1 2
grep -q '^EMULATED on 1 of 1 runs of A, 1 of 1 of B: ' "$tmp/out" || fail "not compared: $(<"$tmp/out")"
expect 0 "$fmbench" compare 1 2 --format csv
grep -q '^EMULATED on' "$tmp/err" || fail "not beside the CSV: $(<"$tmp/err")"
expect 0 "$fmbench" report -o "$tmp/report.html"
grep -q EMULATED "$tmp/report.html" || fail "not in the report"
expect 0 "$fmbench" export csv runs
grep -q EMULATED "$tmp/out" || fail "not exported"

# Under KVM, and on a machine of one's own, it is none.
rm -f "$FMBENCH_DB"
expect_run env FMLAB_ACCEL=kvm "$fmbench" run null --backend none
expect_run env -u FMLAB_ACCEL "$fmbench" run null --backend none
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'EMULATED'") == 0 ]] || fail "a false label"
