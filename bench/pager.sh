#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pager.sh [PROGRAM…]: the user-space pager beside kernel swap on zram, on this machine (make bench-pager).
# Runs of both in random order, medians of ROUNDS (5); SIZE (256M) of memory each. A row for each program and
# ratio: CPU of the group, wall time, and the bound that the pager shall keep, beside whether it does. Both are
# measured against zram; at ratio 1, and for a fault, against nothing far. Below the fault: what the kernel alone
# takes for one (pager_floor.c), by system calls only, and with a handler on the same and on another CPU. tcp: a fault
# and a scan over pool tcp on the loopback, beside what a plain program does there (pager_tcp.c), and with pool dram.
# ROUNDS=1 SIZE=32M: all rows in a few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-5} size=${SIZE:-256M}
operations=$(($(numfmt --from=iec "$size") / 128)) # of kvmap: a million where SIZE is 128M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# NAME, bound of CPU pager/zram at 0.5 and at 0.25 (-: none), and what fmbench runs.
programs="quicksort 0.9 0.8 quicksort -o memory=$size
scan 0.3 0.3 scan -o memory=$size -o passes=5
kvmap 0.8 0.8 kvmap -o memory=$size -o operations=$operations -o get-share=1
kvmap-2 1.2 1.2 kvmap -o memory=$size -o operations=$operations -o get-share=1 -o threads=2
kvmap-4 1.2 1.2 kvmap -o memory=$size -o operations=$operations -o get-share=1 -o threads=4
sort 0.9 - -- sort -S $size --parallel=1 -o /dev/null $tmp/lines
memcached 1.0 - memaslap -o memory=$size -o verify=1 --warmup 2s --duration 5s
fault - - chase -o memory=$size -o node=4K -o passes=8"

median() {
	sort -g | awk '{ v[NR] = $1 } END { print NR == 0 ? "none" : NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ask DB BACKEND RATIO SELECT: the median of SELECT, where r is the run.
ask() {
	sqlite3 "$1" "SELECT ($4) FROM run r JOIN job j ON j.run = r.id
		WHERE backend = '$2' AND ratio = $3 AND status <> 'failed'" | { grep . || true; } | median
}
cpu="SELECT delta / 1e6 FROM phase_delta d WHERE d.run = r.id AND phase = 'measure' AND collector = 'cgroup_cpu' AND key = 'usage_usec'"
wall="SELECT (end_ns - begin_ns) / 1e9 FROM phase p WHERE p.run = r.id AND name = 'measure'"
faults="SELECT delta FROM phase_usage u WHERE u.run = r.id AND phase = 'measure' AND what = 'page_ins'"
ops="SELECT value FROM result x WHERE x.run = r.id AND name = 'ops'"

# row PROGRAM RATIO UNIT ZRAM PAGER WALL-ZRAM WALL-PAGER BOUND: ops are better the more there are.
row() {
	awk -v name="$1" -v ratio="$2" -v unit="$3" -v a="$4" -v b="$5" -v wa="$6" -v wb="$7" -v bound="$8" 'BEGIN {
		by = a > 0 && b > 0 ? b / a : 0
		holds = bound == "-" ? "" : by == 0 ? "NOT MEASURED" : (unit == "ops/s" ? by >= bound : by <= bound) ? "holds" : "FALLS SHORT"
		printf "%-10s %5s %-8s %9.4g %9.4g %7.2f %9s %9.4g %9.4g  %s\n", name, ratio, unit, a, b, by, bound, wa, wb, holds }'
}

# A median of zram, then of the pager.
both() { # DB RATIO SELECT
	echo "$(ask "$1" zram "$2" "$3") $(ask "$1" pager "$2" "$3")"
}

rows() { # NAME DB BOUND-0.5 BOUND-0.25
	local name=$1 db=$2 bound a b wa wb
	local -A bounds=([1]=- [0.5]=$3 [0.25]=$4)

	for ratio in 1 0.5 0.25; do
		bound=${bounds[$ratio]}
		[[ $name == fault || $ratio != 1 ]] || bound=1.01
		read -r wa wb < <(both "$db" $ratio "$wall")
		if [[ $name == memcached ]]; then
			read -r a b < <(both "$db" $ratio "$ops")
			[[ $ratio != 1 ]] || bound=0.99
			row "$name" $ratio ops/s "$a" "$b" "$wa" "$wb" "$bound"
		elif [[ $name != fault ]]; then
			read -r a b < <(both "$db" $ratio "$cpu")
			row "$name" $ratio "s CPU" "$a" "$b" "$wa" "$wb" "$bound"
		fi
	done
	[[ $name != fault ]] || { fault "$db" && floor; }
}

