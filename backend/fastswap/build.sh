#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh HEADERS OUT [SUITE CACHE]: builds the modules against a kernel's unpacked headers. Where
# this machine's compiler is too old for that kernel, the build moves into a chroot of the Debian SUITE
# that the kernel comes from, made once from CACHE/apt/sources.list: CACHE/../toolchain-SUITE. Kernels
# of a suite and of its backports share one.

set -euo pipefail

die() {
	echo "fastswap: $*" >&2
	exit 3
}

source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
headers=$1 out=$2 suite=${3-} cache=${4-}
if [[ ! -e $headers/Makefile ]]; then
	die "no kernel headers in $headers: install the Debian package linux-headers-$(uname -r) (of a" \
		"kernel of your own: its build tree), or name those of another kernel by KDIR=…"
fi
for tool in make gcc strip; do
	command -v $tool >/dev/null || die "no $tool: install the Debian package ${tool/strip/binutils}"
done
headers=$(cd "$headers" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)

in_place() {
	"$@"
}

# make_toolchain DIR SUITE: backports are no suite to live on. DKMS: tests/cli/deb.sh tries it there.
make_toolchain() {
	[[ ! -e $1/made ]] || return 0
	command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: install it from Debian"
	rm -rf "$1"
	sed "s/ $suite / $2 /" "$cache/apt/sources.list" |
		mmdebstrap --quiet --variant=apt --include=gcc,make,libelf1t64,kmod,dkms "$2" "$1" - >&2
	touch "$1/made"
}

in_chroot() {
	local base=${suite%-backports} chroot root=()
	chroot=${cache%/*}/toolchain-$base
	((EUID == 0)) || root=(--map-root-user)
	if [[ ! -e $chroot/made ]]; then
		(flock 9 && make_toolchain "$chroot" "$base") 9>"$chroot.lock"
	fi
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare "${root[@]}" --mount bash -c 'set -e
		for dir in "$2" "$3"; do
			mkdir -p "$1$dir"
			mount --bind "$dir" "$1$dir"
		done
		mount --bind /proc "$1/proc"
		exec chroot "$1" "${@:4}"' - "$chroot" "$out" "$headers_root" "$@"
}

# Kbuild builds where the sources are, so it gets a copy; unchanged files keep their times.
mkdir -p "$out/src"
for file in "$source"/*.[ch] "$source/Kbuild" "$source"/../memserver/{handshake,grant}.h; do
	cmp -s "$file" "$out/src/${file##*/}" || cp "$file" "$out/src/"
done

# The packages' headers point beyond their own folder, to those of linux-kbuild.
headers_root=$(dirname "$(dirname "$(dirname "$headers")")")
# The compiler that built the kernel; an older one doesn't know all of its options.
built_by=$(sed -n 's/^CONFIG_GCC_VERSION=\([0-9]*\)[0-9]\{4\}$/\1/p' "$headers/.config")
where=in_place
if [[ $suite ]] && (($(gcc -dumpversion) < built_by)); then
	where=in_chroot
fi
compiler=()
[[ $where == in_chroot ]] || compiler=(CC="${CC:-gcc}")
# As lint-modules has them.
read -ra more <<<"${FASTSWAP_MAKE-}"
# BTF needs pahole and vmlinux, and nothing here uses it.
$where make -C "$headers" M="$out/src" CONFIG_DEBUG_INFO_BTF_MODULES= "${compiler[@]}" "${more[@]}" \
	modules
# Nine tenths of a module are what a debugger wants, and insmod reads all of it: src/ keeps that.
for module in "$out"/src/*.ko; do
	strip --strip-debug -o "$out/${module##*/}" "$module"
done
