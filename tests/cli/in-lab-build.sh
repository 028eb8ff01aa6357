#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# --in-lab after `make install`, also for an ordinary user: one command builds what the guest needs in
# the user's cache, says so, and has far memory over RDMA; the next one uses what is there.
. "$(dirname "$0")/../lib.sh"
command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64 (make deps)"
# Kernels need not be fetched once more.
export FMLAB_CACHE=${FMLAB_CACHE:-$PWD/build/lab}
lab/fmlab fetch --headers

mkdir -m 777 "$tmp/user"
as_user=(env HOME="$tmp/user" XDG_CACHE_HOME="$tmp/user/cache")
if can_be_user; then
	chmod 755 "$tmp"
	as_user=(setpriv --reuid nobody --regid nogroup --clear-groups "${as_user[@]}"
		FMBENCH_STATE_DIR="$tmp/user/state")
	export FMBENCH_DB=$tmp/user/x.db
fi
export TMPDIR=$tmp/user
expect 0 make -s install PREFIX="$tmp/usr"
cd "$tmp/user" || exit 1

# far BACKEND
far() {
	expect_run "${as_user[@]}" "$tmp/usr/bin/fmbench" run quicksort --ratio 0.5 --peak 16M \
		-o memory=16M --backend "$1" --in-lab
}
far fastswap-rdma
grep -q 'fmlab: building modules memserver for kernel 6.1' "$tmp/err" || fail "not said: $(<"$tmp/err")"
far fastswap-dram
! grep -q 'building' "$tmp/err" || fail "built once more: $(<"$tmp/err")"
[[ $(sql "SELECT count(*) FROM run_summary WHERE far_bytes > 0 AND major_faults > 0
	AND backend IN ('fastswap-rdma', 'fastswap-dram')") == 2 ]] || fail "no far memory"
where=$tmp/user/cache/fmbench
[[ -e $where/lab/6.1/fastswap/fastswap.ko ]] || fail "no modules in $where"
