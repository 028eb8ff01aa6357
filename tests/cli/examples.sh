#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs of examples/ read what is exported, and draw.
. "$(dirname "$0")/../lib.sh"

can_python=0 can_r=0
# The distribution's own has the distribution's pandas.
for python in python3 /usr/bin/python3; do
	"$python" -c 'import pandas, matplotlib' 2>/dev/null && can_python=1 && break
done
command -v Rscript >/dev/null && can_r=1
((can_python || can_r)) || skip "neither pandas with matplotlib nor R is installed"

for ratio in 1 0.5 0.25; do
	expect_run "$fmbench" run null --repeat 3 --ratio 1 -o memory=1M --experiment e
	# The null workload needs no memory: a ratio is a label here.
	sql "UPDATE job SET ratio = $ratio WHERE run > (SELECT max(id) - 3 FROM run);
		UPDATE result SET value = (1 + 0.01 * run) / $ratio WHERE name = 'elapsed'
			AND run > (SELECT max(id) - 3 FROM run)"
done
expect 0 "$fmbench" export csv runs -o "$tmp/runs.csv"
expect 0 "$fmbench" export csv runs --long -o "$tmp/long.csv"
if ((can_python)); then
	expect 1 "$python" examples/slowdown.py
	grep -q usage "$tmp/err" || fail "no usage: $(<"$tmp/err")"
	expect 0 "$python" examples/slowdown.py "$tmp/runs.csv" "$FMBENCH_DB" "$tmp/python.png"
	[[ $(stat -c %s "$tmp/python.png") -gt 5000 ]] || fail "no picture by pandas"
	# 1.05 / 1.02 / 0.5: medians of runs 4 to 6, and of 1 to 3.
	grep -qE '^0\.50 +2\.05' "$tmp/out" || fail "not the slowdown: $(<"$tmp/out")"
fi
if ((can_r)); then
	expect 1 Rscript examples/slowdown.R
	grep -q usage "$tmp/err" || fail "no usage: $(<"$tmp/err")"
	expect 0 Rscript examples/slowdown.R "$tmp/long.csv" "$FMBENCH_DB" "$tmp/r.png"
	[[ $(stat -c %s "$tmp/r.png") -gt 3000 ]] || fail "no picture by R"
	grep -q '2\.05' "$tmp/out" || fail "not the slowdown: $(<"$tmp/out")"
fi
((can_python && can_r)) || echo "only $( ((can_python)) && echo pandas || echo R) is installed"
