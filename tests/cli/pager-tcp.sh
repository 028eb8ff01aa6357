#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmpager's pool tcp: what a memserver keeps comes back right, clients stay apart, a server that is killed or
# stopped ends the job with a sentence, bad input is refused, and nothing is left. FMBENCH_LONG=1: minutes of
# torture.
. "$(dirname "$0")/../lib.sh"
. tests/pager.bash
[[ -x build/memserver ]] || skip "not built: make memserver"
seconds=$(by_length 1 120)

server='' port=''
serve() { # OPTION…: a server on the loopback; its pid in $server, its port in $port
	: >"$tmp/server"
	build/memserver --tcp 127.0.0.1:0 --stats "$tmp/stats" "$@" 2>"$tmp/server" &
	server=$!
	eventually grep -q ' on TCP ' "$tmp/server" || fail "no server: $(cat "$tmp/server")"
	port=$(sed -n 's/.* on TCP 127.0.0.1:\([0-9]*\).*/\1/p' "$tmp/server")
}
trap '[[ -z $server ]] || kill -KILL $server 2>/dev/null || true; rm -rf "$tmp"' EXIT
stats() { python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.makefile().read())' "$tmp/stats"; }
all_is_free() {
	stats >"$tmp/answer"
	grep -qx "bytes_free $((128 << 20))" "$tmp/answer"
}

# --- right, with a token; two clients at once; what they had is free afterwards
echo sesame >"$tmp/token"
serve --size 128M --token-file "$tmp/token" --max-bytes-per-client 64M
pool=tcp:target=127.0.0.1:$port,token-file=$tmp/token,size=64M
TEST_POOL=${pool%,*} expect 0 build/tests/unit/test_pager_pool
"$fmpager" --limit 12M --pool "$pool" -- "$torture" "$seconds" 40 3 >"$tmp/other" 2>&1 &
other=$!
expect 0 "$fmpager" --limit 12M --pool "$pool" -- "$torture" "$seconds" 40 3
grep -q 'nothing wrong' "$tmp/out" || fail "the torture ended early"
grep -q '^pool tcp' "$tmp/err" || fail "no figures of the pool: $(cat "$tmp/err")"
wait $other || fail "two clients: $(cat "$tmp/other")"
eventually all_is_free || fail "memory is left: $(stats)"

# --- a scan: most of its windows are asked for before the program does
cat >"$tmp/scan.py" <<'END'
memory = bytearray(48 << 20)
pages = range(0, 48 << 20, 4096)
for i in pages: memory[i] = 1
for n in range(2): assert sum(memory[i] for i in pages) == len(pages)
END
expect 0 "$fmpager" --limit 24M --stats "$tmp/scan" --pool "$pool" -- /usr/bin/python3 "$tmp/scan.py"
of_pool() { sed -n '$s/.*"'"$1"'":\([0-9]*\).*/\1/p' "$tmp/scan"; }
(($(of_pool foreseen) >= 48 << 8 >> 6 && $(of_pool foreseen) <= $(of_pool loads))) ||
	fail "$(of_pool foreseen) of $(of_pool loads) loads were foreseen"

