#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make deb: the packages fmbench, fmbench-dkms and fmbench-memserver, unsigned, into $B. They are built in
# a copy of the tree, so that this one stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dpkg-buildpackage >/dev/null || {
	echo "make deb: no dpkg-buildpackage: install dpkg-dev and debhelper (make deps)" >&2
	exit 3
}
place=$B/deb
rm -rf "$place"
mkdir -p "$place/fmbench"
if [[ -e .git ]]; then
	# New files, too, and none that was deleted.
	git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null
else
	find . -type f ! -path './build/*' -printf '%P\n'
fi | tar -cf - -T - | tar -xf - -C "$place/fmbench"

if ! (cd "$place/fmbench" && DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" \
	dpkg-buildpackage --build=binary --no-sign) >"$place/log" 2>&1; then
	tail -n 20 "$place/log" >&2
	echo "make deb: cannot build the packages: see $place/log" >&2
	exit 1
fi
for package in "$place"/*.deb; do
	mv "$package" "$B/"
	echo "$B/${package##*/}"
done
