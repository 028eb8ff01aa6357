#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A secret is taken from a file only, and one that an older fmbench stored is never shown.
. "$(dirname "$0")/../lib.sh"

refused() { # COMMAND…: with the remedy, without the secret
	expect 2 "$fmbench" "$@"
	grep -q "token-file=FILE" "$tmp/err" || fail "no remedy: $*: $(<"$tmp/err")"
	! grep -q sesame "$tmp/out" "$tmp/err" || fail "the secret is repeated: $*"
	[[ ! -e $FMBENCH_DB ]] || fail "a database was made: $*"
}

refused run null --ratio 0.5 --backend fastswap-rdma -o fastswap-rdma.token=sesame
refused backend up fastswap-rdma -o token=sesame
for values in sesame "sesame sesame"; do
	printf '[experiment]\nname = x\n[run null]\nratio = 0.5\nbackend = fastswap-rdma\n%s\n' \
		"fastswap-rdma.token = $values" >"$tmp/x.ini"
	refused sweep --dry-run "$tmp/x.ini"
	refused sweep --slurm "$tmp/x.ini"
done

# As format 1 stored it: in the parameters and in the command.
old_database() {
	gunzip -c tests/fixtures/format-1/fmbench.db.gz >"$1"
	sqlite3 -batch "$1" "UPDATE run SET backend = 'fastswap-rdma',
		backend_params = '{\"far\":\"10.0.0.2\",\"token\":\"sesame' || (id % 2) || '\"}',
		command = 'fmbench run null -o fastswap-rdma.token=sesame -o fastswap-rdma.far=10.0.0.2'"
}
old_database "$FMBENCH_DB"
hidden() { # CODE COMMAND…
	expect "$1" "$fmbench" "${@:2}"
	! grep -q sesame "$tmp/out" "$tmp/err" || fail "the secret is shown: ${*:2}"
}
hidden 0 show 1
grep -qF 'token=(hidden) -o fastswap-rdma.far=10.0.0.2' "$tmp/out" || fail "$(<"$tmp/out")"
for kind in runs phases deltas results flags; do
	hidden 0 export csv $kind
	hidden 0 export json $kind
done
hidden 0 compare 4 7 # other tokens
hidden 2 compare fastswap-rdma.token=x fastswap-rdma.token=y
hidden 0 report -o "$tmp/report.html"
! grep -q sesame "$tmp/report.html" || fail "the secret is in the report"
grep -q 'token=(hidden)' "$tmp/report.html" || fail "the command is not in the report"

# The same of a database that is taken in, and of one that is written to: what others read is clean.
merged=$tmp/merged.db
hidden 0 merge --into "$merged" "$FMBENCH_DB"
! grep -aq sesame "$merged" || fail "the secret is merged"
FMBENCH_DB=$merged hidden 0 show 1
expect_run "$fmbench" run null --backend none
! grep -aq sesame "$FMBENCH_DB" || fail "the secret is still in the database"
