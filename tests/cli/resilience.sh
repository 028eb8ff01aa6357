#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes wrong under a run: the disk fills up, the database is locked or read-only, another run
# is under way, nobody reads the output, a workload will not end, a group can't go, far memory is
# taken away. Each ends in one clear line, a sound database with the right status, a clean machine.
#
# Elsewhere: signals in each phase (interrupt.sh), SIGKILL (kill.sh, recover.sh), a database that
# can't be opened (bad-database.sh), a memcached that dies (run-memaslap.sh), a clock that is
# stepped (tests/lab/clock-step.sh).
# shellcheck disable=SC2016 # what sh -c gets is its own to expand
. "$(dirname "$0")/../lib.sh"
need_swap

# wrong WORDS: why the case fails.
wrong() {
	sed 's/^/#  out: /' "$tmp/out"
	sed 's/^/#  err: /' "$tmp/err"
	echo "# $*"
	return 1
}

# ends CODE COMMAND…: its exit status, its output in $tmp/out and $tmp/err.
ends() {
	local want=$1 got=0
	shift
	"$@" >"$tmp/out" 2>"$tmp/err" || got=$?
	[[ $got -eq $want ]] || wrong "exit status $got, not $want: $*"
}

says() {
	grep -qE -- "$1" "$tmp/err" || wrong "'$1' is not said"
}

# status NAME [WORDS]: what the database has of the last run, and that it is whole.
status() {
	local last
	last=$(sql "SELECT status || ': ' || ifnull(reason, '') FROM run ORDER BY id DESC LIMIT 1")
	[[ $last == "$1: "*${2-}* ]] || wrong "the last run is recorded as '$last', not '$1 ${2-}'"
	[[ $(sql 'PRAGMA integrity_check') == ok ]] || wrong "the database is damaged"
}

clean() {
	wait_same "$tmp/before" 2>"$tmp/diff" || {
		sed 's/^/#  /' "$tmp/diff"
		wrong "something is left behind"
	}
}

# gone PID: ended; whoever inherited it may not have looked yet.
gone() {
	! grep -qs '^State:.[^Z]' "/proc/$1/status"
}

until_true() {
	eventually "$@" || wrong "never so: $*"
}

# --- the database -----------------------------------------------------------------------------

full_disk() {
	local FMBENCH_DB=$tmp/disk/full.db
	mount -t tmpfs -o size=2m none "$tmp/disk"
	ends 1 "$fmbench" run --backend zram --ratio 0.5 --peak 64M --sample-hz 200 -- \
		sh -c 'dd if=/dev/zero of="$1" bs=64k 2>/dev/null; sleep 20' sh "$tmp/disk/ballast"
	says 'no space left; free some'
	status failed 'no space left'
	clean
	ends 0 "$fmbench" show
	ends 1 "$fmbench" run null
	says 'no space left|the disk is full'
	rm "$tmp/disk/ballast"
	ends 0 "$fmbench" run null
	status ok
}

read_only_directory() {
	local db
	mount -t tmpfs none "$tmp/disk"
	FMBENCH_DB=$tmp/disk/old.db ends 0 "$fmbench" run null
	mount -o remount,ro "$tmp/disk"
	for db in old.db new.db new/new.db; do
		FMBENCH_DB=$tmp/disk/$db ends 1 "$fmbench" run null
		says '[Rr]ead-only'
	done
	FMBENCH_DB=$tmp/disk/old.db ends 0 "$fmbench" show
	ends 1 "$fmbench" run null --state-dir "$tmp/disk/state"
	says 'state: Read-only'
	clean
}

locked_during_a_run() {
	"$fmbench" run --backend zram --ratio 0.5 --peak 64M -- sleep 30 >"$tmp/out" 2>"$tmp/err" &
	local pid=$! got=0
	until_true grep -q /dev/zram /proc/swaps
	(echo 'BEGIN EXCLUSIVE;'; exec sleep 8) | sqlite3 "$FMBENCH_DB" &
	wait "$pid" || got=$?
	[[ $got -eq 1 ]] || wrong "exit status $got"
	says 'locked by another process'
	wait $!
	status failed 'locked by another process'
	clean
}

# --- others -----------------------------------------------------------------------------------

