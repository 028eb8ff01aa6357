#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# However fmlab ends, no guest stays behind.
# shellcheck disable=SC2016 # the guest expands what is quoted here
set -euo pipefail
# shellcheck source=tests/fmlab.sh
. "$(dirname "$0")/../fmlab.sh"
need_guest 6.1

# The guests of this test are told from others by their directory.
export TMPDIR=$scratch

guests() {
	pgrep -f "qemu-system-x86_64.*path=$scratch/" || true
}

gone() {
	local try
	for try in {1..600}; do
		[[ $(guests) ]] || return 0
		sleep 0.1
	done
	echo "still there after $((try / 10)) s: $(guests)"
	return 1
}

# interrupted SIGNAL: sets $status; true if there was a guest to leave behind
interrupted() {
	local call seen='' try
	lab/fmlab run -- sleep 1000 >"$scratch/out" 2>"$scratch/err" &
	call=$!
	for try in {1..1200}; do
		seen=$(guests)
		[[ -z $seen ]] || break
		sleep 0.1
	done
	kill -s "$1" $call
	wait $call 2>/dev/null && status=0 || status=$?
	[[ $seen && $try ]]
}

check "a guest ran when fmlab was killed" interrupted KILL
check "kill -9 of fmlab leaves none" gone
killed=("$scratch"/fmlab.*)
check "a guest ran when fmlab was terminated" interrupted TERM
check "SIGTERM leaves none" gone
check "and shows in the status" ended 143
rm -rf "${killed[@]}"
check "and leaves no directory" eval '! compgen -G "$scratch/fmlab.*"'

guest --timeout 5 -- sleep 1000
check "a timeout has its status" ended 124
check "and says so" err_has '^fmlab: no end within 5 s'
check "and leaves no guest" gone

timeout 600 lab/fmlab run -- yes 2>"$scratch/err" | head -n 1 >"$scratch/out" || true
check "nobody reading ends the guest" gone
end_checks
