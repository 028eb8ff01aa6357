#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# Far memory in another machine: two lab guests with a cable between them. The client vanishes while
# it scans, and another one takes its place. Then the server vanishes: under a run, and under a scan.
. "$(dirname "$0")/../lib.sh"
command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64 (make deps)"

# fmlab that is killed leaves its directory, and in it the kernel's log.
export TMPDIR=$tmp
declare -A machines=()

clean_up() {
	{ kill -KILL "${machines[@]}" && wait "${machines[@]}"; } 2>/dev/null || true
	rm -rf "$tmp"
}
trap clean_up EXIT

# boot NAME END: returns at once; the machine does its first job when it is up.
boot() {
	rm -rf "${tmp:?}/$1"
	mkdir "$tmp/$1"
	lab/fmlab run --kernel 6.1 --cpus 1 --mem 1G --rdma --cable "$tmp/cable:$2" --timeout 1800 \
		--out "$tmp/$1" -- bash tests/lab/machine.bash >"$tmp/$1/output" 2>&1 &
	machines[$1]=$!
}

# vanish NAME: as when its power fails. QEMU dies with its fmlab.
vanish() {
	{ kill -KILL "${machines[$1]}" && wait "${machines[$1]}"; } 2>/dev/null || true
	unset "machines[$1]"
	echo "$SECONDS s: $1 vanished"
}

# shut_down NAME: its kernel must have been well.
shut_down() {
	give "$1" exit 0
	wait "${machines[$1]}" || fail "$1: $(<"$tmp/$1/output")"
	unset "machines[$1]"
}

# give NAME COMMAND…
give() {
	printf '%q ' "${@:2}" >"$tmp/$1/job.new"
	mv "$tmp/$1/job.new" "$tmp/$1/job"
}

# on NAME COMMAND…: it must succeed there.
on() {
	give "$@"
	until [[ -e $tmp/$1/status ]]; do
		[[ -e /proc/${machines[$1]} ]] || fail "$1 ended before ${*:2}: $(<"$tmp/$1/output")"
		sleep 0.05
	done
	if [[ $(<"$tmp/$1/status") -ne 0 ]]; then
		cat "$tmp/$1/log" "$tmp/server/server.log" >&2
		grep -h "fastswap_rdma:" "$tmp"/fmlab.*/kernel.log >&2 || true
		fail "$*"
	fi
	rm "$tmp/$1/status"
	echo "$SECONDS s: $*"
}

# serve [OPTIONS OF MEMSERVER…]: to the client, which is up.
serve() {
	boot server 1
	echo sesame >"$tmp/server/token"
	on server server_up --size 96M --linger 2s "$@"
	on client eventually answers
}

all=(is $((96 << 20)) stat_of pool_bytes)
scan=(begin build/tests/lab/pagecheck --mib 8 --threads 2 --write-percent 20 --seconds)
measure=(env FMBENCH_DB=/tmp/db build/fmbench run quicksort --ratio 0.5 --peak 16M
	-o memory=16M --backend fastswap-rdma -o fastswap-rdma.far=10.99.1.1:50000
	-o fastswap-rdma.timeout=6s)

boot client 2
serve
on client pool_up auto timeout_ms=20000
on client "${all[@]}"
on client "${scan[@]}" 2
on client begun_exits 0
on client "${scan[@]}" 36000
on client eventually loads_more_than 2000
vanish client

boot client 2
on server eventually server_logged "lost 10.99.1.2: it no longer answers"
on server eventually server_logged "10.99.1.2 did not come back: its memory is free"
on client eventually answers
on client build/tests/lab/rdma_client look 10.99.1.1 50000
on client pool_up auto timeout_ms=20000
on client "${all[@]}"
on client "${scan[@]}" 1
on client begun_exits 0
on client down

on client "${measure[@]}"
on client is ok newest_run status
on client begin "${measure[@]}"
on client eventually loads_more_than 500
vanish server
on client soon begun_exits 1
on client newest_run_has BACKEND_LOST
on client test ! -e /sys/module/fastswap

serve --token-file /run/fmlab-out/token
on client pool_up auto token=sesame timeout_ms=6000
on client "${scan[@]}" 36000
on client eventually loads_more_than 500
vanish server
on client eventually more_than failed_loads 0
on client is 1 rdma_says losses
on client end_begun
on client begun_exits 4
on client soon down
on client test ! -e /sys/module/fastswap_rdma
shut_down client

findings=$(awk -f lab/klog.awk "$tmp"/fmlab.*/kernel.log)
[[ -z $findings ]] || fail "a kernel was not well: $findings"
