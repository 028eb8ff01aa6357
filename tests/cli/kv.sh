#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Workload kv with real servers: an open loop sees a stall that a closed one does not, the values at
# half of the memory are the right ones, and what goes wrong is said.
. "$(dirname "$0")/../lib.sh"
need_swap
command -v memcached >/dev/null || skip "no memcached (make deps)"

run=("$fmbench" run kv -o memory=32M --backend zram --duration 4s --warmup 500ms)
machine_state >"$tmp/before"

# of NAME: a result of the latest run.
of() {
	sql "SELECT value FROM result WHERE run = (SELECT max(id) FROM run) AND name = '$1'"
}

# holds EXPRESSION: awk's.
holds() {
	awk "BEGIN { exit !($1) }" || fail "not so: $1"
}

port=$((20000 + RANDOM % 10000))

# in_window: the latest run has come so far.
in_window() {
	[[ $(sql "SELECT count(*) FROM phase WHERE name = 'warmup' AND
		run = (SELECT id FROM run WHERE status = 'started')" 2>/dev/null) == 1 ]]
}

# begin COMMAND…: a run in the background, as $pid, that has come to its window; $server is its memcached.
begin() {
	"$@" -o port=$port >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	eventually in_window || fail "no window: $(cat "$tmp/err")"
	server=$(pgrep -f "^memcached .*-p $port ")
}

# stall COMMAND…: a run whose server stands still for 0.3 s in its window.
stall() {
	begin "$@"
	sleep 0.5
	kill -STOP "$server"
	sleep 0.3
	kill -CONT "$server"
	wait "$pid" || [[ $? -eq 7 ]] || fail "the run failed: $(cat "$tmp/err")"
}

# slow: the share of the latest run's answers that took more than 100 ms.
slow() {
	sql "SELECT total(count) FILTER (WHERE low > 100000000) / total(count) FROM bucket
		WHERE run = (SELECT max(id) FROM run) AND name = 'latency'"
}

# Of the requests that are meant to be sent in the window a twentieth find the server standing for more
# than 100 ms.
stall "${run[@]}" --ratio 1 -o rate=2k
holds "$(of latency_max) > 280000"
open=$(slow)
holds "$open > 0.04"
# In a closed loop it is one request a connection: nobody comes meanwhile.
stall "${run[@]}" --ratio 1
holds "$(of latency_max) > 280000"
holds "$(slow) < $open / 2"

# Half of the memory, paced by the server's own capacity; every value is checked.
expect_run "${run[@]}" --ratio 0.5 --peak 40M -o rate=20% -o get-share=0.7
holds "$(of capacity) > 0 && $(of offered) < 0.25 * $(of capacity)"
holds "$(of get_misses) + $(of refusals) == 0"
[[ $(sql "SELECT count(*) FROM flag WHERE code = 'PAGE_CORRUPTED'") -eq 0 ]] || fail "corrupted"
holds "$(sql "SELECT major_faults FROM run_summary ORDER BY run DESC LIMIT 1") > 0"
expect_run "$fmbench" export csv rates --collector progress --every 1s
grep -q operations "$tmp/out" || fail "no operations over time"

# More than anybody can: what was achieved is said.
expect_run "${run[@]}" --ratio 1 -o rate=10M
grep -q PACED_BEHIND "$tmp/out" || fail "nobody fell behind: $(cat "$tmp/out")"

# used KEY: that counter's share of one CPU in the latest run's window.
used() {
	sql "SELECT d.delta * 1e3 / (p.end_ns - p.begin_ns) FROM phase_delta d
		JOIN phase p ON p.run = d.run AND p.name = d.phase
		WHERE d.run = (SELECT max(id) FROM run) AND d.phase = 'measure' AND d.key = '$1'"
}

# --- CLIENT_BOUND: to make values of 64 KiB takes more than to take them. The run comes before what else
# this machine does, but who shares it with others may get less of its CPU than a client at its limit uses:
# the flag is there where the CPU time that was counted demands it, and only there.
if [[ $(nproc) -gt 1 ]]; then
	if [[ -e /sys/fs/cgroup/cpu/cpu.shares ]]; then
		set_in_group /sys/fs/cgroup/cpu cpu.shares 262144 &
	else
		set_in_group /sys/fs/cgroup cpu.weight 10000 &
	fi
	expect_run "${run[@]}" --ratio 1 --cpus 0 --client-cpus 1 --reclaim-cpu none -o rate=1M \
		-o get-share=0 -o value-size=64K
	wait $!
	flag=$(sql "SELECT severity || detail FROM flag WHERE code = 'CLIENT_BOUND' AND
		run = (SELECT max(id) FROM run)")
	client=$(used client_usage_usec) server=$(used usage_usec)
	# Within 0.02 of its bounds, 0.95 each, the flag's window, which ends at ticks, may see it otherwise.
	if awk "BEGIN { exit !($client > 0.97 && $server < 0.93) }"; then
		[[ $flag == "warningthe load generator used 9"* || $flag == *"used 10"* ]] ||
			fail "the client used $client, the server $server: $(cat "$tmp/out")"
	elif awk "BEGIN { exit !($client < 0.93 || $server > 0.97) }"; then
		[[ -z $flag ]] || fail "the client used $client, the server $server: $flag"
	fi
fi

if command -v redis-server >/dev/null; then
	expect_run "${run[@]}" --ratio 1 -o server=redis -o rate=20% -o value-size=16-2K
	holds "$(of get_misses) + $(of refusals) == 0 && $(of ops) > 0"
	# The server is nobody's and reaches no directory of a test's own: the socket is where it runs.
	expect_run "$fmbench" run kv --backend none --warmup 0 --duration 3s -o server=redis -o socket=unix \
		-o keys=2000 -o rate=500
	holds "$(of get_misses) + $(of refusals) == 0 && $(of ops) > 0"
	[[ -z $(find "$tmp/artifacts" -name '*socket*') ]] || fail "a socket is left: $(find "$tmp/artifacts")"
fi
wait_same "$tmp/before" || fail "something was left behind"

# A server that dies.
begin "${run[@]}" --ratio 1
kill -KILL "$server"
! wait "$pid" || fail "a run without its server went well"
grep -q "memcached on port .* was killed by signal 9" "$tmp/err" || fail "$(cat "$tmp/err")"
wait_same "$tmp/before" || fail "a failed run left something"

# A client that dies: the server does not outlive it.
begin "${run[@]}" --ratio 1
kill -KILL "$(pgrep -P "$pid" -f 'worker kv')"
! wait "$pid" || fail "a run without its client went well"
wait_same "$tmp/before" || fail "a run whose client died left something"

# Several keys a get, and as many connections as a service has; too little memory for the keys.
small=("$fmbench" run kv --backend none --warmup 0 --duration 3s)
# memcached's hash table is as large as these keys want from the start: it grows in no window.
begin "${small[@]}" -o keys=200000 -o value-size=16 -o rate=500
tr '\0' '\n' <"/proc/$server/cmdline" >"$tmp/args"
wait "$pid" || [[ $? -eq 7 ]] || fail "the run failed: $(cat "$tmp/err")"
grep -qx 'no_lru_crawler,hashpower=18' "$tmp/args" || fail "memcached's arguments: $(cat "$tmp/args")"
expect_run "${small[@]}" -o keys=20000 -o multi-get=20 -o rate=500 -o socket=unix
holds "$(of get_misses) == 0 && $(of ops) > 0"
expect_run "${small[@]}" -o keys=20000 -o connections=10000 -o rate=1k
holds "$(of get_misses) + $(of refusals) == 0 && $(of ops) > 0"
expect_run "${small[@]}" -o memory=64M -o server-memory=16M -o rate=2k -o popularity=uniform
grep -q SERVER_EVICTED "$tmp/out" || fail "nothing evicted: $(cat "$tmp/out")"

# Several rates are an axis.
expect 0 "${run[@]}" -o rate=1k,2k --ratio 1,0.5 --dry-run
[[ $(grep -c "rate=[12]k" "$tmp/out") -eq 4 ]] || fail "not four runs: $(cat "$tmp/out")"
# A ladder: one run in a closed loop, then one at each share of what that achieved.
if [[ ${FMBENCH_LONG-} ]]; then
	expect_run "${small[@]}" -o keys=20000 -o rate=auto --experiment ladder
	[[ $(sql "SELECT count(DISTINCT workload_params ->> '\$.rate') FROM run_job
		WHERE experiment = 'ladder'") -eq 7 ]] || fail "$(cat "$tmp/out")"
fi

# Servers that are none: fake_memcached.py stands in PATH, where a user without rights finds it.
if command -v python3 >/dev/null; then
	chmod 755 "$tmp"
	mkdir "$tmp/bin"
	install -m 755 "$(dirname "$0")/../fake_memcached.py" "$tmp/bin/memcached"
	# fake MODE SENTENCE: the run fails, says it, and leaves nothing.
	fake() {
		FAKE_KV=$1 PATH=$tmp/bin:$PATH expect 1 "${small[@]}" -o keys=100
		grep -q "$2" "$tmp/err" || fail "$1: $(cat "$tmp/err")"
		wait_same "$tmp/before" || fail "a server that does '$1' is left"
	}
	fake garbage "answers 'HTTP/1.1 400 Bad Request"
	fake refuse "refused keys: 'SERVER_ERROR out of memory storing object'"
	# What is too much comes before the next request, or as its answer.
	fake more "answers what it was not asked\|answers 'STORED"
	if [[ ${FMBENCH_LONG-} ]]; then
		fake hang "has answered nothing for 10 s"
		fake deaf "does not answer on port"
	fi
	FAKE_KV=other PATH=$tmp/bin:$PATH expect 7 "${small[@]}" -o keys=100
	grep -q PAGE_CORRUPTED "$tmp/out" || fail "another key's value passed: $(cat "$tmp/out")"
fi

expect 2 "${run[@]}" -o rate=often
expect 2 "${run[@]}" -o value-size=2M
expect 2 "${run[@]}" -o keys=3
expect 2 "${run[@]}" --duration 1s
expect 2 "${run[@]}" -o rate=1k,
expect 2 "${run[@]}" -o socket=unix -o port=11211
expect 2 "${run[@]}" -o pipeline=512 -o multi-get=3
command -v valkey-server >/dev/null || {
	expect 3 "${run[@]}" -o server=valkey
	grep -q "package valkey-server" "$tmp/err" || fail "no package: $(cat "$tmp/err")"
}