two_at_once() {
	"$fmbench" run --backend none -- sleep 60 >"$tmp/out" 2>"$tmp/err" &
	local first=$! second got=0
	until_true pgrep -P "$first" -x sleep >/dev/null
	ends 124 timeout 5 "$fmbench" backend up zram -o size=64M
	says "waiting for process $first"
	rm "$tmp/err"
	env --default-signal=INT "$fmbench" run null >"$tmp/out" 2>"$tmp/err" &
	second=$!
	until_true grep -qs "waiting for process $first (.*fmbench run --backend none -- sleep 60)" \
		"$tmp/err"
	kill -INT "$second"
	wait "$second" || got=$?
	[[ $got -eq 1 ]] || wrong "exit status $got of one that waited and was interrupted"
	says 'interrupted by SIGINT'
	rm "$tmp/err"
	"$fmbench" run null >"$tmp/out" 2>"$tmp/err" &
	second=$!
	until_true grep -qs 'waiting for' "$tmp/err"
	kill -TERM "$first"
	wait "$first" || true
	wait "$second" || wrong "the second run did not come to its turn"
	status ok
	clean
}

# remove_zram N: what somebodys_zram made, in whatever state.
remove_zram() {
	[[ -e /sys/block/zram$1 ]] || return 0
	swapoff "/dev/zram$1" 2>/dev/null || true
	echo 1 >"/sys/block/zram$1/reset"
	echo "$1" >/sys/class/zram-control/hot_remove
}

somebodys_zram() {
	made=$(</sys/class/zram-control/hot_add)
	echo 64M >"/sys/block/zram$made/disksize"
	mkswap "/dev/zram$made" >/dev/null
	swapon -p 5 "/dev/zram$made"
	machine_state >"$tmp/with-zram"
	ends 0 "$fmbench" run quicksort -o memory=64M --ratio 0.5 --peak 64M --backend zram
	grep -q SEVERAL_SWAPS "$tmp/out" || wrong "no SEVERAL_SWAPS flag"
	wait_same "$tmp/with-zram" 2>/dev/null || wrong "somebody's zram swap was changed"
	swapoff "/dev/zram$made" # of that size, and no swap
	machine_state >"$tmp/with-zram"
	ends 0 "$fmbench" run quicksort -o memory=64M --ratio 0.5 --peak 64M --backend zram
	wait_same "$tmp/with-zram" 2>/dev/null || wrong "somebody's idle zram was changed"
	remove_zram "$made"
	clean
}

# Nobody reads what it prints: the run is made all the same, and the exit status tells.
output_is_lost() {
	local got=0
	"$fmbench" run null 2>"$tmp/err" | true || got=${PIPESTATUS[0]}
	[[ $got -eq 1 ]] || wrong "exit status $got with a closed pipe"
	says 'Broken pipe; what was measured is in'
	status ok
	ends 1 sh -c '"$fmbench" run null >/dev/full'
	says 'No space left'
	status ok
	# What takes a closed stream's number must not get the messages.
	ends 0 sh -c '"$fmbench" run null <&- >&- 2>&-'
	status ok
	clean
}

# --- workloads that will not end --------------------------------------------------------------

# A daemon as daemon(3) makes it, deaf to signals, that touches 16 MiB and tells its number.
daemon='import os, signal, sys, time
if os.fork():
    while not os.path.exists(sys.argv[1]): time.sleep(0.01)
    time.sleep(float(sys.argv[2])); os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for s in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)
memory = bytearray(16 << 20)
open(sys.argv[1] + ".new", "w").write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)'

daemon_is_left() {
	ends 0 "$fmbench" run --ratio 0.5 --peak 16M --backend zram -- \
		python3 -c "$daemon" "$tmp/daemon" 0.2
	status ok
	gone "$(<"$tmp/daemon")" || wrong "the daemon lives on"
	clean
}

deaf_to_sigterm() {
	local pid got=0
	"$fmbench" run --backend none -- sh -c 'trap "" TERM INT HUP; echo "$$" >"$1"
		while :; do sleep 0.2; done' sh "$tmp/deaf" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	until_true test -s "$tmp/deaf"
	kill -TERM "$pid"
	wait "$pid" || got=$?
	[[ $got -eq 1 ]] || wrong "exit status $got"
	says 'interrupted by SIGTERM'
	status failed 'interrupted by SIGTERM'
	gone "$(<"$tmp/deaf")" || wrong "the workload lives on"
	clean
}