# --- refused, in the server's words, on one line
refused() { # STATUS WORDS POOL
	expect "$1" timeout 60 "$fmpager" --limit 12M --pool "$3" -- true
	grep -q "$2" "$tmp/err" || fail "$3: $(cat "$tmp/err")"
	[[ $(wc -l <"$tmp/err") -eq 1 ]] || fail "$3: more than a line: $(cat "$tmp/err")"
}
echo wrong >"$tmp/wrong"
refused 3 'wrong access token' "tcp:target=127.0.0.1:$port,token-file=$tmp/wrong"
refused 3 'wrong access token' "tcp:target=127.0.0.1:$port"
refused 3 'max-bytes-per-client is 64M' "tcp:target=127.0.0.1:$port,token-file=$tmp/token,size=65M"
refused 2 "$tmp/nosuch" "tcp:target=127.0.0.1:$port,token-file=$tmp/nosuch"
refused 2 'target is missing' tcp
refused 2 'target is missing.*memserver --listen' rdma
refused 2 'timeout=1000ns is less than 1ms' "tcp:target=127.0.0.1:$port,timeout=1us"
refused 2 'size=1' "tcp:target=127.0.0.1:$port,size=1M"
refused 2 'target=127.0.0.1:99999' tcp:target=127.0.0.1:99999
refused 2 'token-file' tcp:target=127.0.0.1:1,token=sesame
refused 3 'Connection refused' tcp:target=127.0.0.1:1
expect 2 build/memserver --tcp "$port"
grep -q -- "--tcp $port: Address already in use" "$tmp/err" || fail "a port in use: $(cat "$tmp/err")"
# Somebody else's port: one that answers, and one that says nothing.
python3 - "$tmp/port" <<'END' &
import socket, sys
talks, silent = socket.socket(), socket.socket()
for s in talks, silent:
	s.bind(("127.0.0.1", 0))
	s.listen()
with open(sys.argv[1], "w") as f: print(talks.getsockname()[1], silent.getsockname()[1], file=f)
for s, words in (talks, b"220 mail.example.org ESMTP, at your service, and so on\r\n" * 4), (silent, b""):
	try:
		c = s.accept()[0]
		c.sendall(words)
		while c.recv(1 << 16): pass
	except OSError: # it goes when it has heard enough
		pass
END
eventually test -s "$tmp/port"
read -r talks silent <"$tmp/port"
refused 3 'it is not memserver' "tcp:target=127.0.0.1:$talks"
refused 3 'no answer' "tcp:target=127.0.0.1:$silent,timeout=200ms"
wait $!

# --- a server that is killed, or stopped, while a program needs it
cat >"$tmp/forever.py" <<'END'
memory = bytearray(40 << 20)
for i in range(0, len(memory), 4096): memory[i] = i >> 12 & 255
print("begun", flush=True)
while True:
	if any(memory[i] != i >> 12 & 255 for i in range(0, len(memory), 4096)): print("WRONG", flush=True)
END
lose() { # SIGNAL WORDS
	local status=0 job
	timeout 100 "$fmpager" --limit 24M --quiet --pool "$pool,timeout=1s" -- \
		/usr/bin/python3 "$tmp/forever.py" >"$tmp/out" 2>"$tmp/err" &
	job=$!
	eventually grep -q begun "$tmp/out" || fail "$1: the program does not begin: $(cat "$tmp/err")"
	kill "-$1" $server
	wait $job || status=$?
	# SIGKILL, where its threads did not get to SIGBUS in time.
	[[ $status -eq 135 || $status -eq 137 ]] ||
		fail "$1: exit status $status, not that of SIGBUS: $(cat "$tmp/err")"
	# Whichever found out first, a load or a store.
	grep -Eq "(has lost|can't take) pages of .*: memserver 127.0.0.1:$port is lost: $2" "$tmp/err" ||
		fail "$1: not told why: $(cat "$tmp/err")"
	if grep -q WRONG "$tmp/out"; then fail "$1: wrong data"; fi
}
lose STOP 'nothing came from it for 1000 ms'
kill -CONT $server
eventually all_is_free || fail "stopped and continued: memory is left: $(stats)"
lose KILL 'it closed the connection'

# --- a job that is killed leaves its memory to others
serve --size 128M --token-file "$tmp/token"
pool=tcp:target=127.0.0.1:$port,token-file=$tmp/token
"$fmpager" --limit 24M --quiet --pool "$pool" -- /usr/bin/python3 "$tmp/forever.py" >"$tmp/out" 2>&1 &
job=$!
eventually grep -q begun "$tmp/out" || fail "the program does not begin: $(cat "$tmp/out")"
if all_is_free; then fail "a job without memory at the server"; fi
kill -KILL $job
wait $job 2>/dev/null || true
eventually all_is_free || fail "killed: memory is left: $(stats)"

