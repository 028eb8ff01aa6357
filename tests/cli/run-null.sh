#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The null workload: every part of a run without far memory; works for an ordinary user too.
. "$(dirname "$0")/../lib.sh"

machine_state >"$tmp/before"
expect_run "$fmbench" run null --repeat 3
[[ $(sql "SELECT count(*) FROM run WHERE status = 'ok'") == 3 ]] || fail "not three good runs"
[[ $(sql "SELECT count(*) FROM phase WHERE name = 'measure'") == 3 ]] || fail "no measure phases"
wait_same "$tmp/before" || fail "something was left behind"

# A guest of the lab says what its times are worth.
for label in 'tcg:' 'tcg:0' 'tcg, exact:1' 'kvm:'; do
	FMBENCH_DB=$tmp/lab.db FMLAB_ACCEL=${label:0:3} FMLAB_EXACT=${label#*:} expect_run "$fmbench" run null
	[[ $(sqlite3 "$tmp/lab.db" "SELECT facts ->> '\$.lab' FROM machine ORDER BY id DESC LIMIT 1") == \
		"${label%:*}" ]] || fail "not labelled $label"
	rm "$tmp/lab.db"*
done

if can_be_user; then
	chmod 755 "$tmp"
	mkdir -m 777 "$tmp/user"
	expect_run setpriv --reuid nobody --regid nogroup --clear-groups \
		env HOME="$tmp/user" FMBENCH_DB="$tmp/user/x.db" FMBENCH_STATE_DIR="$tmp/user/state" \
		"$fmbench" run null
	export FMBENCH_DB=$tmp/user/x.db
	[[ $(sql "SELECT code FROM flag WHERE code = 'NO_GROUP'") == NO_GROUP ]] ||
		fail "no NO_GROUP flag"
	expect 3 setpriv --reuid nobody --regid nogroup --clear-groups \
		env HOME="$tmp/user" FMBENCH_STATE_DIR="$tmp/user/state" \
		"$fmbench" run null --ratio 0.5 --backend swapfile
fi
