#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# memserver.service: a user of its own, and no more rights than it needs. Prints TAP.
cd "$(dirname "$0")/../.." || exit 1
unit=backend/memserver/memserver.service

if ! command -v systemd-analyze >/dev/null; then
	echo "ok 1 - memserver.service # SKIP no systemd-analyze"
	exit 0
fi
if grep -q '^User=memserver$' "$unit"; then
	echo "ok 1 - memserver.service has a user of its own"
else
	echo "not ok 1 - memserver.service has a user of its own"
fi
# The threshold is in tenths.
if report=$(systemd-analyze security --offline=true --threshold=20 "$unit" 2>&1); then
	echo "ok 2 - memserver.service is exposed to 2.0 of 10 at most"
else
	echo "not ok 2 - memserver.service is exposed to 2.0 of 10 at most"
	tail -n 3 <<<"$report" | sed 's/^/# /'
	exit 1
fi
