#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Units from files: what they run, what is said about bad ones, and that nothing stays behind.
. "$(dirname "$0")/../lib.sh"

export XDG_CONFIG_HOME=$tmp/config
fixtures=$PWD/tests/fixtures/units
mkdir "$tmp/units"

# with TEXT: a directory of one file that says it.
with() {
	printf '%b' "$1" >"$tmp/units/u.ini"
}

# bad TEXT LINE WORDS: reading it fails at that line, with these words.
bad() {
	with "$1"
	expect 2 "$fmbench" list --units "$tmp/units"
	grep -q "u.ini:$2: .*$3" "$tmp/err" || fail "not 'u.ini:$2: …$3…' but: $(cat "$tmp/err")"
	[[ $(wc -l <"$tmp/err") -eq 1 && $(wc -c <"$tmp/err") -lt 1000 ]] || fail "not one line"
}

# --- bad files -------------------------------------------------------------------------------
w='[workload x]\nsummary = s\n'
bad "${w}comand = true\n" 3 "no key 'comand'; did you mean 'command'"
bad "${w}command = true {prot}\n" 3 "{prot}; did you mean 'port'"
bad "${w}command = true 'a\n" 3 'a quote is open'
bad "${w}command = true\nmetric = ops=(\n" 4 'no regular expression'
bad "${w}command = true\nmetric = ops=[0-9]+\n" 4 'has 0 groups'
bad "${w}command = true\nmetric = ops=\$a\n" 4 'metric ops'
bad "${w}command = true\nshell = perhaps\n" 4 'yes or no'
bad "${w}command = true\noption.n = sise 1 n\n" 4 "'sise' is none"
bad "${w}command = true\noption.n = size many n\n" 4 'many'
bad "${w}server = a\nready = port\nclient = b\n" 4 'no {port}'
bad "${w}server = a {port}\nclient = b\n" 3 'when is the server ready'
bad "${w}server = a {port}\nready = soon\nclient = b\n" 4 "'soon'"
bad "${w}server = a {port}\nready = port\n" 3 'needs a client'
bad "$w" 1 'either a command, or a server'
bad '[workload x]\ncommand = true\n' 1 'summary'
bad '[workload X!]\nsummary = s\ncommand = true\n' 1 'no name for a unit'
bad '[wrkload x]\n' 1 'no section'
bad '[workload memaslap]\nsummary = s\ncommand = true\n' 1 "'memaslap' is taken"
bad '[workload uffd]\nsummary = s\ncommand = true\n' 1 "'uffd' is taken"
bad "${w}command = true\n$w" 4 "'x' is taken by the workload of .*u.ini:1"
bad "${w}command = true\nrequires = unit:nobody\n" 1 'no file has a unit'
bad "${w}command = true\nrequires = unit:y\n[workload y]\nsummary = s\ncommand = true\nrequires = unit:x\n" \
	1 'circle: x -> y -> x'
bad "${w}command = tr\\0ue\n" 3 'NUL byte'
bad '[backend x]\nsummary = s\ncaps = swop\n' 3 "'swop' is none"
bad '[backend x]\nsummary = s\ncaps = swap\nup = true\n' 4 'there is no down'
bad '[backend x]\nsummary = s\ncaps = swap\nlimit = echo {bytes}\n' 4 'local = FILE'
bad '[backend x]\nsummary = s\ncaps = swap\nkernel = (\n' 4 'no regular expression'
bad '[collector x]\nsummary = s\nfile = /proc/a\nkey.a = pages\n' 4 'counter or gauge'
bad '[collector x]\nsummary = s\nfile = proc/a\n' 3 'the whole path'
{ printf '[workload x]\nsummary = '; head -c 10000000 /dev/zero | tr '\0' y; } >"$tmp/long"
cp "$tmp/long" "$tmp/units/u.ini"
expect 2 "$fmbench" list --units "$tmp/units"
grep -q 'u.ini:2: the line is too long' "$tmp/err" || fail "a line of 10 MB: $(cat "$tmp/err")"
expect 2 "$fmbench" list --units "$tmp/nowhere"
grep -q "no directory '$tmp/nowhere'" "$tmp/err" || fail 'no directory: not named'

# Nothing runs by being read; what doesn't use units isn't stopped by a bad one.
with "${w}shell = yes\nprepare = touch $tmp/ran\ncommand = touch $tmp/ran\n"
expect 0 "$fmbench" list -v --units "$tmp/units"
expect 0 "$fmbench" doctor --units "$tmp/units"
[[ ! -e $tmp/ran ]] || fail 'a command ran by being listed'
with 'junk\n'
FMBENCH_UNITS=$tmp/units expect 0 "$fmbench" recover
rm "$tmp/units/u.ini"

# --- good ones -------------------------------------------------------------------------------
export FMBENCH_UNITS=$fixtures
machine_state >"$tmp/before"

"$fmbench" list workloads | grep -q 'greet  *prints a number' || fail 'not listed'
"$fmbench" run --help | grep -qw greet || fail 'not in --help'
expect_run "$fmbench" run greet -o ops=77 -o word='two words'
[[ $(sql "SELECT name, unit, value FROM result WHERE name IN ('ops', 'p99') ORDER BY name") == \
	$'ops|per_s|77.0\np99|us|1.5' ]] || fail "results: $(sql 'SELECT * FROM result')"