# --- as a backend: a server of the user's, then one of the run's own, which is gone afterwards
fact() { sql "SELECT max(json_extract(facts, '\$.$1')) FROM run"; }
expect_run "$fmbench" run quicksort --ratio 0.5 --backend pager -o memory=16M -o "pager.pool=$pool"
grep -q '"pool":{"name":"tcp","loads":[1-9]' "$tmp"/*/*/pager.json || fail "the report has no pool"
expect_run "$fmbench" run quicksort --ratio 0.5 --backend pager -o memory=16M -o pager.pool=tcp
address=$(fact pager_server) group=$(fact pager_server_group)
[[ $address == 127.0.0.1:*' (this machine)' ]] || fail "the run's server is no fact: $address"
[[ ! -e $group ]] || fail "the server's group is left: $group"
[[ $(fact '"pager_pool.timeout_ms"') == 20000 ]] || fail 'a server started here has not 20 s to answer'
refused 3 'Connection refused' "tcp:target=${address% (*}"
expect 3 "$fmbench" run quicksort --ratio 0.5 --backend pager -o memory=16M -o pager.pool=tcp:target=127.0.0.1:1
grep -q 'Connection refused' "$tmp/err" || fail "no server: $(cat "$tmp/err")"

# A run's own over RDMA needs a device: tests/lab/pager.sh has one.
if ! compgen -G '/sys/class/infiniband/*' >/dev/null; then
	expect 3 "$fmbench" run quicksort --ratio 0.5 --backend pager -o memory=16M -o pager.pool=rdma
	grep -q 'no RDMA device.*pager.pool=rdma:target=HOST' "$tmp/err" || fail "no device: $(cat "$tmp/err")"
fi

# --- the server is lost: the run says so, whoever finds out first
eventually all_is_free || fail "memory is left: $(stats)"
"$fmbench" run --ratio 0.5 --peak 60M --backend pager \
	-o "pager.pool=tcp:target=127.0.0.1:$port,token-file=$tmp/token,size=64M" -- \
	/usr/bin/python3 "$tmp/forever.py" >"$tmp/out" 2>"$tmp/err" &
run=$!
has_memory() { ! all_is_free; }
eventually has_memory || fail "the job does not begin: $(cat "$tmp/err")"
kill -KILL $server
status=0
wait $run || status=$?
[[ $status -ne 0 ]] || fail "a lost server, and exit status 0"
sql "SELECT detail FROM flag WHERE code = 'BACKEND_LOST'" >"$tmp/flag"
grep -q "^pool tcp: memserver 127.0.0.1:$port is lost: " "$tmp/flag" ||
	fail "no BACKEND_LOST: $(cat "$tmp/flag" "$tmp/err")"

# --- fmbench is killed: the server goes, and its group
"$fmbench" run --ratio 0.5 --peak 60M --backend pager -o pager.pool=tcp -- \
	/usr/bin/python3 "$tmp/forever.py" >"$tmp/out" 2>"$tmp/err" &
run=$!
has_server() { pid=$(pgrep -P $run memserver) && grep -q fmbench-server "/proc/$pid/cgroup"; }
eventually has_server || fail "no server: $(cat "$tmp/err")"
group=$(sed -n 's|.*[:,]memory[,:]*.*:\(/.*\)|/sys/fs/cgroup/memory\1|p; s|^0::\(/fmb.*\)|/sys/fs/cgroup\1|p' "/proc/$pid/cgroup")
[[ -d $group ]] || fail "not in a group: $(cat "/proc/$pid/cgroup")"
kill -KILL $run
wait $run 2>/dev/null || true
is_gone() { [[ ! -e $group && ! -e /proc/$pid/comm ]]; }
eventually is_gone || fail "killed: $group is left, or process $pid"
