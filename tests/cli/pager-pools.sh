#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmpager's pools: programs compute what they compute without them, a byte that is damaged in a pool is
# seen, a full pool loses no page, and nothing is left. FMBENCH_LONG=1: minutes of torture for each.
. "$(dirname "$0")/../lib.sh"
. tests/pager.bash

seconds=1
[[ -z ${FMBENCH_LONG-} ]] || seconds=120

# A small file system, which is gone with the test.
small=$tmp/small
mkdir "$small"
mount -t tmpfs -o size=16M fmbench-test "$small" || skip "cannot mount a tmpfs"
trap 'umount -l "$small"; rm -rf "$tmp"' EXIT
pools=(dram "delay:latency=20us,bandwidth=2G" compressed file:path=/var/tmp)


for pool in "${pools[@]}"; do
	expect 0 "$fmpager" --limit 12M --pool "$pool" -- "$torture" $seconds 40 3
	grep -q 'nothing wrong' "$tmp/out" || fail "$pool: the torture ended early"
	grep -q 'pages_out' "$tmp/err" || fail "$pool: nothing left"
done

# --- a byte of each stored page is changed: the torture must see it. What holds them is the file of fmpager's
# whose name matches.
damage='
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
for at in range(0, 64 << 20, 4096):
	old = os.pread(fd, 1, at)
	if old:
		os.pwrite(fd, bytes([old[0] ^ 1]), at)
'
damaged() { # POOL NAME
	local pid fd status=0
	"$fmpager" --limit 12M --quiet --pool "$1" -- "$torture" 20 40 2 >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	sleep 0.5
	fd=$(find /proc/$pid/fd -lname "*$2*" | head -n 1)
	[[ $fd ]] || fail "$1: fmpager holds no file like $2"
	python3 -c "$damage" "$fd"
	wait $pid || status=$?
	[[ $status -eq 1 ]] || fail "$1: the torture ended with $status over damaged pages"
	grep -q WRONG "$tmp/err" || fail "$1: a damaged page was not seen: $(cat "$tmp/err")"
}
damaged dram fmpager-pool
damaged delay fmpager-pool
damaged file:path=/var/tmp "/var/tmp/* (deleted)"

# --- compressed: what does not unpack is never handed to the program
torn() {
	local pid fd status=0
	"$fmpager" --limit 12M --quiet --pool compressed -- "$torture" 20 40 2 >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	sleep 0.5
	fd=$(find /proc/$pid/fd -lname "*fmpager-pool*" | head -n 1)
	python3 -c 'import os, sys
os.pwrite(os.open(sys.argv[1], os.O_RDWR), bytes(1 << 20), 4096)' "$fd"
	wait $pid || status=$?
	[[ $status -ne 0 ]] || fail "compressed: the program ended with $status over lost pages"
	grep -q 'has lost pages' "$tmp/err" || fail "compressed: lost pages are not told: $(cat "$tmp/err")"
}
torn

# --- full: pages stay, and fmpager says so
expect 0 "$fmpager" --limit 8M --far 4M -- "$chunks" 20
grep -qx '0 wrong words' "$tmp/out" || fail "full pool: $(cat "$tmp/out")"
grep -q 'the pool is full' "$tmp/err" || fail "a full pool is not told: $(cat "$tmp/err")"
grep -q pool_full "$tmp/err" || fail "a full pool is not counted"
expect 0 "$fmpager" --limit 8M --far 4M --as-if no-move -- "$torture" 1 40 2

# --- full disk: the same; whoever kills fmpager leaves nothing on it (tmpfs has direct I/O from Linux 6.6 on)
full_disk() {
	expect 0 "$fmpager" --limit 8M --pool "file:path=$small" -- "$chunks" 40
	grep -qx '0 wrong words' "$tmp/out" || fail "full disk: $(cat "$tmp/out")"
	grep -q 'the pool is full' "$tmp/err" || fail "a full disk is not told: $(cat "$tmp/err")"
	empty() { [[ $(df --output=used "$small" | tail -n 1) -eq 0 ]]; }
	eventually empty || fail "the file was left: $(df "$small")"
	"$fmpager" --limit 4M --quiet --pool "file:path=$small" -- "$torture" 60 12 2 >/dev/null 2>&1 &
	pid=$!
	sleep 0.5
	if empty; then fail "nothing is in the file"; fi
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	eventually empty || fail "killed: the file was left: $(df "$small")"
}
if "$fmpager" --limit 50% --quiet --pool "file:path=$small" -- true 2>/dev/null; then full_disk; fi

# --- as a backend; its pool is a fact of the run
expect_run "$fmbench" run quicksort --ratio 0.5 --backend pager -o memory=16M -o pager.pool=compressed
grep -q '"pool":{"name":"compressed","stored":[1-9]' "$tmp"/*/*/pager.json || fail "the report has no pool"
[[ $(sql "SELECT max(json_extract(facts, '\$.\"pager_pool.stored\"')) > 0 AND max(json_extract(facts, '\$.pager_pool')) = 'compressed' FROM run") -eq 1 ]] ||
	fail "not among the facts: $(sql "SELECT facts FROM run")"
expect 2 "$fmbench" run quicksort --ratio 0.5 --backend pager -o pager.pool=dram:nosuch=1
grep -q nosuch "$tmp/err" || fail "does not name the option"

# --- bad input
expect 2 "$fmpager" --limit 50% --pool file -- true
grep -q 'path is missing' "$tmp/err" || fail "does not name what is missing: $(cat "$tmp/err")"
expect 2 "$fmpager" --limit 50% --pool file:path=/nosuch -- true
grep -q '/nosuch' "$tmp/err" || fail "does not name the path: $(cat "$tmp/err")"
expect 2 "$fmpager" --limit 50% --pool delay:latency=-1 -- true
expect 2 "$fmpager" --limit 50% --pool dram:prealloc=x -- true
grep -q 'prealloc=x' "$tmp/err" || fail "does not name the value: $(cat "$tmp/err")"
