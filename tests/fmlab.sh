# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the fmlab tests: checks as TAP, a scratch directory, and a skip where no guest can boot.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# Not in /tmp: the guest has a fresh one.
mkdir -p build/tests
scratch=$(mktemp -d "$PWD/build/tests/fmlab.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
checks=0 failures=0

# check NAME COMMAND…
check() {
	checks=$((checks + 1))
	if "${@:2}"; then
		echo "ok $checks - $1"
	else
		echo "not ok $checks - $1"
		failures=$((failures + 1))
	fi
}

# skip NAME WHY
skip() {
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP $2"
}

end_checks() {
	echo "1..$checks"
	((failures == 0))
}

# guest OPTION… -- COMMAND…: sets $status, leaves the streams in $scratch/out and err. The time
# limit only bounds a broken guest.
guest() {
	lab/fmlab run --timeout 600 "$@" >"$scratch/out" 2>"$scratch/err" && status=0 || status=$?
	if ((status == 124)); then
		cat "$scratch/err"
	fi
}

out_has() {
	grep -qE -- "$1" "$scratch/out"
}

ended() {
	((status == $1))
}

err_has() {
	grep -qE -- "$1" "$scratch/err"
}

# need_guest FETCH_ARGUMENT…: exits 77 where no guest can boot. Downloads on a first call.
need_guest() {
	if ! command -v qemu-system-x86_64 >/dev/null; then
		echo "no qemu-system-x86_64 (make deps)"
		exit 77
	fi
	lab/fmlab fetch "$@" 2>"$scratch/err" && return
	if (($? == 3)); then
		tail -n 1 "$scratch/err"
		exit 77
	fi
	cat "$scratch/err"
	exit 1
}
