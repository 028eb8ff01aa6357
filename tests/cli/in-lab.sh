#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# --in-lab, also for an ordinary user: the run is made in the guest, its rows and artifacts are on
# the host afterwards, and a second run adds to the same database.
. "$(dirname "$0")/../lib.sh"
command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64 (make deps)"

as_user=()
mkdir -m 777 "$tmp/user"
if can_be_user; then
	chmod 755 "$tmp"
	as_user=(setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$tmp/user"
		FMBENCH_STATE_DIR="$tmp/user/state")
	export FMBENCH_DB=$tmp/user/x.db
fi
export TMPDIR=$tmp/user
lab=(--in-lab --lab '--cpus 2 --mem 1G')
expect_run "${as_user[@]}" "$fmbench" run quicksort --ratio 0.5 -o memory=32M --backend zram "${lab[@]}"
grep -q quicksort "$tmp/out" || fail "no table"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'ok'") == 2 ]] || fail "not two runs on the host"
expect_run "${as_user[@]}" "$fmbench" run "${lab[@]}" -- echo 'it was   here'
[[ $(sql "SELECT count(*) FROM run") == 3 ]] || fail "the second call did not add to the database"
artifact=$(dirname "$FMBENCH_DB")/artifacts
grep -rqF 'it was   here' "$artifact" || fail "no artifact on the host"
[[ -e $(dirname "$FMBENCH_DB")/$(sql "SELECT path FROM artifact ORDER BY run DESC LIMIT 1") ]] ||
	fail "the artifact is not where the database says"
[[ $(find "$artifact" -type f | wc -l) == $(sql "SELECT count(*) FROM artifact") ]] ||
	fail "other artifacts than the database names"
[[ $(sql "SELECT facts ->> '\$.lab' FROM machine") =~ ^(tcg|kvm)$ ]] ||
	fail "the machine is not labelled as the lab's, or as an exact one"
expect 2 "${as_user[@]}" "$fmbench" run quicksrt "${lab[@]}"

# A guest that breaks down takes no finished run with it, nor does a kill of fmbench on the host.
finished() {
	sql "SELECT count(*) FROM run_job WHERE workload = 'null' AND status = 'ok'" 2>/dev/null || echo 0
}
two_more() {
	(($(finished) >= before + 2))
}
gone() {
	[[ ! -e /proc/$lab_pid ]]
}
for signal in INT KILL; do
	before=$(finished)
	env --default-signal=INT "${as_user[@]}" "$fmbench" run null --repeat 100 -o seconds=0.5 \
		"${lab[@]}" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	eventually two_more || fail "no run is saved while the guest runs"
	lab_pid=$(pgrep -P "$pid" -f fmlab) || fail "no fmlab below fmbench"
	kill "-$signal" "$pid"
	status=0
	wait "$pid" || status=$?
	eventually gone || fail "the guest lives on after SIG$signal"
	[[ $status -eq $((128 + $(kill -l "$signal"))) ]] || fail "exit status $status after SIG$signal"
	[[ $(finished) -ge $((before + 2)) ]] || fail "finished runs were lost by SIG$signal"
	[[ $(sql 'PRAGMA integrity_check') == ok ]] || fail "the database is damaged"
done
