#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --set: a kernel setting for the time of a run: applied, recorded, an axis, restored however the run
# ends; and refused, with one line and nothing changed, where it can't be.
. "$(dirname "$0")/../lib.sh"

need_root
[[ -w /proc/sys/vm/swappiness && -w /proc/sys/vm/page-cluster ]] || skip "/proc/sys can't be written"
swappiness=$(</proc/sys/vm/swappiness) cluster=$(</proc/sys/vm/page-cluster)
other=$((swappiness == 37 ? 38 : 37))
restored() {
	[[ $(</proc/sys/vm/swappiness) == "$swappiness" && $(</proc/sys/vm/page-cluster) == "$cluster" ]] ||
		fail "$1: not restored"
	[[ -z $(find "$FMBENCH_STATE_DIR" -name '*.journal' 2>/dev/null) ]] || fail "$1: a journal is left"
}

# refused CODE WORDS FILE=VALUE
refused() {
	rm -f "$FMBENCH_DB"
	expect "$1" "$fmbench" run null --backend none --set "$3"
	[[ $(wc -l <"$tmp/err") -eq 1 ]] || fail "not one line: $3: $(<"$tmp/err")"
	grep -qF -- "$2" "$tmp/err" || fail "'$2' is missing: $3: $(<"$tmp/err")"
	[[ ! -e $FMBENCH_DB || $(sql "SELECT count(*) FROM run") == 0 ]] || fail "a run was made: $3"
	restored "$3"
}
refused 3 'there is no /proc/sys/vm/swapiness' vm.swapiness=1
refused 2 'the kernel refuses it (Invalid argument)' vm.swappiness=9999
refused 2 'FILE=VALUE' vm.swappiness
refused 2 'FILE=VALUE' vm.swappiness=
refused 2 'below /proc/sys' /etc/motd=1
refused 2 'below /proc/sys' vm..swappiness=1
refused 2 'below /proc/sys' /proc/sys/vm/../kernel/panic=1
refused 2 'cannot set vm.drop_caches' vm.drop_caches=1 # it could not be restored
expect 2 "$fmbench" run null --set vm.page-cluster=1 --page-cluster 2
grep -q 'vm.page-cluster is set twice' "$tmp/err" || fail "set twice: $(<"$tmp/err")"

# Applied while the program runs; recorded; restored.
expect_run "$fmbench" run --backend none --set vm.swappiness=$other --set /proc/sys/vm/page-cluster=0 \
	-- sh -c "cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster >$tmp/seen"
[[ $(paste -sd' ' "$tmp/seen") == "$other 0" ]] || fail "not applied: $(<"$tmp/seen")"
restored "a run"
[[ $(sql "SELECT facts ->> '\$.\"set.vm.swappiness\"' || ' ' || (facts ->> '\$.swappiness') || ' ' ||
	(run_params ->> '\$.\"set.vm.swappiness\"') || ' ' || (run_params ->> '\$.\"set.vm.page-cluster\"')
	FROM run") == "$other $other $other 0" ]] || fail "not recorded"

# An axis of an experiment, and a key of compare, by its whole name and by its last part.
rm -f "$FMBENCH_DB"
cat >"$tmp/e.ini" <<-INI
	[experiment]
	name = e
	repeat = 2
	sample-hz = 0
	[run null]
	seconds = 20ms
	set.vm.swappiness = $swappiness $other
INI
expect 0 "$fmbench" sweep "$tmp/e.ini"
restored "a sweep"
[[ $(sql "SELECT count(*), count(DISTINCT run_params) FROM run WHERE status = 'ok'") == "4|2" ]] ||
	fail "no axis"
grep -q "set.vm.swappiness=$other" "$tmp/out" || fail "not in the table: $(<"$tmp/out")"
expect 0 "$fmbench" compare "set.vm.swappiness=$swappiness" set.vm.swappiness=$other
expect 0 "$fmbench" compare "swappiness=$swappiness" swappiness=$other
expect 0 "$fmbench" sweep --dry-run "$tmp/e.ini"
grep -q '4 runs: 4 done' "$tmp/out" || fail "made runs are not known"
sed -i 's/set.vm.swappiness/set.vm.swapiness/' "$tmp/e.ini"
expect 3 "$fmbench" sweep "$tmp/e.ini"
sed -i 's/set.vm.swapiness/set.etc..motd/' "$tmp/e.ini"
expect 2 "$fmbench" sweep "$tmp/e.ini"
grep -q 'e.ini:7: ' "$tmp/err" || fail "the line is not named: $(<"$tmp/err")"

# Killed half-way: the janitor restores it.
"$fmbench" run null --backend none -o seconds=60 --set vm.swappiness=$other >"$tmp/out" 2>&1 &
pid=$!
for ((i = 0; i < 200; i++)); do
	[[ $(</proc/sys/vm/swappiness) != "$other" || -z $(sql "SELECT 1 FROM run WHERE status = 'started'") ]] || break
	sleep 0.05
done
[[ $(</proc/sys/vm/swappiness) == "$other" ]] || fail "not applied before the kill"
kill -KILL $pid
wait $pid 2>/dev/null || true
for ((i = 0; i < 200; i++)); do
	[[ $(</proc/sys/vm/swappiness) != "$swappiness" ]] || break
	sleep 0.05
done
sleep 0.2
restored "a kill"
