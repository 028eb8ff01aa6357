#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check: build with gcc and clang, warnings being errors; run all tests: lint, units (also
# under ASan and UBSan), command line, lab. Last line: "N passed, N failed, N skipped".
#
#	setup/check.sh [all] [kernels]	all: the above (default); kernels: the modules' tests
#					on the lab's other kernels
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

[[ $# -gt 0 ]] || set -- all
setup/deps.sh || exit 3
jobs=$(nproc)
log=build/tests/log
mkdir -p "$log"
tests=()
shopt -s nullglob

# gcc 12 takes vsnprintf(NULL, 0, …) for an error once the sanitizers are on.
sanitize="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
sanitize+=" -Wno-format-truncation -Wno-format-overflow"

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

# lab_build KERNEL: what the guest needs; without QEMU its tests are skipped.
lab_build() {
	command -v qemu-system-x86_64 >/dev/null || return 0
	build "modules-$1" modules-lab KERNEL="$1"
}

# On the newest kernel too, whose interfaces differ most. README.md of backend/fastswap has this as a table.
newest=7.3
# On the others what their interfaces make different; the rest is as on 6.1, and FMBENCH_LONG=1 runs it all.
on_others=(collectors v2-full fastswap-modules fastswap-contents fastswap-cycles fastswap-swapoff fastswap-inject rdma-refusals rdma-cut rdma-isolation devices devices-foreign)
on_newest=(fastswap-contents fastswap-cycles fastswap-heal rdma-refusals rdma-breaks rdma-cut rdma-isolation devices)
modules_tests=(tests/lab/collectors.sh tests/lab/v2-full.sh tests/lab/fastswap-*.sh tests/lab/rdma-*.sh tests/lab/devices*.sh tests/lab/pager.sh)

build gcc all unit bench-programs test-helpers lab-helpers
for what in "$@"; do
	case $what in
	all)
		build clang CC=clang B=build/clang all
		build asan B=build/asan CFLAGS="$sanitize" unit
		build fuzz fuzz-programs
		lab_build 6.1
		lab_build $newest
		printf '#!/bin/sh\nexec make -s lint\n' >build/tests/lint
		chmod +x build/tests/lint
		tests+=(build/tests/lint build/tests/unit/test_* build/asan/tests/unit/test_*
			tests/cli/*.sh)
		for name in tests/lab/*.sh; do
			# Nodes are ranked into tiers since 6.7; the newest kernel has the cuts and the pager.
			[[ $name == */@(tier|rdma-breaks|pager).sh ]] || tests+=("$name")
		done
		tests+=(--kernel "$newest")
		if [[ ${FMBENCH_LONG-} ]]; then
			tests+=("${modules_tests[@]}")
			continue
		fi
		for name in "${on_newest[@]}" pager; do
			tests+=("tests/lab/$name.sh")
		done
		;;
	kernels)
		for kernel in 5.10 6.12 7.2; do
			lab_build "$kernel"
			tests+=(--kernel "$kernel")
			if [[ ${FMBENCH_LONG-} ]]; then
				tests+=("${modules_tests[@]}")
				[[ $kernel == 5.10 ]] || tests+=(tests/lab/tier.sh)
				continue
			fi
			for name in "${on_others[@]}"; do
				tests+=("tests/lab/$name.sh")
			done
		done
		;;
	esac
done

exec tests/run "${tests[@]}"
