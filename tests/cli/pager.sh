#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmpager: programs under the user-space pager compute what they compute without it, the limit holds,
# bad input is refused, and a pager that is killed leaves nothing. FMBENCH_LONG=1: ten minutes of torture.
. "$(dirname "$0")/../lib.sh"
. tests/pager.bash

seconds=3
[[ -z ${FMBENCH_LONG-} ]] || seconds=150

# --- right, whatever a program does: both ways of taking pages away, hooks or not
expect 0 "$fmpager" --limit 20M -- "$torture" $seconds 64 3
grep -q 'nothing wrong' "$tmp/out" || fail "the torture ended early"
expect 0 "$fmpager" --limit 40M -- "$torture" $seconds 64 2
expect 0 "$fmpager" --limit 20M --as-if no-move -- "$torture" $seconds 64 3
expect 0 "$fmpager" --limit 20M --as-if no-hooks -- "$torture" 2 64 3

# --- many regions; the limit holds to 2 MiB
expect 0 "$fmpager" --limit 30M --stats "$tmp/stats" -- "$chunks" 60
grep -qx '0 wrong words' "$tmp/out" || fail "chunks: $(cat "$tmp/out")"
python3 - "$tmp/stats" <<'END' || fail "statistics: $(tail -n 1 "$tmp/stats")"
import json, sys
last = json.loads(open(sys.argv[1]).readlines()[-1])
assert last["limit_bytes"] == 30 << 20
assert last["above_limit_bytes"] <= 2 << 20, "the limit was passed"
assert last["pages_out"] > 5000 and last["pages_in"] > 5000 and last["pages_clean"] > 0
END
if grep -q OVERSHOOT "$tmp/err"; then fail "$(cat "$tmp/err")"; fi

# --- a fork: the copies that writes make are seen (30M and 65M above the limit where they are not)
cat >"$tmp/fork.py" <<'END'
import os
pages = range(0, 48 << 20, 4096)
memory = bytearray(48 << 20)
for i in pages: memory[i] = 1
child = os.fork()
for i in pages: memory[i] = 2 + (child == 0)
if not all(memory[i] == 2 + (child == 0) for i in pages): os._exit(1)
if child == 0: os._exit(0)
os._exit(os.waitpid(child, 0)[1] != 0)
END
for limit in 64M 30M; do
	expect 0 "$fmpager" --limit $limit --stats "$tmp/stats" -- /usr/bin/python3 "$tmp/fork.py"
	above=$(sed -n '$s/.*"above_limit_bytes":\([0-9]*\).*/\1/p' "$tmp/stats")
	[[ $above -le $((24 << 20)) ]] || fail "a fork passed the limit of $limit by $above bytes"
done

# --- where a process is not what it is to fmpager: pids of its own, a clock, then a /proc of its own, too
free=$(($(</proc/sys/kernel/pid_max) - 1000))
while compgen -G "/proc/${free%??}[0-9][0-9]" >"$tmp/pids"; do free=$((free - 100)); done
# shellcheck disable=SC2016 # for the shell inside
expect 0 "$fmpager" --limit 12M -- unshare --pid --fork bash -c \
	'echo "$1" >/proc/sys/kernel/ns_last_pid; "${@:2}"' - $((free / 100 * 100)) "$torture" 2 24 2
grep -q 'nothing wrong' "$tmp/out" || fail "in a pid namespace: $(cat "$tmp/out" "$tmp/err")"
expect 0 "$fmpager" --limit 12M -- unshare --time --boottime 100000 --fork "$torture" 2 24 2
grep -q 'nothing wrong' "$tmp/out" || fail "in a time namespace: $(cat "$tmp/out" "$tmp/err")"
expect 0 "$fmpager" --limit 12M -- unshare --pid --fork --mount-proc "$torture" 1 24 2
grep -q 'its memory is not paged' "$tmp/err" || fail "another /proc is not told: $(cat "$tmp/err")"
cat >"$tmp/container.py" <<'END'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def ended(child): return os.waitpid(child, 0)[1]
def forks(fn):
    child = os.fork()
    if child == 0: os._exit(fn())
    return ended(child)
def inside():
    if libc.mount(b"proc", b"/proc", b"proc", 0, None) != 0: return 2
    return 0 if os.WIFSIGNALED(forks(lambda: 0)) else 3
