#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# The user-space pager on this kernel, which may lack UFFDIO_MOVE (before 6.8) and /dev/userfaultfd (before
# 6.1): memory stays right, the limit holds, a run's far memory is seen, and doctor and facts say how.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

fmpager=$PWD/build/fmpager
torture=$PWD/build/tests/pager/torture
chunks=$PWD/build/tests/pager/chunks
[[ -x $fmpager && -x $torture && -x $chunks ]] || fail "not built: make pager test-helpers"
case $FMLAB_KERNEL in
5.* | 6.[0-7]) moves=no ;;
*) moves=yes ;;
esac

# How far forks pass the limit depends on how fast their handlers begin, so the limit is judged below.
expect 0 "$fmpager" --limit 12M -- "$torture" "$(by_length 3 60)" 24 2
grep -q 'nothing wrong' "$tmp/out" || fail "the torture ended early: $(<"$tmp/out")"

# 20 MiB in one process, 12 of them near: 2,048 pages at least have to leave, however slow this machine is.
expect 0 "$fmpager" --limit 12M --stats "$tmp/stats" -- "$chunks" 20
grep -qx '0 wrong words' "$tmp/out" || fail "chunks: $(<"$tmp/out")"
above=$(sed -n '$s/.*"above_limit_bytes":\([0-9]*\).*/\1/p' "$tmp/stats")
out=$(sed -n '$s/.*"pages_out":\([0-9]*\).*/\1/p' "$tmp/stats")
[[ $above -le $((2 << 20)) ]] || fail "the limit was passed by $above bytes"
[[ $out -ge 2048 ]] || fail "only $out pages left"

expect_run "$fmbench" run quicksort --ratio 0.5 --peak 12M -o memory=8M --backend pager
sql "SELECT json_extract(facts, '\$.pager_takes_pages_by') FROM run ORDER BY id DESC LIMIT 1" >"$tmp/facts"
"$fmbench" doctor --backend pager >"$tmp/doctor" || true
if [[ $moves == yes ]]; then
	grep -qx UFFDIO_MOVE "$tmp/facts" || fail "facts: $(<"$tmp/facts")"
	grep -q 'ok *pager .*UFFDIO_MOVE' "$tmp/doctor" || fail "doctor: $(<"$tmp/doctor")"
else
	grep -q 'no UFFDIO_MOVE' "$tmp/facts" || fail "facts: $(<"$tmp/facts")"
	tr -s ' \n' ' ' <"$tmp/doctor" | grep -q 'ok pager .*no UFFDIO_MOVE before Linux 6.8' ||
		fail "doctor: $(<"$tmp/doctor")"
fi
