#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the rules of setup/modules.cocci find in C files, which is nothing: exit 1 else.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v spatch >/dev/null || {
	echo "coccinelle is missing: install the Debian package coccinelle (make deps)" >&2
	exit 3
}
findings=$(spatch --very-quiet --sp-file setup/modules.cocci "$@" 2>/dev/null)
[[ -z $findings ]] || {
	echo "$findings"
	exit 1
}
