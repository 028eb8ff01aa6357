#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Install the Debian packages that are missing, saying which and what for. The lists are
# setup/packages* ("package<TAB>what for"); with names as arguments only those lists:
#
#	setup/deps.sh            all of them
#	setup/deps.sh packages   only what building and running needs
#	setup/deps.sh packages-workloads   what the workloads in units/ start
set -euo pipefail
cd "$(dirname "$0")"

lists=("$@")
[[ ${#lists[@]} -gt 0 ]] || lists=(packages packages.*)

missing=()
while IFS=$'\t' read -r package why; do
	[[ -n $package ]] || continue
	if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
		missing+=("$package")
		printf '  needs   %-20s %s\n' "$package" "$why"
	fi
done < <(cat "${lists[@]}" | sort -u -t $'\t' -k 1,1)

[[ ${#missing[@]} -gt 0 ]] || exit 0

sudo=()
if [[ $(id -u) -ne 0 ]]; then
	if ! command -v sudo >/dev/null; then
		echo "make deps: not root and no sudo; as root: apt-get install ${missing[*]}" >&2
		exit 3
	fi
	sudo=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Services that packages bring must not start on the user's machine because of us.
install() {
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y \
		--no-install-recommends "${missing[@]}" >"$log" 2>&1
}
echo "  installing ${#missing[@]} packages with apt-get"
if ! install && ! { "${sudo[@]}" apt-get update >>"$log" 2>&1 && install; }; then
	tail -n 5 "$log" >&2
	echo "make deps: apt-get could not install: ${missing[*]}" >&2
	exit 3
fi
