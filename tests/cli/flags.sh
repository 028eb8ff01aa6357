#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Flags that real runs really get: each is provoked by what it is about. Also: a failed run is
# judged by what it had, and what was not sampled is absent. COUNTER_LOST and CLOCK_STEPPED need the
# lab (tests/lab/v2-counter-lost.sh, clock-step.sh).
. "$(dirname "$0")/../lib.sh"
need_swap

foreign=
undo() {
	[[ ! $foreign ]] || {
		swapoff "/dev/zram$foreign" 2>/dev/null || true
		echo "$foreign" >/sys/class/zram-control/hot_remove
	}
	foreign=
	rm -rf "$tmp"
}
trap undo EXIT
machine_state >"$tmp/before"

# newest: the run that began last.
newest() {
	sql "SELECT max(id) FROM run" 2>/dev/null || true
}

# flag CODE: severity and sentence in the newest run, empty if it has none.
flag() {
	sql "SELECT severity || ': ' || detail FROM flag WHERE run = $(newest) AND code = '$1'"
}

# flagged CODE SEVERITY PATTERN
flagged() {
	local found
	found=$(flag "$1")
	[[ $found =~ ^$2:\ .*$3 ]] || fail "run $(newest): $1 is '$found', not $2 and '$3'"
}

unflagged() {
	[[ ! $(flag "$1") ]] || fail "run $(newest) has $1: $(flag "$1")"
}

# begin COMMAND…: a run in the background; $pid, and $run, which it will be.
begin() {
	run=$(($(newest) + 1))
	"$@" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
}

# until_true WHAT SQL: while the run lasts.
until_true() {
	until [[ $(sql "SELECT $2" 2>/dev/null) == 1 ]]; do
		kill -0 "$pid" 2>/dev/null || fail "ended before $1: $(<"$tmp/err")"
		sleep 0.05
	done
}

after_phase() {
	until_true "the end of phase $1" "EXISTS (SELECT 1 FROM phase WHERE run = $run AND name = '$1')"
}

# ended STATUS…: one of these.
ended() {
	local status=0
	wait "$pid" || status=$?
	[[ " $* " == *" $status "* ]] || fail "exit status $status, not $*: $(<"$tmp/err")"
}

# The directory of the group in which that run's workload lives, in a hierarchy with that file.
inside() {
	local dir
	dir=$(find /sys/fs/cgroup -path "*fmbench-$(sql "SELECT substr(uuid, 1, 8) FROM run
		WHERE id = $run")/inside/$1" -printf '%h\n')
	[[ $dir ]] || fail "no group with $1"
	echo "$dir"
}

limit_file() {
	find /sys/fs/cgroup -path '*fmbench-*/inside/*' \
		\( -name memory.high -o -name memory.limit_in_bytes \) -printf '%f\n' -quit
}

# Where the memory controller is.
limit_mount() {
	if [[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]]; then echo v1; else echo v2; fi
}

slap=("$fmbench" run memaslap --warmup 0.5s --duration 8s)

# --- SWAP_FULL: a service that can't shrink says why, in its error and in its flag.
expect 1 "${slap[@]}" -o memory=64M --peak 64M --ratio 0.25 --settle-timeout 2s --backend zram \
	-o zram.size=16M
grep -qE 'swap area of 16M is full, and [1-9][0-9.]*M more have to leave' "$tmp/err" ||
	fail "it is not said why memory stays: $(<"$tmp/err")"
flagged SWAP_FULL fatal 'in phase shrink, 1[56][0-9.]*M of 16M in use, when [1-9][0-9.]*M more had to leave'

# A program that outgrows both: it is killed (v1) or does not get on (v2), and no flag says that swap
# had room.
expect 1 "$fmbench" run quicksort -o memory=64M --peak 64M --ratio 0.25 --backend zram \
	-o zram.size=16M --settle-timeout 2s
flagged SWAP_FULL fatal 'in phase measure'
[[ ! $(flag V1_OOM_RELIEF) =~ although ]] || fail "untrue: $(flag V1_OOM_RELIEF)"
expect 1 "$fmbench" run quicksort -o memory=64M --peak 64M --ratio 0.25 --backend zram \
	-o zram.size=16M --settle-timeout 2s --sample-hz 0
flagged SWAP_FULL fatal 'was full'
wait_same "$tmp/before" 5 || fail "something was left behind"

# v1's killer is off for as long as the workload's memory is touched: an audit comes after the window.
if [[ $(limit_mount) == v1 ]]; then
	begin "${slap[@]}" -o memory=128M --peak 128M --ratio 0.2 -o audit=yes --backend zram
	after_phase warmup
	dir=$(inside memory.oom_control)
	after_phase measure
	looks=0 on=
	while read -r _ off < <(grep oom_kill_disable "$dir/memory.oom_control") &&
		[[ $(<"$dir/cgroup.procs") ]]; do
		[[ $off == 1 ]] || on=$looks
		looks=$((looks + 1))
	done 2>/dev/null # the group goes
	[[ ! $on ]] || fail "the killer is on at look $on of $looks at the audit"
	ended 0 7
	((looks > 2)) || fail "the audit was seen $looks times"
fi

