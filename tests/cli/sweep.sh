#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An experiment from its file: a dry run touches nothing, a sweep makes each cell once, another one
# only what is new, a failed cell does not stop the rest and gets another chance.
. "$(dirname "$0")/../lib.sh"

ini=$tmp/e.ini
write() {
	printf '[experiment]\nname = e\nrepeat = 2\nsample-hz = 0\n' >"$ini"
	printf '%s\n' "$@" >>"$ini"
}
cells() {
	sql "SELECT count(*) FROM run_job WHERE $1"
}

write '[run null]' 'memory = 0 64K' 'seconds = 20ms'
expect 0 "$fmbench" sweep --dry-run "$ini"
grep -q '4 runs: 0 done, 4 left' "$tmp/out" || fail "the dry run does not count"
[[ ! -e $FMBENCH_DB && ! -e $FMBENCH_STATE_DIR ]] || fail "a dry run left something"

expect 0 "$fmbench" sweep "$ini"
[[ $(cells "status = 'ok' AND experiment = 'e'") == 4 ]] || fail "not four runs"
[[ $(grep -c '^null ' "$tmp/out") -eq 2 ]] || fail "not a closing table of two cells"
grep -qE '^null +none +1 +memory=64K +2 ' "$tmp/out" || fail "not two runs a cell"
grep -q '^4 of 4 done: ' "$tmp/err" || fail "no line of progress for the last cell"
grep -qE '^1 of 4 done, 3 left, .* to go: null none ratio 1 memory=' "$tmp/err" ||
	fail "no line of progress for the first cell"
order=$(sql "SELECT group_concat(repeat, '') FROM run")
[[ $order == 1122 ]] || fail "repeats are not interleaved: $order"

# What is there is not made again; what is new in the file is.
expect 0 "$fmbench" sweep -v "$ini"
[[ $(cells 1) == 4 ]] || fail "finished cells were made again"
[[ $(grep -cE '^ *[1-4] +null ' "$tmp/out") -eq 4 && $(grep -c '^null ' "$tmp/out") -eq 2 ]] ||
	fail "no closing table of what was there, with its runs"
expect 0 "$fmbench" sweep --dry-run "$ini"
grep -q '4 runs: 4 done, 0 left' "$tmp/out" || fail "the dry run does not know what is done"
write '[run null]' 'memory = 0 64K 1M' 'seconds = 20ms'
expect 0 "$fmbench" sweep --dry-run "$ini"
grep -q '6 runs: 4 done, 2 left' "$tmp/out" || fail "the dry run does not see what is new"
expect 0 "$fmbench" sweep --block 2 "$ini"
[[ $(cells 1) == 5 && $(cells "repeat = 2") == 3 ]] || fail "a block is not a round"
sed -i 's/sample-hz = 0/sample-hz = 5/' "$ini"
expect 0 "$fmbench" sweep "$ini"
[[ $(cells 1) == 11 ]] || fail "a setting that changed made no new cells"

# Fails as long as the file is there.
touch "$tmp/broken"
write '[run command]' "command = \"test ! -e $tmp/broken\" true"
expect 1 "$fmbench" sweep "$ini"
[[ $(cells "workload = 'command' AND status = 'failed'") == 2 ]] || fail "failures not recorded"
[[ $(cells "workload = 'command' AND status = 'ok'") == 2 ]] || fail "a failure stopped the rest"
rm "$tmp/broken"
expect 0 "$fmbench" sweep "$ini"
[[ $(cells "workload = 'command' AND status = 'ok'") == 4 ]] || fail "no second chance"
[[ $(cells "workload = 'command'") == 6 ]] || fail "more than the failed ones were made again"

