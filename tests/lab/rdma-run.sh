#!/usr/bin/env bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The backend in whole runs: one that goes well, with a memserver of its own and with one by hand;
# and those whose memserver is killed as it comes up, while memory shrinks, and in the window.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

echo 3 >/proc/sys/vm/page-cluster
sort=(run quicksort --ratio 0.5 --peak 16M -o memory=16M --backend fastswap-rdma)
far=(-o fastswap-rdma.far=10.99.0.1:50077 -o fastswap-rdma.timeout=6s)
serve=(run memaslap --ratio 0.5 --peak 32M -o memory=32M --warmup 1s --duration 30s
	--backend fastswap-rdma)

state() {
	machine_state
	lsmod | grep -o '^fastswap[a-z_]*' || true
	pgrep -a memserver || true
}

# restored WHEN
restored() {
	state >"$tmp/now"
	diff "$tmp/before" "$tmp/now" >&2 || fail "$1: something was left behind"
}

# counted COLLECTOR KEY: in the window of the newest run.
counted() {
	[[ $(sql "SELECT delta > 1000 FROM phase_delta WHERE run = (SELECT max(id) FROM run)
		AND phase = 'measure' AND collector = '$1' AND key = '$2'") == 1 ]] ||
		fail "$1 did not count $2"
}

in_phase() { # LOAD_PHASES: so many are over
	[[ -e $FMBENCH_DB && $(sql "SELECT count(*) FROM phase WHERE run = (SELECT max(id) FROM run)
		AND name = 'load'") == "$1" ]]
}

many_loads() {
	local loads
	loads=$(awk '$1 == "loads" || $1 == "loads_async" { n += $2 } END { print n }' \
		/sys/kernel/debug/fastswap/stats 2>/dev/null)
	((${loads:-0} > 500))
}

# killed_when CONDITION ARGUMENTS… -- RUN…: the run, its memserver killed once CONDITION holds. It
# must end then, and not by the kernel's own time-outs of a minute and more.
killed_when() {
	local when=() pid status=0 begin tries
	while [[ $1 != -- ]]; do
		when+=("$1")
		shift
	done
	"$fmbench" "${@:2}" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	for ((tries = 0; tries < 4800; tries++)); do
		"${when[@]}" && break
		kill -0 $pid 2>/dev/null || { cat "$tmp/err"; fail "it ended before ${when[*]}"; }
		sleep 0.05
	done
	kill -KILL "$(pgrep -x memserver)" || fail "no memserver at ${when[*]}"
	begin=$SECONDS
	wait $pid || status=$?
	took=$((SECONDS - begin))
	echo "${when[*]}: exit $status after $took s: $(<"$tmp/err")"
	((status == 1)) || fail "exit status $status, not 1"
	((took < 45)) || fail "it took $took s to end"
	restored "${when[*]}"
}

is_lost() { # WHEN
	grep -q "the far memory pool is lost" "$tmp/err" || fail "$1: not told: $(<"$tmp/err")"
	[[ $(sql "SELECT flags FROM run_summary WHERE run = (SELECT max(id) FROM run)") == \
		*BACKEND_LOST* ]] || fail "$1: not flagged"
}

state >"$tmp/before"
expect_run "$fmbench" "${sort[@]}"
restored "a run"
counted fastswap loads_async
counted fastswap stores
counted rdma port_rcv_packets

[[ $(sql "SELECT facts ->> '$.rdma_timeout_ms' FROM run ORDER BY id DESC LIMIT 1") == 20000 ]] ||
	fail "a server started here has not 20 s to answer"

# With grace the run is lost no sooner than that is over.
killed_when many_loads -- "${sort[@]}" -o fastswap-rdma.grace=10s
is_lost "the window"
((took >= 9)) || fail "grace=10s, but the run ended $took s after the server"
[[ $(sql "SELECT facts ->> '$.rdma_grace_ms' FROM run ORDER BY id DESC LIMIT 1") == 10000 ]] ||
	fail "no fact tells of the grace"
# What fmbench itself says and undoes is no other on another kernel.
[[ $FMLAB_KERNEL == 6.1 || ${FMBENCH_LONG-} ]] || exit 0

# by_hand PORT [OPTIONS OF MEMSERVER…]: returns once it serves.
by_hand() {
	local tries
	build/memserver --listen "10.99.0.1:$1" "${@:2}" 2>"$tmp/log" &
	server=$!
	for ((tries = 0; tries < 2400; tries++)); do
		! grep -q lending "$tmp/log" || return 0
		sleep 0.05
	done
	fail "no memserver: $(<"$tmp/log")"
}

end_by_hand() {
	kill -TERM $server
	wait $server
}

by_hand 50077 --size 256M
expect_run "$fmbench" "${sort[@]}" "${far[@]}"
grep -q "serving 10.99.0.1" "$tmp/log" || fail "a server by hand was not used"
end_by_hand
restored "a run with a server by hand"
expect 1 "$fmbench" "${sort[@]}" "${far[@]}"
restored "nobody listens"

# What a server refuses is told in its own words.
echo sesame >"$tmp/token"
by_hand 50077 --size 256M --token-file "$tmp/token"
echo open >"$tmp/wrong"
expect 1 "$fmbench" "${sort[@]}" "${far[@]}" -o fastswap-rdma.token-file="$tmp/wrong"
grep -q "fastswap_rdma.ko: .*refuses: wrong access token" "$tmp/err" || fail "not told: $(<"$tmp/err")"
end_by_hand
restored "a wrong token"

# The right one is taken, and is nowhere to be read: not in the database, the journal, sysfs or the
# kernel's log.
by_hand 50077 --size 256M --token-file "$tmp/token"
expect_run "$fmbench" "${sort[@]}" "${far[@]}" -o fastswap-rdma.token-file="$tmp/token"
expect 0 "$fmbench" backend up fastswap-rdma -o far=10.99.0.1:50077 -o token-file="$tmp/token"
[[ ! -e /sys/module/fastswap_rdma/parameters/token ]] || fail "the token is in sysfs"
! grep -rq sesame "$FMBENCH_DB"* "$FMBENCH_STATE_DIR" || fail "the token is stored"
! dmesg | grep -q sesame || fail "the token is in the kernel's log"
# A run uses the area that is up, says so, and leaves it up.
expect_run "$fmbench" "${sort[@]}"
[[ $(sql "SELECT facts ->> '$.backend_taken' FROM run ORDER BY id DESC LIMIT 1") == yes* ]] ||
	fail "no fact says that the area was up"
[[ $(grep -c '^/dev/fastswap0' /proc/swaps) -eq 1 && -e /sys/module/fastswap_rdma ]] ||
	fail "the run took down what it found"
expect 0 "$fmbench" backend down fastswap-rdma
end_by_hand
restored "the right token"

# A memserver that does not come up says why.
unserved() { # WORDS ARGUMENTS…
	expect 1 "$fmbench" "${sort[@]}" "${@:2}"
	grep -q "memserver $1.*; try .*--listen 10.99.0.1:0" "$tmp/err" ||
		fail "not told: $(<"$tmp/err")"
	restored "$1"
}
unserved "exited with status 3 before it served.*more than the .* left" -o fastswap-rdma.size=64G

# A server that was started for an area serves on when its starter has ended, until the area is down.
expect 0 "$fmbench" backend up fastswap-rdma -o size=64M
pgrep -x memserver >/dev/null || fail "the server ended with its starter"
grep -qx 'connected 1' /sys/kernel/debug/fastswap/rdma || fail "its area is not connected"
expect 0 "$fmbench" backend down fastswap-rdma
restored "up and down"

killed_when pgrep -x memserver -- "${sort[@]}"
killed_when in_phase 1 -- "${serve[@]}"
is_lost "memory shrinks"