# --- PAGES_ELSEWHERE: another area of the same priority takes every other page.
area=/var/tmp
if [[ $(stat -f -c %T $area) == ext2/ext3 ]]; then
	foreign=$(</sys/class/zram-control/hot_add)
	echo 256M >"/sys/block/zram$foreign/disksize"
	mkswap "/dev/zram$foreign" >/dev/null
	swapon -p 100 "/dev/zram$foreign"
	expect 7 "$fmbench" run quicksort -o memory=48M --peak 48M --ratio 0.5 --backend swapfile \
		-o swapfile.size=128M -o swapfile.priority=100
	flagged PAGES_ELSEWHERE fatal '2 swap areas were on, and [1-9][0-9.]*[KM] .*of what left. went to others'
	# Beside an area of higher priority it takes nothing. Turned on anew: since Linux 6.15 a CPU
	# fills the cluster that it used last, whatever the priorities.
	swapoff "/dev/zram$foreign"
	swapon -p 100 "/dev/zram$foreign"
	expect_run "$fmbench" run quicksort -o memory=48M --peak 48M --ratio 0.5 --backend zram
	unflagged PAGES_ELSEWHERE
	unflagged LOADS_MISMATCH
	flagged SEVERAL_SWAPS warning '; 0B* went to others'
	swapoff "/dev/zram$foreign"
	echo "$foreign" >/sys/class/zram-control/hot_remove
	foreign=
fi
expect_run "$fmbench" run quicksort -o memory=48M --peak 48M --ratio 0.5 --backend zram
for code in PAGES_ELSEWHERE LOADS_MISMATCH SEVERAL_SWAPS SWAP_FULL; do
	unflagged $code
done

# --- Without samples: no mean where there is none, and the limit is judged all the same.
expect_run "$fmbench" run quicksort -o memory=48M --peak 48M --ratio 0.5 --backend zram --sample-hz 0
[[ $(sql "SELECT local_bytes IS NULL AND far_bytes IS NULL AND major_faults > 1000 FROM run_summary
	WHERE run = $(newest)") == 1 ]] || fail "memory that nobody sampled"
! grep -qE '(^|  )local  |0 B' "$tmp/out" || fail "the table: $(<"$tmp/out")"
"$fmbench" export csv runs --run "$(newest)" >"$tmp/csv"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	NR == 2 { exit $at["local_bytes"] != "" || $at["far_bytes"] != "" }' "$tmp/csv" ||
	fail "the CSV: $(<"$tmp/csv")"
# Where v1's relief raised the limit, resident memory may really have been above it.
[[ $(flag V1_OOM_RELIEF) ]] || unflagged EVICTION_INCOMPLETE
# Somebody raises the limit: memory is no longer what the ratio says.
begin "$fmbench" run quicksort -o memory=256M --peak 256M --ratio 0.25 --backend zram --sample-hz 0
until_true "the group" "EXISTS (SELECT 1 FROM run WHERE id = $run)"
until file=$(limit_file) && [[ $file ]]; do sleep 0.02; done
dir=$(inside "$file")
until (($(<"$dir/$file") < 1 << 30)) 2>/dev/null; do sleep 0.02; done
echo 1G >"$dir/$file"
ended 7
flagged EVICTION_INCOMPLETE fatal 'the limit is 64M'

# --- LIMIT_NOT_REACHED: a peak that was overstated.
expect_run "${slap[@]}" -o memory=64M --peak 1G --ratio 0.5 --backend zram
flagged LIMIT_NOT_REACHED warning 'below the limit of 512M'

# --- GETS_UNEVEN: another client asks for one key again and again.
port=$((20000 + RANDOM % 10000))
begin "${slap[@]}" -o memory=512M -o concurrency=1 -o audit=yes -o port=$port --backend none
after_phase warmup
exec 3<>"/dev/tcp/127.0.0.1/$port"
cat <&3 >/dev/null &
reader=$!
gets=$(printf ' key%.0s' {1..1000})
# In a shell of its own: where it is slow, the server ends first.
(for ((i = 0; i < 1000; i++)); do echo "get$gets"; done >&3) || true
ended 0 7
exec 3>&-
wait "$reader" 2>/dev/null || true
flagged GETS_UNEVEN warning "memaslap's gets touched [0-9.]* % of the store"

# --- NO_PLATEAU: a region that is used up before its rate can be judged.
expect_run "$fmbench" micro fault_throughput -o region=8M -o local=4M -o mode=noevict --backend zram
flagged NO_PLATEAU warning 'a larger -o region helps'

# --- FAULTS_MISMATCH: the program is moved out of its group, which then counts nothing.
begin "$fmbench" micro fault_throughput -o region=64M -o local=8M -o mode=evict-clean --duration 2s \
	--backend zram
after_phase prime
dir=$(inside cgroup.procs | grep -E '/memory/|^/sys/fs/cgroup/fmbench' | tail -n 1)
top=${dir%/fmbench-*}
while read -r one; do
	echo "$one" >"$top/cgroup.procs"
done <"$dir/cgroup.procs"
ended 7
flagged FAULTS_MISMATCH fatal 'the program counted [0-9]* major faults, its group [0-9]*'

wait_same "$tmp/before" 5 || fail "something was left behind"
