#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# memserver.service: a user of its own, and no more rights than it needs. Prints TAP.
cd "$(dirname "$0")/../.." || exit 1
unit=backend/memserver/memserver.service

number=0 failed=0

# ok NAME COMMAND…
ok() {
	local output
	number=$((number + 1))
	if output=$("${@:2}" 2>&1); then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		tail -n 3 <<<"$output" | sed 's/^/# /'
		failed=1
	fi
}

if ! systemd-analyze security --help 2>/dev/null | grep -q -e --offline; then
	echo "ok 1 - memserver.service # SKIP no systemd-analyze security --offline"
	exit 0
fi
ok "memserver.service has a user of its own" grep '^User=memserver$' "$unit"
# The threshold is in tenths.
ok "memserver.service is exposed to 2.0 of 10 at most" \
	systemd-analyze security --offline=true --threshold=20 "$unit"
exit "$failed"