# --- what can't be undone ---------------------------------------------------------------------

# The memory group of the run under way, or nothing.
group_of_run() {
	find /sys/fs/cgroup -path '*fmbench-*/inside/memory.stat' -printf '%h' 2>/dev/null
}

group_has_process() {
	group=$(group_of_run)
	[[ $group && $(<"$group/cgroup.procs") ]]
}

# A process that was there before the run and is moved into its group is not the run's to kill.
foreign_in_group() {
	local foreign group got=0
	sleep 600 &
	foreign=$!
	sleep 0.1 # ages are told in ticks of 10 ms
	"$fmbench" run --backend zram --ratio 0.5 --peak 64M -- sleep 2 >"$tmp/out" 2>"$tmp/err" &
	until_true group_has_process
	echo "$foreign" >"$group/cgroup.procs"
	wait $! || got=$?
	[[ $got -eq 1 ]] || wrong "exit status $got with a foreign process in the group"
	says "cannot remove group .*process $foreign \(sleep\) was moved into .* move it out; .fmbench rec"
	[[ $(wc -l <"$tmp/err") -eq 1 ]] || wrong "not one line"
	status failed 'cannot remove group'
	ends 1 "$fmbench" recover
	says "process $foreign \(sleep\)"
	kill -0 "$foreign" || wrong "the foreign process was killed"
	echo "$foreign" >"${group%/fmbench-*}/cgroup.procs"
	ends 0 "$fmbench" recover
	clean
	kill "$foreign"
}

# Its swap area and the device itself vanish under the run.
far_memory_is_taken_away() {
	local device got=0
	"$fmbench" run --backend zram --ratio 0.5 --peak 64M -- sleep 4 >"$tmp/out" 2>"$tmp/err" &
	until_true grep -q /dev/zram /proc/swaps
	device=$(awk '/zram/ { sub("/dev/zram", "", $1); print $1 }' /proc/swaps)
	sleep 0.5
	swapoff "/dev/zram$device"
	echo 1 >"/sys/block/zram$device/reset"
	echo "$device" >/sys/class/zram-control/hot_remove
	wait $! || got=$?
	# Unless it was the run's own.
	while grep -qx "/sys/block/zram$device" "$tmp/before" && [[ ! -e /sys/block/zram$device ]]; do
		cat /sys/class/zram-control/hot_add >/dev/null
	done
	[[ $got -eq 1 ]] || wrong "exit status $got"
	says "/dev/zram$device is no longer on"
	status failed "/dev/zram$device is no longer on"
	[[ $(sql "SELECT count(*) FROM flag WHERE code = 'BACKEND_LOST'") -eq 1 ]] || wrong "no flag"
	# In a run's last moment.
	ends 1 "$fmbench" run --backend zram --ratio 0.5 --peak 64M -- \
		sh -c 'sleep 0.3; swapoff $(grep -o "/dev/zram[0-9]*" /proc/swaps)'
	status failed 'is no longer on'
	clean
}

# --- all of them ------------------------------------------------------------------------------

cases=(full_disk read_only_directory locked_during_a_run two_at_once somebodys_zram output_is_lost
	daemon_is_left deaf_to_sigterm foreign_in_group far_memory_is_taken_away)
[[ $# -eq 0 ]] || cases=("$@")
mkdir "$tmp/disk"
trap 'umount -ql "$tmp/disk" || true; rm -rf "$tmp"' EXIT
machine_state >"$tmp/before"
number=0 failed=0
for case in "${cases[@]}"; do
	number=$((number + 1))
	# Not in a condition: there bash would go on after an error.
	set +e
	(
		set -e
		made=
		trap 'kill $(jobs -p) 2>/dev/null || true; [[ -z $made ]] || remove_zram "$made"' EXIT
		"$case"
	)
	result=$?
	set -e
	if [[ $result -eq 0 ]]; then
		echo "ok $number - ${case//_/ }"
	else
		echo "not ok $number - ${case//_/ }"
		failed=$((failed + 1))
		# For the next one.
		"$fmbench" recover || true
		"$fmbench" backend down zram 2>/dev/null || true
	fi
	umount -q "$tmp/disk" || true
done
[[ $failed -eq 0 ]]
