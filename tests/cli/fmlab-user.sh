#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guests: --cpus 2
# fmlab as an ordinary user: root in the guest, and files that are the user's own on the host.
# shellcheck disable=SC2016 # the guest expands what is quoted here
set -euo pipefail
# shellcheck source=tests/fmlab.sh
. "$(dirname "$0")/../fmlab.sh"
need_guest 6.1

as_user=()
if ((EUID == 0)); then
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 755 "$scratch"
	mkdir "$scratch/tmp"
	chown 65534 "$scratch/tmp"
	if ! "${as_user[@]}" test -r "$(lab/fmlab path 6.1 image)"; then
		echo "the tree is not readable by other users"
		exit 77
	fi
else
	mkdir "$scratch/tmp"
fi

TMPDIR=$scratch/tmp "${as_user[@]}" lab/fmlab run --timeout 600 --out "$scratch/tmp/files" -- sh -c '
	echo "user: $(id -u)"
	modprobe zram && echo 64M >/sys/block/zram0/disksize && mkswap -q /dev/zram0 &&
		swapon /dev/zram0 && echo "swap: on"
	echo kept >"$FMLAB_OUT/file"
	exit 3' >"$scratch/out" 2>"$scratch/err" && status=0 || status=$?
check "the status comes back" ended 3
check "root in the guest" out_has '^user: 0$'
check "which may use swap" out_has '^swap: on$'
check "the file is the user's" eval '[[ $(<"$scratch/tmp/files/file") == kept &&
	$(stat -c %u "$scratch/tmp/files/file" "$scratch/tmp" | uniq | wc -l) == 1 ]]'
check "nothing but the guest's words on stderr" eval '! grep -v "mkswap:" "$scratch/err"'
end_checks
