#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Flags about what came back, who else ran and what the machine did meanwhile, from real runs each of
# which is fooled by one of these. GOVERNOR and SMT_SIBLING come from runs to which sysfs shows another
# processor. Heat needs one: its rule and source are tested in build/tests/unit/test_trust and
# test_collectors.
. "$(dirname "$0")/../lib.sh"
need_swap

undo_list=()
undo() {
	local i
	for ((i = ${#undo_list[@]} - 1; i >= 0; i--)); do
		eval "${undo_list[i]}" || true
	done
	rm -rf "$tmp"
}
trap undo EXIT
machine_state >"$tmp/before"

undo_now() {
	local i
	for ((i = ${#undo_list[@]} - 1; i >= 0; i--)); do
		eval "${undo_list[i]}"
	done
	undo_list=()
}

# set_file FILE VALUE: until the test ends.
set_file() {
	undo_list+=("echo $(<"$1") >$1")
	echo "$2" >"$1"
}

newest() {
	sql "SELECT max(id) FROM run"
}

flag() {
	sql "SELECT severity || ': ' || detail FROM flag WHERE run = $(newest) AND code = '$1'"
}

# flagged CODE SEVERITY PATTERN: of the newest run.
flagged() {
	local found
	found=$(flag "$1")
	[[ $found =~ ^$2:\ .*$3 ]] || fail "run $(newest): $1 is '$found', not $2 and '$3'"
}

unflagged() {
	[[ ! $(flag "$1") ]] || fail "run $(newest) has $1: $(flag "$1")"
}

hog=(python3 "$PWD/tests/hog.py")

# --- FILE_FAULTS, FILE_CACHE_IN_PEAK: 32 MiB that can be far beside a mapped file of twice the size. The
# peak is that of the 32 MiB, and what comes back from the disk is not far memory.
if [[ $(stat -f -c %T /var/tmp) == ext2/ext3 ]]; then
	expect_run "$fmbench" run --ratio 0.5 --backend zram -- "${hog[@]}" 2 cold 32 file 64
	flagged FILE_FAULTS warning 'of [0-9]* major faults \([0-9.]* %\) were of files'
	flagged FILE_CACHE_IN_PEAK warning 'page cache was [0-9.]*[KM] \([0-9.]* %\) of its local memory'
	# Of the file's 16384 pages none is a far page-in.
	[[ $(sql "SELECT page_ins <= major_faults - 16000 AND peak_bytes BETWEEN 32 << 20 AND 56 << 20
		FROM run_summary WHERE run = $(newest)") == 1 ]] ||
		fail "files are among far page-ins, or in the peak: $("$fmbench" show)"
	[[ $(sql "SELECT detail FROM flag WHERE code = 'FILE_CACHE_IN_PEAK' AND run =
		(SELECT run FROM job WHERE ratio = 1)") =~ \ %\ of\ its\ peak\ of\ 1 ]] ||
		fail "the run that found the peak does not tell"
	"$fmbench" show "$(sql "SELECT run FROM job WHERE ratio = 1")" >"$tmp/out"
	grep -qE '^ *peak +[345].*samples at' "$tmp/out" || fail "the peak: $(<"$tmp/out")"
	grep -qE '^ *memory.peak +1[0-9]{2}' "$tmp/out" || fail "memory.peak: $(<"$tmp/out")"
fi

# --- A run that nobody fools. Its data compresses.
expect_run "$fmbench" run --ratio 0.5 --peak 40M --backend zram -- "${hog[@]}" 2 text 32
for code in FILE_FAULTS FILE_CACHE_IN_PEAK INCOMPRESSIBLE ZSWAP KSM THROTTLED OTHER_SWAPPER \
	NOTHING_FAR SMT_SIBLING; do
	unflagged $code
done

# --- THROTTLED: a quota of a fifth of a CPU.
"$fmbench" run --ratio 0.5 --peak 40M --backend zram -- "${hog[@]}" 3 text 32 >"$tmp/out" 2>"$tmp/err" &
pid=$!
if [[ -e /sys/fs/cgroup/cpu/cpu.shares ]]; then
	set_in_group /sys/fs/cgroup/cpu inside/cpu.cfs_quota_us 20000
else
	set_in_group /sys/fs/cgroup inside/cpu.max '20000 100000'
fi
wait $pid || [[ $? -eq 7 ]] || fail "$(<"$tmp/err")"
flagged THROTTLED warning 'stopped it [1-9][0-9]* times, for [1-9][0-9.]* % of the time'

# --- OTHER_SWAPPER: a second program, under a limit of its own, takes turns at the same swap area.
if [[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]]; then
	other=/sys/fs/cgroup/memory/fmbench-other limit=memory.limit_in_bytes
else
	other=/sys/fs/cgroup/fmbench-other limit=memory.high
fi
mkdir "$other"
undo_list+=("[[ ! -e $other ]] || rmdir $other")
echo 16M >"$other/$limit"
"$fmbench" run --ratio 0.5 --peak 40M --backend zram -o zram.size=256M -- "${hog[@]}" 4 text 32 \
	>"$tmp/out" 2>"$tmp/err" &
pid=$!
until grep -q zram /proc/swaps; do
	kill -0 $pid 2>/dev/null || fail "no swap area: $(<"$tmp/err")"
	sleep 0.05
done
(echo $BASHPID >"$other/cgroup.procs" && exec "${hog[@]}" 2 text 32)
wait $pid || [[ $? -eq 7 ]] || fail "$(<"$tmp/err")"
rmdir "$other"
flagged OTHER_SWAPPER warning "[1-9][0-9]* of the [0-9]* pages \([0-9.]* %\) .*other programs'"

# --- ZSWAP: it stands before the machine's own swap area.
zswap=/sys/module/zswap/parameters
if [[ -e $zswap ]]; then
	area=$(</sys/class/zram-control/hot_add)
	undo_list+=("echo $area >/sys/class/zram-control/hot_remove")
	echo 256M >"/sys/block/zram$area/disksize"
	mkswap "/dev/zram$area" >/dev/null
	swapon -p 100 "/dev/zram$area"
	undo_list+=("swapoff /dev/zram$area")
	set_file $zswap/enabled Y
	expect_run "$fmbench" run --ratio 0.5 --peak 40M --backend swap -- "${hog[@]}" 2 text 32
	flagged ZSWAP warning 'took [1-9][0-9]* pages, [0-9.]* % of what left'
	echo N >$zswap/enabled
	expect_run "$fmbench" run --ratio 0.5 --peak 40M --backend swap -- "${hog[@]}" 2 text 32
	unflagged ZSWAP
	undo_now
fi

# --- GOVERNOR, SMT_SIBLING: in a mount namespace of the run's own both CPUs are threads of one core, and
# their frequency moves.
cpus=/sys/devices/system/cpu
if [[ -e $cpus/cpu1/topology ]]; then
	for cpu in cpu0 cpu1; do
		cp -r --no-dereference --no-preserve=mode $cpus/$cpu "$tmp/" 2>/dev/null || true
		for file in core_cpus thread_siblings; do
			echo 3 >"$tmp/$cpu/topology/$file"
			echo 0-1 >"$tmp/$cpu/topology/${file}_list"
		done
		mkdir -p "$tmp/$cpu/cpufreq"
		echo powersave >"$tmp/$cpu/cpufreq/scaling_governor"
	done
	# shellcheck disable=SC2016 # the inner shell's
	expect_run unshare -m sh -ec 'for cpu in cpu0 cpu1; do
		mount --bind "$1/$cpu" "$2/$cpu"
	done
	shift 2; exec "$@"' sh "$tmp" $cpus "$fmbench" run --ratio 0.5 --peak 40M --backend zram \
		--cpus 0 --reclaim-cpu 1 -- "${hog[@]}" 2 text 32
	flagged GOVERNOR warning 'the governor powersave moves'
	flagged SMT_SIBLING warning 'workload and reclaim CPU \(CPUs 0 and 1\) are hardware threads of one core'
fi

# --- KSM: pages that are all alike.
ksm=/sys/kernel/mm/ksm
if [[ -e $ksm/run ]]; then
	set_file $ksm/pages_to_scan 20000
	set_file $ksm/sleep_millisecs 10
	set_file $ksm/run 1
	expect_run "$fmbench" run --ratio 0.5 --peak 40M --backend zram -- "${hog[@]}" 3 same 16 text 16
	flagged KSM warning 'shared [1-9][0-9]* frames \([0-9.]* % saved\)'
	echo 2 >$ksm/run
fi

undo_now
wait_same "$tmp/before" || fail "something was left behind"