if libc.unshare(0x20020000) != 0 or libc.mount(None, b"/", None, 0x44000, None) != 0: os._exit(4) # CLONE_NEWPID | NEWNS, MS_REC | PRIVATE
os._exit(os.waitstatus_to_exitcode(forks(inside)))
END
expect 0 "$fmpager" --limit 12M -- /usr/bin/python3 "$tmp/container.py"
grep -q "where /proc is not fmpager's" "$tmp/err" || fail "forked where /proc is another: $(cat "$tmp/err")"

# --- what can't be paged is told: before anything runs, when it is called, when it begins
echo 'int main(void) { return 0; }' | gcc -static -x c -o "$tmp/static" -
expect 2 "$fmpager" --limit 20M -- "$tmp/static"
grep -q 'static is statically linked' "$tmp/err" || fail "a static program: $(cat "$tmp/err")"
expect 0 "$fmpager" --limit 20M -- bash -c "'$tmp/static'; env -i /bin/true; true"
grep -q 'runs .*/static, which is statically linked' "$tmp/err" || fail "a static child: $(cat "$tmp/err")"
grep -q 'UNPAGED: 2 programs' "$tmp/err" || fail "an emptied environment: $(cat "$tmp/err")"
expect 3 "$fmpager" --limit 20M --as-if no-move,no-hooks -- true
expect 0 "$fmpager" --limit 20M --as-if no-move -- "$PWD/build/tests/pager/past_libc"
grep -q 'changes its memory past libc' "$tmp/err" || fail "system calls past libc: $(cat "$tmp/err")"

# --- each policy and prefetcher
counted() { # NAME
	sed -n "\$s/.*\"$1\":\([0-9]*\).*/\1/p" "$tmp/stats"
}
for policy in fifo refault random clock; do
	expect 0 "$fmpager" --limit 10M --policy $policy --prefetch none --stats "$tmp/stats" -- "$chunks" 20
done
others=$(counted faults_far)
expect 0 "$fmpager" --limit 10M --prefetch stride -- "$chunks" 20

# --- a trace: recorded, then followed. No policy has fewer faults; waits are but a few; another program's is told
trace=$tmp/trace
expect 0 "$fmpager" --limit 2M --record "$trace" -- "$chunks" 20
expect 0 "$fmpager" --limit 10M --policy belady --prefetch none --trace "$trace" --stats "$tmp/stats" -- "$chunks" 20
[[ $(counted off_trace) -eq 0 && $(counted faults_far) -lt $((others * 3 / 4)) ]] ||
	fail "belady has $(counted faults_far) faults, clock $others, $(counted off_trace) not in the trace"
expect 0 "$fmpager" --limit 10M --prefetch recorded --trace "$trace" --stats "$tmp/stats" -- "$chunks" 20
[[ $(counted faults_far) -lt $((others / 50)) ]] || fail "recorded has $(counted faults_far) waits"
expect 0 timeout 120 "$fmpager" --limit 10M --policy belady --prefetch recorded --trace "$trace" -- "$chunks" 30
grep -q 'off_trace *[0-9]' "$tmp/err" || fail "a larger run's faults are not told apart: $(cat "$tmp/err")"
expect 0 timeout 120 "$fmpager" --limit 10M --policy belady --prefetch recorded --trace "$trace" -- "$torture" 1 40 2
grep -q 'the trace has no such program' "$tmp/err" || fail "another program: $(cat "$tmp/err")"
grep -q 'nothing wrong' "$tmp/out" || fail "another program: the torture ended early"

# --- a real program, with processes that fork and exec
seq 400000 | sort -R --random-source=<(yes) >"$tmp/numbers"
LC_ALL=C sort -S 40M "$tmp/numbers" | md5sum >"$tmp/plain"
expect 0 "$fmpager" --limit 50% -- bash -c "LC_ALL=C sort -S 40M '$tmp/numbers' | md5sum"
cmp "$tmp/plain" "$tmp/out" || fail "sort sorts otherwise under the pager"
expect 7 "$fmpager" --limit 50% -- bash -c 'exit 7'

