#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check: build with gcc and clang, warnings being errors; run all tests: lint, units (also
# under ASan and UBSan), command line, lab. Last line: "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

setup/deps.sh || exit 3
jobs=$(nproc)
log=build/tests/log
mkdir -p "$log"

# build NAME ARGS…: one build, its output shown only when it fails.
build() {
	local name=$1
	shift
	echo "# building: $name"
	if ! make -s -j"$jobs" "$@" >"$log/build-$name.log" 2>&1; then
		cat "$log/build-$name.log"
		echo "0 passed, 1 failed, 0 skipped"
		exit 1
	fi
}
build gcc all unit bench-programs
build clang CC=clang B=build/clang all
build asan B=build/asan \
	CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	all unit
if command -v qemu-system-x86_64 >/dev/null; then
	build lab lab
	build modules-lab modules-lab KERNEL=6.1
fi

printf '#!/bin/sh\nexec make -s lint\n' >build/tests/lint
chmod +x build/tests/lint
shopt -s nullglob
exec tests/run build/tests/lint build/tests/unit/test_* build/asan/tests/unit/test_* \
	tests/cli/*.sh tests/lab/*.sh
