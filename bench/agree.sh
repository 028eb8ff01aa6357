#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What fmbench says beside what others say of the same run (make bench-agree), each within 3 %:
#	- memaslap's operations, and cmd_get + cmd_set of the server's own `stats`;
#	- far page-ins by the group's count, and pages that zram read for them;
#	- major faults of a thread that does nothing else, and perf's count of them; their mean latency, and the
#	  time from one to the next by perf's clock. On a swap file: what the thread does between two faults takes
#	  1 us, which is much of a fault on zram;
#	- with PMBENCH=PATH (github.com/blakecaldwell/pmbench, built by you): the mean and the median of such faults,
#	  and pmbench's own, in turns: both write to pages of 32 MiB in random order, 4 MiB of them local. The mean
#	  is the tail's on a busy machine.
set -euo pipefail
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export FMBENCH_STATE_DIR=$tmp/state FMBENCH_DB=$tmp/agree.db
fmbench=build/fmbench
bad=0

# row WHAT FMBENCH OTHER
row() {
	awk -v what="$1" -v a="$2" -v b="$3" 'BEGIN {
		off = b > 0 ? 100 * (a / b - 1) : 100
		ok = off > -3 && off < 3
		printf "%-48s %14.0f %14.0f %+8.1f %%  %s\n", what, a, b, off, ok ? "agrees" : "DIFFERS"
		exit !ok }' || bad=1
}

# ok COMMAND…: an untrusted run (7) counts as well, its flags are not about these counts.
ok() {
	"$@" >"$tmp/out" 2>"$tmp/err" || [[ $? -eq 7 ]] || {
		cat "$tmp/err" >&2
		exit 1
	}
}

# delta COLLECTOR KEY: of phase measure of the newest run; empty where this kernel lacks it.
delta() {
	"$fmbench" export csv deltas --run latest | python3 -c '
import csv, sys
for r in csv.DictReader(sys.stdin):
    if (r["phase"], r["collector"], r["key"]) == ("measure", *sys.argv[1:3]):
        print(r["delta"])' "$1" "$2"
}

[[ -z ${PMBENCH-} || -x $PMBENCH ]] || {
	echo "PMBENCH=$PMBENCH is no program: give the path of the pmbench that you built" >&2
	exit 2
}

printf '%-48s %14s %14s %10s\n' '' fmbench other differs

# The server is asked every 20 ms; its count at the instant of a tick lies between two answers. Operations
# are compared from the first tick of the window at which memaslap had just told of them to the last:
# memaslap tells each second, so that a window's ends fall between two of its rows.
port=$((20000 + RANDOM % 10000))
python3 bench/agree_stats.py watch $port >"$tmp/server.csv" &
watcher=$!
ok "$fmbench" run -q memaslap -o memory=64M -o port=$port --backend none --warmup 2s --duration 12s --sample-hz 50
kill $watcher 2>/dev/null || true
wait $watcher 2>/dev/null || true
"$fmbench" export csv samples --run latest >"$tmp/samples.csv"
read -r ours theirs < <(python3 bench/agree_stats.py compare "$tmp/samples.csv" "$tmp/server.csv")
row "memaslap: operations; the server's own count" "$ours" "$theirs"

# One page a read: no read-ahead, which brings pages that nobody asked for.
ok "$fmbench" run -q quicksort -o memory=64M --ratio 0.5 --peak 64M --backend zram --page-cluster 0
ours=$(delta memory_stat pswpin)
[[ $ours ]] || ours=$(delta memory_stat workingset_refault_anon)
row 'quicksort: far page-ins; pages that zram read' "$ours" "$(delta swap_device read |
	awk '{ print $1 / 4096 }')"

# Faults of one thread on a swap file, a page each; of one size, as reclaim into a larger one costs more.
page_by_page=(--backend swapfile -o swapfile.size=512M --page-cluster 0)
faults=("$fmbench" micro -q fault_latency --duration 3s "${page_by_page[@]}")
if command -v perf >/dev/null; then
	export FMBENCH_DB=$tmp/faults.db
	ok perf record -q -k CLOCK_MONOTONIC -e major-faults -c 1 -a -o "$tmp/perf.data" -- "${faults[@]}" \
		-o region=64M -o local=8M
	perf script -i "$tmp/perf.data" -F tid,time --ns 2>/dev/null >"$tmp/faults"
	read -r ours theirs mean gap < <(python3 bench/agree_stats.py faults "$FMBENCH_DB" "$tmp/faults")
	row "fault_latency: major faults; perf's count" "$ours" "$theirs"
	row 'fault_latency: mean (ns); between two, by perf' "$mean" "$gap"
else
	echo "no perf (Debian's linux-perf): faults are not compared with its" >&2
fi

# pmbench times itself. Its touches' histogram is like fault_latency's; its printed mean is of near pages, too. Both
# draw each page anew: pmbench's uniform is Zipf's with an exponent of nearly 0.
if [[ ${PMBENCH-} ]]; then
	export FMBENCH_DB=$tmp/pmbench.db
	for i in 1 2 3; do
		ok "${faults[@]}" -o pattern=zipf -o zipf=0.01 -o access=write -o region=32M -o local=4M
		ok "$fmbench" run -q --ratio 0.125 --peak 32M "${page_by_page[@]}" --show-output -- \
			"$PMBENCH" -m 32 -s 32 -p uniform -a histo -r 0 3
		cp "$tmp/err" "$tmp/pmbench.$i"
	done
	read -r ours theirs median its < <(python3 bench/agree_stats.py pmbench "$FMBENCH_DB" "$tmp"/pmbench.?)
	row "fault_latency: mean of writes (ns); pmbench's" "$ours" "$theirs"
	row "fault_latency: their median (ns); pmbench's" "$median" "$its"
fi

exit $bad