# --- as a backend: the limit follows the ratio
expect_run "$fmbench" run quicksort --ratio 1,0.5 --backend pager -o memory=16M
[[ $(sql "SELECT count(*) FROM run WHERE status <> 'failed'") -eq 2 ]] || fail "a run failed"
cat "$tmp"/*/*/pager.json >"$tmp/reports"
grep -q '"pages_out":[1-9]' "$tmp/reports" || fail "nothing left at ratio 0.5: $(cat "$tmp/reports")"
read -r pages_in out far < <(sql "SELECT (SELECT CAST(sum(delta) AS INTEGER) FROM phase_usage WHERE run = 2 AND what = 'page_ins'),
	(SELECT CAST(sum(delta) AS INTEGER) FROM phase_usage WHERE run = 2 AND what = 'page_outs'),
	(SELECT max(max) > 4e6 FROM phase_usage WHERE run = 2 AND what = 'far')" | tr '|' ' ')
report=$(grep -v '"pages_out":0' "$tmp/reports")
[[ $report == *"\"pages_in\":$pages_in,"* ]] || fail "the store has $pages_in pages in, the pager says $report"
[[ $out -gt 0 && $far -eq 1 ]] || fail "the store has $out pages out, far above 4 MB: $far"

# --- shared memory stays, and the run says so
expect_run "$fmbench" run --ratio 0.5 --peak 48M --backend pager -- python3 -c '
import mmap, time
shared, own, end = mmap.mmap(-1, 24 << 20), bytearray(24 << 20), time.monotonic() + 2
while time.monotonic() < end:
	for i in range(0, 24 << 20, 4096): shared[i] = own[i] = 1'
[[ $(sql "SELECT detail FROM flag WHERE code = 'PAGER_UNPAGED' AND run = 3") =~ 2[45][.0-9]*M\ of\ shared ]] ||
	fail "24M of shared memory are not told: $(sql "SELECT code, detail FROM flag")"

# --- killed half-way: the program goes with it, and so does what they shared
"$fmpager" --limit 20M -- "$torture" 60 64 1 >/dev/null 2>&1 &
pid=$!
sleep 1
program=$(pgrep -P $pid)
kill -KILL $pid
wait $pid 2>/dev/null || true
for _ in $(seq 50); do
	[[ -d /proc/$program ]] || break
	sleep 0.1
done
[[ ! -d /proc/$program ]] || fail "process $program outlived fmpager"

# --- SIGTERM is the program's, also when it has changed its user
"$fmpager" --limit 20M --quiet -- sleep 60 &
pid=$!
eventually pgrep -P $pid -x sleep >/dev/null
kill -TERM $pid
wait $pid && got=0 || got=$?
[[ $got -eq 143 ]] || fail "SIGTERM: exit status $got"

# --- a server
expect_run "$fmbench" run kv -o server=memcached -o memory=16M -o rate=1k --duration 3s --ratio 0.5 \
	--peak 32M --backend pager
[[ $(sql "SELECT max(max) > 2e6 FROM phase_usage WHERE run = 4 AND what = 'far'") -eq 1 ]] ||
	fail "nothing of memcached was far: $("$fmbench" show 4)"

# --- bad input
expect 2 "$fmpager" -- true
grep -q -e '--limit' "$tmp/err" || fail "does not name what is missing"
expect 2 "$fmpager" --limit 10 -- true
expect 2 "$fmpager" --limit 50% --policy nosuch -- true
expect 2 "$fmpager" --limit 50% --pool nosuch -- true
for trace in "$tmp/nosuch" "$tmp/numbers"; do
	expect 2 "$fmpager" --limit 50% --policy belady --trace "$trace" -- true
	grep -q "$trace" "$tmp/err" || fail "does not name the trace: $(cat "$tmp/err")"
done
expect 2 "$fmpager" --limit 50% --policy belady -- true
grep -q 'belady.* needs a trace' "$tmp/err" || fail "belady without a trace: $(cat "$tmp/err")"
expect 2 "$fmpager" --limit 50% --record "$tmp/numbers" -- true
[[ $(wc -l <"$tmp/numbers") -eq 400000 ]] || fail "a file that is no trace was replaced"
expect 2 "$fmbench" run quicksort --ratio 0.5 --backend pager -o pager.prefetch=recorded
grep -q 'needs a trace' "$tmp/err" || fail "the backend: $(cat "$tmp/err")"
expect 2 "$fmpager" --limit 50%
expect 127 "$fmpager" --limit 50% -- ./no-such-program
