#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# The user-space pager on this kernel, which may lack UFFDIO_MOVE (before 6.8) and /dev/userfaultfd (before
# 6.1): memory stays right, the limit holds, a run's far memory is seen, and doctor and facts say how.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

fmpager=$PWD/build/fmpager
torture=$PWD/build/tests/pager/torture
chunks=$PWD/build/tests/pager/chunks
[[ -x $fmpager && -x $torture && -x $chunks ]] || fail "not built: make pager test-helpers"
case $FMLAB_KERNEL in
5.* | 6.[0-7]) moves=no ;;
*) moves=yes ;;
esac

# How far forks pass the limit depends on how fast their handlers begin, so the limit is judged below.
expect 0 "$fmpager" --limit 12M -- "$torture" "$(by_length 3 60)" 24 2
grep -q 'nothing wrong' "$tmp/out" || fail "the torture ended early: $(<"$tmp/out")"

# 20 MiB in one process, 12 of them near: 2,048 pages at least have to leave, however slow this machine is.
expect 0 "$fmpager" --limit 12M --stats "$tmp/stats" -- "$chunks" 20
grep -qx '0 wrong words' "$tmp/out" || fail "chunks: $(<"$tmp/out")"
above=$(sed -n '$s/.*"above_limit_bytes":\([0-9]*\).*/\1/p' "$tmp/stats")
out=$(sed -n '$s/.*"pages_out":\([0-9]*\).*/\1/p' "$tmp/stats")
[[ $above -le $((2 << 20)) ]] || fail "the limit was passed by $above bytes"
[[ $out -ge 2048 ]] || fail "only $out pages left"

expect_run "$fmbench" run quicksort --ratio 0.5 --peak 12M -o memory=8M --backend pager
sql "SELECT json_extract(facts, '\$.pager_takes_pages_by') FROM run ORDER BY id DESC LIMIT 1" >"$tmp/facts"
"$fmbench" doctor --backend pager >"$tmp/doctor" || true
if [[ $moves == yes ]]; then
	grep -qx UFFDIO_MOVE "$tmp/facts" || fail "facts: $(<"$tmp/facts")"
	grep -q 'ok *pager .*UFFDIO_MOVE' "$tmp/doctor" || fail "doctor: $(<"$tmp/doctor")"
else
	grep -q 'no UFFDIO_MOVE' "$tmp/facts" || fail "facts: $(<"$tmp/facts")"
	tr -s ' \n' ' ' <"$tmp/doctor" | grep -q 'ok pager .*no UFFDIO_MOVE before Linux 6.8' ||
		fail "doctor: $(<"$tmp/doctor")"
fi

# --- pool rdma: right, two jobs apart, refused, lost. Soft-RoCE is where the guest has --rdma.
if [[ $FMLAB_KERNEL == 7.3 ]]; then
	host=10.99.0.1
	serve() { # OPTION…: its pid in $server
		: >"$tmp/server"
		build/memserver --listen $host:50000 --size 96M --stats "$tmp/server-stats" "$@" 2>"$tmp/server" &
		server=$!
		eventually test -S "$tmp/server-stats" || fail "no server: $(<"$tmp/server")"
	}
	trap '[[ -z ${server-} ]] || kill -KILL $server 2>/dev/null || true; rm -rf "$tmp"' EXIT
	echo sesame >"$tmp/token"
	echo wrong >"$tmp/wrong"
	serve --token-file "$tmp/token"
	pool=rdma:target=$host,token-file=$tmp/token,size=40M,timeout=10s # by its connection a lost server is found out at once
	"$fmpager" --limit 12M --pool "$pool" -- "$torture" 1 20 2 >"$tmp/other" 2>&1 &
	other=$!
	expect 0 "$fmpager" --limit 12M --pool "$pool" -- "$torture" 1 20 2
	grep -q 'nothing wrong' "$tmp/out" || fail "rdma: the torture ended early: $(<"$tmp/out")"
	grep -q '^pool rdma' "$tmp/err" || fail "no figures of the pool: $(<"$tmp/err")"
	wait $other || fail "two jobs: $(<"$tmp/other")"

	expect 3 "$fmpager" --limit 12M --pool "rdma:target=$host,token-file=$tmp/wrong" -- true
	grep -q 'wrong access token' "$tmp/err" || fail "a wrong token: $(<"$tmp/err")"
	expect 3 "$fmpager" --limit 12M --pool "rdma:target=$host:50009" -- true
	grep -q 'is memserver --listen running there' "$tmp/err" || fail "no server: $(<"$tmp/err")"

	# A parent whose far pages its child reads; then the server goes.
	cat >"$tmp/forever.py" <<'END'