# The dry run lists the order in which the runs are made, where the peak has to be found first too.
if [[ $(id -u) -eq 0 ]] && { [[ -e /sys/class/zram-control ]] || modprobe zram 2>/dev/null; }; then
	rm -f "$FMBENCH_DB"
	printf '[experiment]\nname = o\nrepeat = 2\nduration = 100ms\n[run quicksort]\n%s\n' \
		$'memory = 4M 8M\nratio = 0.7 0.8 1\nbackend = zram' >"$ini"
	for seed in 1 4; do
		sed -i "/^seed/d; s/^name.*/name = o$seed\nseed = $seed/" "$ini"
		expect 0 "$fmbench" sweep --dry-run "$ini"
		awk '$2 == "quicksort" { print $1, $4, $5 }' "$tmp/out" >"$tmp/planned"
		[[ $(wc -l <"$tmp/planned") -eq 12 ]] || fail "not 12 runs: $(<"$tmp/planned")"
		expect_run "$fmbench" sweep "$ini"
		sql "SELECT repeat, printf('%g', ratio), printf('memory=%dM',
			json_extract(workload_params, '\$.memory') / 1048576)
			FROM run_job WHERE experiment = 'o$seed' ORDER BY id" | tr '|' ' ' >"$tmp/made"
		diff "$tmp/planned" "$tmp/made" >&2 || fail "seed $seed: another order than planned"
	done
fi

# Missing here: refused before anything is made, or left out when asked to.
if [[ ! -e /lib/modules/$(uname -r)/build ]]; then
	write '[run null]' 'memory = 7M' '[run quicksort]' 'ratio = 1' 'memory = 1M' \
		'backend = fastswap-dram'
	before=$(cells 1)
	expect 3 "$fmbench" sweep "$ini"
	[[ $(cells 1) == "$before" ]] || fail "something was made although something is missing"
	expect 0 "$fmbench" sweep --dry-run "$ini"
	grep -q "2 can't be made here" "$tmp/out" || fail "the dry run does not say what is missing"
	expect 0 "$fmbench" sweep --skip-missing "$ini"
	grep -q 'left out: .*fastswap' "$tmp/err" || fail "what is left out is not said"
	[[ $(cells 1) == $((before + 2)) ]] || fail "not just what this machine can"
fi

# A compressor that this kernel lacks, which only a device tells where there is none yet.
if [[ $(id -u) -eq 0 && -e /sys/class/zram-control ]]; then
	write '[run null]' 'backend = zram' 'ratio = 0.5' 'zram.algorithm = nosuch'
	expect 0 "$fmbench" sweep --skip-missing "$ini"
	grep -q 'left out: .*no compressor nosuch' "$tmp/err" || fail "$(<"$tmp/err")"
	[[ $(cells "status = 'failed' AND backend = 'zram'") == 0 ]] || fail "what was left out stayed"
fi

# Mistakes: one line with file and line, exit 2, nothing changed.
rm -f "$FMBENCH_DB"*
bad() {
	expect 2 "$fmbench" sweep "$@"
	[[ $(wc -l <"$tmp/err") -eq 1 && ! -s $tmp/out ]] || fail "not one line: $*"
	[[ ! -e $FMBENCH_DB ]] || fail "a database was made: $*"
}
write '[run null]' 'memroy = 1M'
bad "$ini"
grep -q "e.ini:6: .*did you mean 'memory'" "$tmp/err" || fail "the slip is not named"
write '[run null]' 'memory = lots'
bad --dry-run "$ini"
grep -q 'e.ini:6: ' "$tmp/err" || fail "the line of a bad value is not named"
bad "$tmp/absent.ini"
write '[run null]'
bad --block 3 "$ini"
bad --slurm --dry-run "$ini"

# The ready ones are what this version understands, and repeat often enough for a verdict.
for ready in experiments/*.ini; do
	expect 0 "$fmbench" sweep --dry-run "$ready"
	! grep -q 'no verdict' "$tmp/err" || fail "$ready: $(cat "$tmp/err")"
done

# Fewer run, and say before they start that no verdict will come.
write '[run null]' 'backend = none'
expect 0 "$fmbench" sweep --dry-run "$ini"
grep -q 'warning: 2 repeats: .* no verdict' "$tmp/err" || fail "a sweep of 2 repeats in silence"
expect_run "$fmbench" run null --backend none --repeat 2
grep -q '2 repeats: .* no verdict' "$tmp/err" || fail "2 repeats in silence"
expect_run "$fmbench" run null --backend none --repeat 4
! grep -q 'no verdict' "$tmp/err" || fail "4 repeats are enough"