log=$(dirname "$FMBENCH_DB")/$(sql "SELECT path FROM artifact WHERE name = 'command.log'")
grep -qx 'two words {word}' "$log" || fail "placeholders: $(cat "$log")"
sql "SELECT workload_params FROM job" | grep -q '"unit":"greet [0-9a-f]*"' || fail 'no stamp'
expect 2 "$fmbench" run greet -o unit=other

expect_run "$fmbench" run ask --warmup 100ms
sql "SELECT value FROM result WHERE name = 'asked'" | grep -qx 12.5 || fail 'ask: no rate'
sql "SELECT value FROM result WHERE name = 'got'" | grep -qx 200.0 || fail 'ask: not of the server'

expect 1 "$fmbench" run never
grep -q 'not ready after 0.* s: waited for line ready for.*working hard' "$tmp/err" ||
	fail "never: $(cat "$tmp/err")"
expect 1 "$fmbench" run dies --warmup 100ms
grep -q 'the server of workload dies exited with status 5.*no more memory' "$tmp/err" ||
	fail "dies: $(cat "$tmp/err")"
expect 1 "$fmbench" run silent
grep -q "pattern 'ops: (\[0-9\]+)' found nothing" "$tmp/err" || fail "silent: $(cat "$tmp/err")"

with "${w}command = true\nrequires = no-such-program:its-package\n"
expect 3 "$fmbench" run x --units "$tmp/units"
grep -q 'needs no-such-program; apt install its-package' "$tmp/err" || fail 'missing: not said'
"$fmbench" doctor --format json --units "$tmp/units" >"$tmp/doctor" || true
grep -q 'programs are missing for: .*x' "$tmp/doctor" || fail 'doctor: not said'

cat >"$tmp/e.ini" <<'INI'
[experiment]
name = of-units
[run greet]
ops = 1, 2
INI
expect_run "$fmbench" sweep "$tmp/e.ini"
[[ $(sql "SELECT count(*) FROM run WHERE experiment = 'of-units' AND status = 'ok'") -eq 2 ]] ||
	fail 'sweep: not two runs'
wait_same "$tmp/before" || fail 'something stayed behind'

# Killed half-way: the program goes, and its directory is the only thing left.
need_root
"$fmbench" run long >"$tmp/out" 2>&1 &
pid=$!
eventually pgrep -fx 'sleep 1007.53' >/dev/null
kill -9 $pid
wait $pid 2>/dev/null || true
gone() { ! pgrep -fx 'sleep 1007.53' >/dev/null; }
eventually gone || fail 'killed: the program still runs'
wait_same "$tmp/before" || fail 'killed: something stayed behind'

# --- somebody else's far memory ---------------------------------------------------------------
state=/tmp/fmbench-dummy
rm -rf $state
"$fmbench" doctor --format json | grep -q 'its kernel runs here: dummy' || fail 'doctor does not know the system'
expect_run "$fmbench" run greet --backend dummy --ratio 0.5 --peak 64M
[[ ! -e $state ]] || fail 'not taken down'
[[ $(sql "SELECT status FROM run ORDER BY id DESC LIMIT 1") == ok ]] || fail "$(cat "$tmp/out")"
[[ $(sql "SELECT max(value) FROM sample JOIN metric m ON m.id = metric
	WHERE m.collector = 'dummy_counters' AND m.key = 'far'") -eq 5000000 ]] || fail 'no counters'
sql "SELECT facts FROM run ORDER BY id DESC LIMIT 1" | grep -q '"dummy.version":"1"' ||
	fail 'no facts'

"$fmbench" run long --backend dummy --ratio 0.5 --peak 64M >"$tmp/out" 2>&1 &
pid=$!
eventually pgrep -fx 'sleep 1007.53' >/dev/null
grep -qx 33554432 $state/limits || fail "its limit: $(cat $state/limits)"
kill -9 $pid
wait $pid 2>/dev/null || true
eventually gone || fail 'dummy, killed: the program still runs'
wait_same "$tmp/before" || fail 'dummy, killed: something stayed behind'
[[ ! -e $state ]] || fail 'dummy, killed: not taken down'

# --- what is shipped, at its smallest ----------------------------------------------------------
# The others take longer than five seconds: memcached-cfm (it pauses), 7zip.
unset FMBENCH_UNITS
chmod a+x "$tmp" # postgres and memcached run as nobody, below it
tried='' missing=''
while read -r name options; do
	got=0
	# shellcheck disable=SC2086 # words
	timeout 60 "$fmbench" run "$name" $options --warmup 100ms >"$tmp/out" 2>"$tmp/err" || got=$?
	case $got in
	0 | 7) tried+=" $name" ;;
	3) missing+=" $name" ;;
	*) fail "$name: exit status $got: $(cat "$tmp/err")" ;;
	esac
done <<'END'
redis -o memory=1M -o requests=2000
postgres -o memory=1M -o time=1s
rocksdb -o memory=2M -o reads=10000
nginx -o memory=1M -o time=1s
zstd -o memory=1M -o time=1s
hpcc -o memory=1M
sysbench-memory -o memory=4M -o time=1s
liblinear -o memory=1M
sklearn-kmeans -o memory=1M
sklearn-forest -o memory=1M
END
echo "# tried:${tried:- none}; not installed (make deps-workloads):${missing:- none}"
wait_same "$tmp/before" || fail 'a shipped unit left something behind'
