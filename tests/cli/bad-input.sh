#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: one line on stderr that names the thing, the right exit code, nothing changed.
. "$(dirname "$0")/../lib.sh"

# code, words the line must hold, then the arguments; one case a line.
bad() {
	local code=$1 words=$2
	shift 2
	machine_state >"$tmp/before"
	expect "$code" "$fmbench" "$@"
	[[ $(wc -l <"$tmp/err") -eq 1 ]] || {
		cat "$tmp/err" >&2
		fail "not one line on stderr: fmbench $*"
	}
	[[ ! -s $tmp/out ]] || fail "something on stdout: fmbench $*"
	grep -qF -- "$words" "$tmp/err" || {
		cat "$tmp/err" >&2
		fail "'$words' is missing: fmbench $*"
	}
	[[ ! -e $FMBENCH_DB ]] || fail "a database was made: fmbench $*"
	machine_state | cmp -s "$tmp/before" - || fail "the machine was changed: fmbench $*"
}

bad 2 "did you mean 'run'" rnu
bad 2 'options come after it' --ratio 1 run null
bad 2 'WORKLOAD is missing' run
bad 2 "did you mean 'memaslap'" run memslap
bad 2 'quicksort' run quicksrt
bad 2 'one argument too many' run null null
bad 2 'backend' run null --backend zramm --ratio 0.5
bad 2 "'0' is not in (0, 1]" run null --ratio 0
bad 2 "'1.5' is not in (0, 1]" run null --ratio 1,1.5
bad 2 "'-1' is not in (0, 1]" run null --ratio=-1
bad 2 "'nan' is not in (0, 1]" run null --ratio nan
bad 2 "'half' is not in (0, 1]" run null --ratio half
bad 2 'before the first comma' run null --ratio ,
bad 2 'after the last comma' run null --ratio 0.5,
bad 2 'between two commas' run null --ratio 0.5,,1
bad 2 'put a comma, and no space, between two ratios' run null --ratio '1 0.5'
bad 2 'after the last comma' run null --backend none,
bad 2 'after the last comma' run null --cpus 0,
bad 2 'after the last comma' micro uffd --cores 1, --backend none
bad 2 'before the first comma' export csv rates --collector ,vmstat
bad 2 'fmbench fit [options] -- sort' fit sort --slowdown 5%
bad 2 "'120%' is not in (0, 1]" run null --ratio 120%
bad 2 "'%' is not in (0, 1]" run null --ratio %
bad 2 '0.0001 or more' run null --ratio 1e-9
bad 2 'ratio 1 is there twice' run null --ratio 1,0.5,100%
bad 2 'backend zram is there twice' run null --backend zram,none,zram
for option in --ratio --backend --db --prepare; do
	bad 2 "'$option' has an empty value" run null "$option" ''
done
bad 2 "'--db' has an empty value" --db= run null
bad 2 "'--ratio'" run null -ratio 0.5
bad 2 "'--version'" --verison
bad 2 '-o memory=' run quicksort --memory 5M
bad 2 '-o zram.size=' run quicksort --zram.size 5M
bad 2 'put -- before it' run ./prog
bad 2 'put -- before it' run --ratio 0.5 /bin/true
bad 2 'put -- before it' run true
bad 2 '-- sort x ...' run --ratio 0.5 sort x
bad 2 "did you mean '--ratio 0.5'" run null ratio=0.5
bad 2 "did you mean '-o memory=5M'" run quicksort memory=5M
bad 2 'fmbench micro fault_latency' run fault_latency
bad 2 'fmbench run memaslap' micro memaslap
bad 3 'lower --cores' micro uffd --cores 512 --backend none \
	-o local=256M -o region=1G
bad 2 'at least 5 s (--duration)' run memaslap --duration 1s
bad 2 'at least 5 s (--duration)' run memaslap --duration 1s --dry-run
bad 2 'has no pattern' run --metric ops -- true
bad 2 'no path into JSON' run --metric 'x=$.a[' -- true
touch "$tmp/script"
bad 3 'chmod +x' run -- "$tmp/script"
bad 3 'is a directory' run -- "$tmp"
(cd "$tmp" && cp /bin/true mine && bad 3 'is ./mine' run -- mine)
bad 2 "did you mean 'memaslap-ratio'" sweep memaslap-ratoi
bad 2 'ends with .tar.zst' artifact "$tmp/paper.zip"
bad 2 'every command has that one' run --metric 'elapsed=(.*)' -- true
bad 2 'leave it out' run null --metric 'ops=(.*)'
bad 2 'Add --ready' run --limit-at ready -- true
bad 2 "did you mean 'micro'" list micor
bad 2 "did you mean 'run'" help rnu
bad 2 'needs a value' --db
bad 2 'takes no pages' run null --ratio 0.5 --backend none
bad 2 "did you mean '--ratio'" run null --rato 0.5
bad 2 'needs a value' run null --ratio
bad 2 'memory' run quicksort -o memory=12Q
bad 2 'memory' run quicksort -o memory=-5M
bad 2 'memory' run quicksort -o memory=5M5
bad 2 'workload quicksort' run quicksort -o colour=blue
bad 2 'backend zram' run quicksort --ratio 0.5 --backend zram -o zram.colour=blue
bad 2 'repeat' run null --repeat 0
bad 2 'repeat' run null --repeat 3x
bad 2 'peak' run null --peak 3.5.6G
bad 2 'choose one' run null --peak 1G --recalibrate
bad 2 'not a list of CPUs' run null --cpus a-b
bad 2 'CPU 9999' run null --cpus 9999
bad 2 'mem-node' run null --mem-node 77
bad 2 'reclaim-cpu' run null --reclaim-cpu often
bad 2 'not both' run null -- true
bad 2 'no command after' run --
bad 2 'run [options] -- COMMAND' run command
bad 3 'no-such-program' run -- no-such-program
bad 2 'timeseries' plot timeserie
bad 2 '.pdf, .png or .svg' plot timeseries -o picture.gif
bad 2 'leave out --run' plot slowdown --run 1
bad 2 'one y axis' plot xput --y slowdown
bad 2 'leave out --axis' plot xput --axis log
bad 2 'share|tail' plot latency-cdf --y slowdown
bad 2 'single, double' plot slowdown --size 3
bad 2 "did you mean 'summary'?" sumary
bad 2 'choose them with --columns' summary --base zram
bad 3 'fmbench run' plot timeseries -o "$tmp/x.pdf"
bad 3 'fmbench run' show
bad 2 'xml' export xml runs
bad 2 "did you mean 'runs'" export csv rnus
bad 2 'what?' export csv
bad 2 'flags are long by nature' export csv flags --wide
bad 2 'choose one' export csv runs --wide --long
bad 2 'cannot list' list cats
bad 2 'list, up, down or status' backend sideways
bad 2 'which?' backend up
bad 2 'leave out --in-lab' plot timeseries --in-lab

# Help is not an error, and every option of a table is in it.
expect 0 "$fmbench" run --help
grep -q -- '--ratio' "$tmp/out" || fail "run --help does not name --ratio"
for command in run micro sweep merge show summary compare report export plot list backend doctor recover \
	demo config artifact; do
	expect 0 "$fmbench" "$command" --help
	grep -q "usage: fmbench $command" "$tmp/out" || fail "$command --help"
done
expect 0 "$fmbench" --version
grep -q '^fmbench ' "$tmp/out" || fail "--version"