import os
memory = bytearray(12 << 20)
for i in range(0, len(memory), 4096): memory[i] = i >> 12 & 255
def is_wrong(): return any(memory[i] != i >> 12 & 255 for i in range(0, len(memory), 4096))
child = os.fork()
if child == 0: os._exit(is_wrong())
if os.waitpid(child, 0)[1]: print("WRONG", flush=True)
print("begun", flush=True)
while True:
	if is_wrong(): print("WRONG", flush=True)
END
	status=0
	timeout 60 "$fmpager" --limit 14M --quiet --pool "$pool" -- python3 "$tmp/forever.py" >"$tmp/out" 2>"$tmp/err" &
	job=$!
	eventually grep -q begun "$tmp/out" || fail "the program does not begin: $(<"$tmp/err")"
	kill -KILL $server
	killed_ms=$(($(date +%s%N) / 1000000))
	wait $job || status=$?
	echo "# a lost server ended the job after $(($(date +%s%N) / 1000000 - killed_ms)) ms"
	[[ $status -eq 135 || $status -eq 137 ]] || fail "exit status $status: $(<"$tmp/err")"
	grep -Eq "pages of .*: memserver $host is lost: " "$tmp/err" || fail "not told why: $(<"$tmp/err")"
	if grep -q WRONG "$tmp/out"; then fail "wrong data over rdma"; fi

	rm -f "$tmp/server-stats"
	serve
	expect_run "$fmbench" run quicksort --ratio 0.5 --peak 12M -o memory=8M --backend pager \
		-o "pager.pool=rdma:target=$host,timeout=10s"
	kill -KILL $server
	wait $server || true
	server=''

	# A server of the run's own: gone with the run, and when fmbench is killed.
	fact() { sql "SELECT json_extract(facts, '\$.\"$1\"') FROM run ORDER BY id DESC LIMIT 1"; }
	machine_state >"$tmp/before"
	expect_run "$fmbench" run quicksort --ratio 0.5 --peak 12M -o memory=8M --backend pager -o pager.pool=rdma
	[[ $(fact pager_server) == $host:*' (this machine)' ]] || fail "the run's server is no fact: $(fact pager_server)"
	[[ $(fact pager_pool.loads) -gt 0 && $(fact pager_pool.stores) -gt 0 ]] || fail 'nothing was far'
	[[ $(fact pager_pool.timeout_ms) == 20000 ]] || fail 'a server started here has not 20 s to answer'
	is_restored() { same_state "$tmp/before" && ! pgrep -x memserver >/dev/null; }
	eventually is_restored || fail "left behind: $(diff "$tmp/before" "$tmp/state-now"; pgrep -ax memserver)"

	"$fmbench" run --ratio 0.5 --peak 16M --backend pager -o pager.pool=rdma -- \
		python3 "$tmp/forever.py" >"$tmp/out" 2>"$tmp/err" &
	run=$!
	# With a session: it has an RDMA connection.
	has_session() { pgrep -x memserver && grep -q serving "$FMBENCH_STATE_DIR"/memserver-*.log; } >/dev/null 2>&1
	eventually has_session || fail "no server: $(<"$tmp/err")"
	kill -KILL $run
	wait $run 2>/dev/null || true
	eventually is_restored || fail "killed: left behind: $(diff "$tmp/before" "$tmp/state-now"; pgrep -ax memserver)"
fi
