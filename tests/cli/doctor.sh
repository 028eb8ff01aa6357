#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fmbench doctor: what it says of this machine and of captured ones, its JSON, and --fix, which
# leaves nothing behind however it ends. --fix is tried on a made-up tree: no machine is changed.
. "$(dirname "$0")/../lib.sh"

# says WORDS: the last output has a line with them.
says() {
	grep -qF -- "$1" "$tmp/out" || {
		cat "$tmp/out" >&2
		fail "'$1' is missing"
	}
}

# Here: cgroups, frontswap, and whether the kernel takes modules, told from outside.
status=0
NO_COLOR=1 "$fmbench" doctor >"$tmp/out" || status=$?
[[ $status -eq 0 || $status -eq 3 ]] || fail "exit status $status"
if [[ $status -eq 0 ]]; then says ' 0 problems'; else ! grep -q ' 0 problems' "$tmp/out" || fail "exit 3"; fi
if grep -q '^[^ ]* [^ ]* cgroup .*[ ,]memory' /proc/mounts; then
	says 'memory on cgroup v1'
elif grep -q memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	says 'cgroup v2'
fi
[[ -e /proc/modules ]] || says 'without loadable modules'
kernel=$(uname -r)
if printf '%s\n' 6.6 "${kernel%%-*}" | sort -CV; then
	says 'no frontswap: Linux 6.6 took it out'
fi
# The lab's answer for this kernel, where it has one.
answer=${FMLAB_CACHE:-$(dirname "$fmbench")/lab}/kvm
if [[ -e /dev/kvm && $(id -u) -eq 0 && -e $answer && $(<"$answer") == "$kernel "*$'\nno' ]]; then
	says 'a stock guest does not boot under KVM here'
fi
[[ $(awk '{ print length }' "$tmp/out" | sort -n | tail -n 1) -le 100 ]] || fail "a line is too long"

# JSON by an independent reader: the same findings, in the same order.
"$fmbench" doctor --format json >"$tmp/json" || true
python3 - "$tmp/json" "$tmp/out" <<-'EOF_PY' || fail "--format json"
	import json, re, sys
	rows = json.load(open(sys.argv[1]))
	assert all(set(r) == {"name", "status", "found", "why", "fix"} for r in rows)
	assert all(r["status"] in ("ok", "warning", "problem") and r["found"] and r["why"] for r in rows)
	assert all(r["fix"] for r in rows if r["status"] != "ok")
	shown = re.findall(r"^  (?:ok|warning|problem) +(\S+)", open(sys.argv[2]).read(), re.M)
	assert [r["name"] for r in rows] == shown, (rows, shown)
EOF_PY

for tree in tests/fixtures/machine-*; do
	expect 0 env FMBENCH_SYSROOT="$tree" "$fmbench" doctor
	[[ ! -s $tmp/err ]] || fail "stderr on $tree"
done
expect 3 env FMBENCH_SYSROOT=tests/fixtures/machine-vm-6.18 "$fmbench" doctor \
	--backend fastswap-dram -q
says 'problem  modules'
! grep -q ' ok ' "$tmp/out" || fail "-q shows what is ok"
expect 0 "$fmbench" doctor --backend none
! grep -qE '^ *(ok|warning|problem) +(frontswap|zswap|swap|rdma) ' "$tmp/out" ||
	fail "--backend none shows what is no matter"

expect 2 "$fmbench" doctor --backend zarm
grep -q "did you mean 'zram'" "$tmp/err" || fail "no suggestion"
expect 2 "$fmbench" doctor --fix
expect 2 "$fmbench" doctor -- true
expect 2 "$fmbench" doctor --fix --format json -- true
expect 3 "$fmbench" doctor --fix -- no-such-program

# A database whose directories are still to be made.
for db in new.db new/new.db "$tmp/new/new.db" /new/new.db; do
	(cd "$tmp" && FMBENCH_DB=$db "$fmbench" doctor -q >/dev/null) || [[ $? -eq 3 ]] ||
		fail "with database $db"
done

# --fix: there while the command runs, gone afterwards.
tree=$tmp/tree
mkdir -p "$tree/proc/sys/vm" "$tree/sys/kernel/mm/transparent_hugepage"
thp=$tree/sys/kernel/mm/transparent_hugepage/enabled
reset() {
	echo always >"$thp"
	echo 0 >"$tree/proc/sys/vm/swappiness"
}
is_back() {
	[[ $(<"$thp") == always && $(<"$tree/proc/sys/vm/swappiness") == 0 ]]
}
no_journal() {
	[[ -z $(find "$FMBENCH_STATE_DIR" -name '*.journal') ]]
}
comes_back() {
	eventually is_back || fail "$1: not undone"
	eventually no_journal || fail "$1: a journal is left"
}
export FMBENCH_SYSROOT=$tree

reset
expect 5 "$fmbench" doctor --fix -- sh -c "cat '$thp'; echo; cat '$tree/proc/sys/vm/swappiness'; exit 5"
[[ $(<"$tmp/out") == $'madvise\n60' ]] || fail "not changed for the command: $(<"$tmp/out")"
is_back || fail "not undone"
expect 143 "$fmbench" doctor --fix -- sh -c 'kill -TERM $$'
is_back || fail "not undone after a command that was killed"

# It has the machine's lock: fmbench below it runs all the same, any other waits for it.
expect_run timeout 300 "$fmbench" doctor --fix -- env -u FMBENCH_SYSROOT "$fmbench" run null
is_back || fail "not undone after a run"
rm "$FMBENCH_DB"*
expect 2 "$fmbench" doctor --fix -- "$fmbench" doctor --fix -- true
grep -q 'one is enough' "$tmp/err" || fail "--fix below --fix is not told why not"

# begin: a command that waits; sets pid (of fmbench).
begin() {
	rm -f "$tmp/runs"
	"$fmbench" doctor --fix -- sh -c "echo \$\$ >'$tmp/runs'; exec sleep 1000" 2>/dev/null &
	pid=$!
	eventually test -s "$tmp/runs"
	[[ $(<"$thp") == madvise ]] || fail "not changed"
}
begin
"$fmbench" doctor --fix -- true 2>"$tmp/second" &
second=$!
eventually grep -q "waiting for process $pid (.*fmbench doctor --fix" "$tmp/second" || fail "a second --fix is not told whom it waits for"
[[ $(<"$thp") == madvise ]] || fail "a second --fix undid the first one's"
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
[[ $status -eq 143 ]] || fail "exit status $status after SIGTERM"
wait "$second" || fail "the second --fix did not come to its turn"
comes_back SIGTERM

begin
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
comes_back SIGKILL
ended() {
	! kill -0 "$(<"$tmp/runs")" 2>/dev/null
}
eventually ended || fail "the command outlived fmbench"
[[ ! -e $FMBENCH_DB ]] || fail "a database was made"
