#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --in-lab, also for an ordinary user: the run is made in the guest, its rows and artifacts are on
# the host afterwards, and a second run adds to the same database.
. "$(dirname "$0")/../lib.sh"
command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64 (make deps)"

as_user=()
if can_be_user; then
	chmod 755 "$tmp"
	mkdir -m 777 "$tmp/user"
	as_user=(setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$tmp/user"
		FMBENCH_STATE_DIR="$tmp/user/state")
	export FMBENCH_DB=$tmp/user/x.db
fi
lab=(--in-lab --lab '--cpus 2 --mem 1G')
expect_run "${as_user[@]}" "$fmbench" run quicksort --ratio 0.5 -o memory=32M --backend zram "${lab[@]}"
grep -q quicksort "$tmp/out" || fail "no table"
[[ $(sql "SELECT count(*) FROM run WHERE status = 'ok'") == 2 ]] || fail "not two runs on the host"
expect_run "${as_user[@]}" "$fmbench" run "${lab[@]}" -- echo 'it was   here'
[[ $(sql "SELECT count(*) FROM run") == 3 ]] || fail "the second call did not add to the database"
artifact=$(dirname "$FMBENCH_DB")/artifacts
grep -rqF 'it was   here' "$artifact" || fail "no artifact on the host"
sql "SELECT facts FROM machine" | grep -q lab || fail "the machine is not labelled as the lab's"
expect 2 "${as_user[@]}" "$fmbench" run quicksrt "${lab[@]}"
