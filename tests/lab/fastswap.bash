# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the tests of the fastswap modules: source it first. Prints TAP; the test ends by `finish`.

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

[[ ${FMLAB-} ]] || { echo "runs in the lab guest only"; exit 77; }
modules=build/lab/$FMLAB_KERNEL/fastswap
pagecheck=build/tests/lab/pagecheck
debug=/sys/kernel/debug/fastswap
parameters=/sys/module/fastswap/parameters
for need in "$modules/fastswap_dram.ko" "$pagecheck"; do
	[[ -e $need ]] || { echo "no $need: make modules-lab KERNEL=$FMLAB_KERNEL lab-helpers"; exit 1; }
done

count=0 failures=0 checking=''
# Other tests of this guest may have left another value.
echo 3 >/proc/sys/vm/page-cluster

# An emulated guest takes its time to start a program: helpers do without.
log=$(mktemp)

# ok NAME COMMAND…: one test.
ok() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$log" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		failures=$((failures + 1))
		sed 's/^/# /' "$log"
		[[ ! -e "$debug/stats" ]] || sed 's/^/# stats: /' "$debug/stats"
	fi
}

refused() {
	! "$@"
}

# exits STATUS COMMAND…
exits() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[[ $got -eq $want ]] || { echo "exit status $got, not $want: $*"; return 1; }
}

finish() {
	leave_checking
	down
	exit $((failures > 0))
}

# value_in FILE NAME: of its line "NAME VALUE …".
value_in() {
	local all
	all=$'\n'$(<"$1") || return
	if [[ $all =~ $'\n'"$2 "([^$'\n ']*) ]]; then
		echo "${BASH_REMATCH[1]}"
	fi
}

stat_of() {
	value_in "$debug/stats" "$1"
}

pool_says() {
	value_in "$debug/pool" "$1"
}

# up HOOK [PARAMETERS OF THE POOL…]: a swap area of 256 MiB, or whatever size= says.
up() {
	local hook=$1 size=size=256M
	shift
	[[ " $*" != *" size="* ]] || size=''
	# shellcheck disable=SC2086 # $size may be nothing
	insmod "$modules/fastswap.ko" hook="$hook" &&
		insmod "$modules/${pool:-fastswap_dram}.ko" $size "$@" &&
		mkswap /dev/fastswap0 >/dev/null &&
		swapon -p 100 /dev/fastswap0
}

has_swap_ops() {
	grep -q hook_swap_ops "$modules/fastswap.ko"
}

# Of this kernel.
page_hooks() {
	case $FMLAB_KERNEL in
	5.10) echo frontswap-chain ;;
	6.1) echo frontswap-pointer ;;
	*) echo zswap-ftrace ;;
	esac
	! has_swap_ops || echo swap_ops
}

down() {
	local module
	if [[ $(</proc/swaps) == */dev/fastswap0* ]]; then
		swapoff /dev/fastswap0
	fi
	for module in fastswap_dram fastswap_dram_debug fastswap_rdma fastswap; do
		if [[ -e /sys/module/$module ]]; then
			rmmod $module
		fi
	done
}

# under LIMIT COMMAND…: in a group of its own whose memory.high is LIMIT.
under() {
	local limit=$1 group=/sys/fs/cgroup/fastswap-$BASHPID status=0
	shift
	mkdir "$group" && echo "$limit" >"$group/memory.high" || return
	bash -c 'echo $$ >"$1/cgroup.procs" && exec "${@:2}"' - "$group" "$@" || status=$?
	rmdir "$group"
	return "$status"
}

# by_length SHORT LONG: the value that this form of the test has.
by_length() {
	if [[ ${FMBENCH_LONG-} ]]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# eventually COMMAND…: wait until it comes true. The bound is for what never does: how long an emulated
# guest on a busy machine takes says nothing.
eventually() {
	local end=$((SECONDS + 120))
	until "$@" >/dev/null; do
		((SECONDS < end)) || { echo "never so: $*"; return 1; }
		sleep 0.05
	done
}

# start_checking COMMAND…: a pagecheck that goes on until it is told to end, its output in $checking_log.
start_checking() {
	checking_log=$(mktemp)
	"$@" --seconds 36000 >"$checking_log" 2>&1 &
	checking=$!
}

# ends PID: wait for a program of this script; one that never ends is shown with what it waits for. `wait`
# has its exit status.
ends() {
	eventually refused kill -0 "$1" 2>/dev/null && return
	tail -n +1 "/proc/$1/task"/*/stack "$debug"/*
	return 1
}

# leave_checking: what a test that failed left running.
leave_checking() {
	[[ $checking ]] || return 0
	# shellcheck disable=SC2046 # process ids
	{ kill -KILL $(pgrep -P "$checking") "$checking" && wait "$checking"; } 2>/dev/null
	checking=''
}

# end_checking: its exit status; it ends with a whole round.
end_checking() {
	local status=0
	kill -TERM "$(pgrep -x -P "$checking" pagecheck || echo "$checking")"
	ends "$checking" || return
	wait "$checking" || status=$?
	checking=''
	cat "$checking_log"
	rm "$checking_log"
	return "$status"
}

# Of pages, whoever waits for them.
loads() {
	echo $(($(stat_of loads) + $(stat_of loads_async)))
}

loads_more_than() {
	[[ -e $debug/stats ]] && (($(loads) > $1))
}

zswap_pages() {
	cat /sys/kernel/debug/zswap/stored_pages
}

zswap_holds() {
	(($(zswap_pages) > $1))
}

# field NAME TEXT: from pagecheck's line.
field() {
	awk -v name="$1" '{ for (i = 1; i < NF; i++) if ($i == name) print $(i + 1) }' <<<"$2"
}

# What a test that failed left up fails no other.
down
echo "# kernel $(uname -r)"