# us_a_fault DB BACKEND SELECT: of the time that SELECT tells, beyond the program's own.
us_a_fault() {
	awk -v own="$(ask "$1" "$2" 1 "$3")" -v far="$(ask "$1" "$2" 0.5 "$3")" -v n="$(ask "$1" "$2" 0.5 "$faults")" \
		'BEGIN { print (n > 0 ? (far - own) / n * 1e6 : 0) }'
}

# CPU of one random fault and its eviction; at most 6 us.
fault() {
	awk -v a="$(us_a_fault "$1" zram "$cpu")" -v b="$(us_a_fault "$1" pager "$cpu")" 'BEGIN {
		by = a > 0 ? b / a : 0
		holds = b <= 0 ? "NOT MEASURED" : b <= 6 ? "holds" : "FALLS SHORT"
		printf "%-10s %5s %-8s %9.4g %9.4g %7.2f %9s %9s %9s  %s\n", "fault", "0.5", "us CPU", a, b, by, "6 us", "", "", holds }'
}

# The kernel's part of a fault: no bound. 3: this kernel can't move pages.
floor() {
	build/bench/pager_floor | while read -r name us; do
		printf '%-10s %5s %-8s %9s %9.4g\n' "- $name" 0.5 "us CPU" "" "$us"
	done || [[ $? -eq 3 ]]
}

# run NAME ARGS…: its runs, in the database of that name.
run() {
	local name=$1
	shift
	build/fmbench run --repeat "$rounds" -q --db "$tmp/$name.db" "$@" >"$tmp/out" 2>&1 || [[ $? -eq 7 ]] || {
		cat "$tmp/out" >&2
		echo "$name: could not be measured" >&2
		return 1
	}
}

# tcp_row NAME UNIT PLAIN PAGER BOUND: of seconds at most, of bytes at least so many times the plain program's.
tcp_row() {
	awk -v name="$1" -v unit="$2" -v a="$3" -v b="$4" -v bound="$5" 'BEGIN {
		by = a > 0 && b > 0 ? b / a : 0
		holds = by == 0 ? "NOT MEASURED" : bound == "-" ? "" : (unit == "GB/s" ? by >= bound : by <= bound) ? "holds" : "FALLS SHORT"
		printf "%-10s %5s %-8s %9.4g %9.4g %7.2f %9s %9s %9s  %s\n", name, "0.5", unit, a, b, by, bound, "", "", holds }'
}

tcp_rows() { # POOL BOUND-FAULT BOUND-SCAN
	tcp_row "- $1" us "${plain[ping]}" "$(us_a_fault "$tmp/$1-fault.db" pager "$wall")" "$2"
	tcp_row "- $1" GB/s "${plain[stream]}" \
		"$(ask "$tmp/$1-scan.db" pager 0.5 "SELECT ($faults) * 4096 / ($wall) / 1e9")" "$3"
}

tcp() {
	local -A plain
	local pool over

	while read -r name value; do
		plain[$name]=$value
	done < <(build/bench/pager_tcp)
	for pool in tcp dram; do
		over=(--backend pager -o "pager.pool=$pool")
		run "$pool-fault" --ratio 1,0.5 "${over[@]}" chase -o memory="$size" -o node=4K -o passes=2 &&
			run "$pool-scan" --ratio 0.5 "${over[@]}" scan -o memory="$size" -o passes=5 || return
	done
	printf '%-10s %5s %-8s %9s\n' tcp ratio unit plain
	tcp_rows tcp 1.5 0.7
	tcp_rows dram - -
}

echo "medians of $rounds, $size; load $(cut -d' ' -f1 /proc/loadavg), $(nproc) CPUs, Linux $(uname -r)"
printf '%-10s %5s %-8s %9s %9s %7s %9s %9s %9s\n' program ratio unit zram pager pg/zram bound 's zram' 's pager'
status=0
while read -r name half quarter args; do
	[[ $# -eq 0 || " $* " == *" $name "* ]] || continue
	[[ $name != sort ]] ||
		seq $(($(numfmt --from=iec "$size") / 64)) | sort -R --random-source=<(yes) >"$tmp/lines"
	# shellcheck disable=SC2086 # words
	run "$name" --ratio 1,0.5,0.25 --backend zram,pager $args && rows "$name" "$tmp/$name.db" "$half" "$quarter" || status=1
done <<<"$programs"
[[ $# -gt 0 && " $* " != *" tcp "* ]] || tcp || status=1
exit $status
