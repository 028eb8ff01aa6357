# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What tests/lab/devices*.sh share beyond lib.sh: a sort that swaps, and what becomes of it.
# shellcheck disable=SC2154,SC2034 # they set $backends, source lib.sh, and use what is set here

small=(--ratio 0.5 --peak 16M -o memory=16M)

state() {
	machine_state
	lsmod | awk '$1 ~ /^(brd|null_blk|nbd|ublk_drv|nvme|nvmet)/ { print $1 }' | sort
	ls /sys/kernel/config /sys/class/nvme /sys/block /dev/ublkc* 2>/dev/null || true
	grep -H . /sys/module/zswap/parameters/* || true
	pgrep -a fmbench-blockse || true
}

as_before() {
	state >"$tmp/now"
	cmp -s "$tmp/before" "$tmp/now"
}

# restored WHEN
restored() {
	eventually as_before && return
	diff "$tmp/before" "$tmp/now" >&2 || fail "$1: something was left behind"
}

# has BACKEND: it is among $backends, and this kernel can.
has() {
	[[ " ${backends[*]} " == *" $1 "* ]] || return
	grep -q "^$1 *ready" "$tmp/list" && return
	[[ $FMLAB_KERNEL == 6.1 ]] || fail "$(grep "^$1 " "$tmp/list")"
	return 1
}

newest() { # COLUMN OF run_summary
	sql "SELECT $1 FROM run_summary ORDER BY run DESC LIMIT 1"
}

pages_in() {
	awk '$1 == "pswpin" || $1 == "zswpin" { n += $2 } END { print n + 0 }' /proc/vmstat
}

# Enough came back for the sort to be amidst its work.
many_loads() {
	(($(pages_in) > loads + 300))
}

# run_in_background BACKEND [OPTIONS…]: returns when it swaps. Leaves its pid in $run.
run_in_background() {
	local tries
	loads=$(pages_in)
	"$fmbench" run quicksort "${small[@]}" --backend "$@" >"$tmp/out" 2>"$tmp/err" &
	run=$!
	for ((tries = 0; tries < 2400; tries++)); do
		! many_loads || return 0
		kill -0 $run 2>/dev/null || fail "$1: it ended too early: $(<"$tmp/err")"
		sleep 0.05
	done
	fail "$1: no page comes back"
}

# is_lost BACKEND SECONDS: the run in the background fails within that time, and says so.
is_lost() {
	local begin=$SECONDS status=0
	wait $run || status=$?
	echo "#| $1: lost, exit $status after $((SECONDS - begin)) s: $(<"$tmp/err")"
	((status == 1)) || fail "$1: exit status $status, not 1"
	((SECONDS - begin <= $2)) || fail "$1: it took $((SECONDS - begin)) s to end"
	[[ $(newest flags) == *BACKEND_LOST* ]] || fail "$1: not flagged: $(newest flags)"
	restored "$1 lost"
}

kill_server() {
	local pid
	pid=$(pgrep -f "fmbench-blockserver $1 ")
	kill -KILL "$pid"
}
