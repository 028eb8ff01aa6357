# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Kernels, and a QEMU that runs them, from the mirror that this machine already uses,
# unpacked and never installed. Under $cache/KERNEL:
#
#   release         what uname -r prints
#   image           vmlinux, or vmlinuz where it could not be unpacked
#   modules/        lib/modules/RELEASE with its modules.dep
#   initramfs-*     busybox, lab/modules and lab/guest/init, by the sum of the latter two
#   headers/        usr/src and usr/lib of the headers and kbuild packages
#   apt/            a private apt: its sources, lists and state
#
# Under $cache/qemu:
#
#   version         of the package; "none" where it could not be fetched
#   root/           QEMU, its firmware, and each library that it needs
#   apt/            as above
#
# Reads $lab, $cache; uses say, die and need from fmlab.

kernels() {
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$lab/kernels"
}

suite_of() {
	kernels | awk -v k="$1" '$1 == k { print $2; found = 1 } END { exit !found }'
}

default_kernel() {
	kernels | awk 'NR == 1 { print $1 }'
}

# The mirror comes from the machine's own sources: the one that serves the suite
# this machine runs also serves the others. $FMLAB_MIRROR overrides it.
mirror() {
	local codename
	if [[ -n ${FMLAB_MIRROR-} ]]; then
		echo "$FMLAB_MIRROR"
		return
	fi
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$codename" '$1 == suite { print $2; found = 1; exit } END { exit !found }'
}

# private_apt PLACE apt-get|apt-cache ARGS…: PLACE is a kernel or qemu. Nothing of the host's apt state is
# read or written, so that other suites can be asked for without any privilege.
private_apt() {
	local dir=$cache/$1/apt tool=$2
	shift 2
	"$tool" -q -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$dir/state" -o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		-o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}

# update_index PLACE SUITE
update_index() {
	local place=$1 dir=$cache/$1/apt suite=$2 uri
	uri=$(mirror) || die 3 "no Debian mirror in this machine's apt sources: set FMLAB_MIRROR to one"
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
		>"$dir/sources.list"
	say "reading the package index of $suite"
	private_apt "$place" apt-get -o APT::Update::Error-Mode=any update >"$dir/update.log" 2>&1 ||
		die 3 "cannot read the index of $suite: see $dir/update.log"
}

# unpack PLACE DIR PACKAGE…
unpack() {
	local place=$1 dir=$2 debs deb
	shift 2
	debs=$(mktemp -d "$cache/$place/debs.XXXXXX")
	say "fetching $*"
	(cd "$debs" && private_apt "$place" apt-get download "$@") >"$cache/$place/apt/download.log" 2>&1 ||
		die 3 "cannot fetch $*: see $cache/$place/apt/download.log"
	for deb in "$debs"/*.deb; do
		dpkg-deb --extract "$deb" "$dir"
	done
	rm -r "$debs"
}

# The payload of a bzImage, where its header says (Documentation/arch/x86/boot.rst).
# An unpacked kernel starts by its PVH entry and spares an emulated guest the
# seconds that it would spend on decompression.
payload() {
	local setup_sects offset length
	setup_sects=$(od -An -tu1 -j $((0x1f1)) -N1 "$1")
	read -r offset length < <(od -An -tu4 -j $((0x248)) -N8 "$1")
	# The last four bytes are the unpacked size, not part of the compressed stream.
	dd if="$1" iflag=skip_bytes,count_bytes bs=1M status=none \
		skip=$(((setup_sects + 1) * 512 + offset)) count=$((length - 4))
}

unpack_image() {
	local vmlinuz=$1 to=$2 tool
	for tool in xz zstd; do
		if payload "$vmlinuz" | $tool -dc >"$to" 2>/dev/null &&
			[[ $(head -c 4 "$to" | tr -d '\177') == ELF ]]; then
			return
		fi
	done
	cp "$vmlinuz" "$to"
}

# depends KERNEL PACKAGE PATTERN: what PACKAGE depends on, one name a line.
depends() {
	private_apt "$1" apt-cache depends "$2" |
		awk -v pattern="$3" '$1 == "Depends:" && $2 ~ pattern { print $2 }'
}

# image_of KERNEL: the package of the suite's newest build of it. Backports keep kernels that newer ones
# have followed.
image_of() {
	private_apt "$1" apt-cache pkgnames "linux-image-$1." | grep -- '[0-9]-amd64$' |
		sort -V | tail -n 1
}

fetch_image() {
	local kernel=$1 dir=$cache/$1 new=$cache/$1/new package release parts boot
	need dpkg-deb dpkg
	need depmod kmod
	update_index "$kernel" "$(suite_of "$kernel")"
	package=$(image_of "$kernel") ||
		die 3 "no Linux $kernel in $(suite_of "$kernel") any more, but $(depends "$kernel" \
			linux-image-amd64 '^linux-image-' | head -n 1): name that in lab/kernels"
	release=${package#linux-image-}
	# Since 7.x linux-image-RELEASE is empty and depends on what has the files.
	parts=$(depends "$kernel" "$package" '^linux-(base|binary|modules)-[0-9]')
	rm -rf "$new"
	mkdir "$new"
	# shellcheck disable=SC2086 # a list of names
	unpack "$kernel" "$new" ${parts:-"$package"}
	rm -rf "$dir/modules"
	mkdir -p "$dir/modules/lib"
	# Packages since trixie have /usr/lib/modules.
	mv "$(find "$new" -path '*/lib/modules' -prune -print -quit)" "$dir/modules/lib/"
	depmod -b "$dir/modules" "$release"
	# Those with parts have both beside the modules.
	boot=$dir/modules/lib/modules/$release
	if [[ -e $boot/vmlinuz ]]; then
		unpack_image "$boot/vmlinuz" "$dir/image"
		cp "$boot/config" "$dir/config"
	else
		unpack_image "$new/boot/vmlinuz-$release" "$dir/image"
		cp "$new/boot/config-$release" "$dir/config"
	fi
	rm -r "$new"
	# Last: its presence says that the rest is whole.
	echo "$release" >"$dir/release"
}

fetch_headers() {
	local kernel=$1 dir=$cache/$1 new=$cache/$1/new package release packages
	release=$(<"$dir/release")
	package=linux-headers-$release
	[[ -d $dir/apt/state/lists ]] || update_index "$kernel" "$(suite_of "$kernel")"
	packages=$(depends "$kernel" "$package" '^linux-(headers|kbuild)-')
	[[ -n $packages ]] ||
		die 3 "$package is not on the mirror any more: rm -r $dir and fetch $kernel again"
	rm -rf "$new"
	mkdir "$new"
	# shellcheck disable=SC2086 # a list of names
	unpack "$kernel" "$new" "$package" $packages
	# The package expects itself in /usr/src; make it whole wherever it lies.
	# shellcheck disable=SC2016 # make expands it
	sed -i -e 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
		-e 's|^KBUILD_OUTPUT=/usr/src/.*|KBUILD_OUTPUT := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))|' \
		"$new/usr/src/linux-headers-$release/Makefile"
	rm -rf "$dir/headers"
	mv "$new" "$dir/headers"
}

# Unpacked on the host, where it is cheap, and so that not every kernel need know how.
plain_module() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# build_initramfs KERNEL FILE
build_initramfs() {
	local kernel=$1 to=$2 dir=$cache/$1 root names file n=100
	need busybox busybox-static
	need cpio cpio
	root=$(mktemp -d "${TMPDIR:-/tmp}/fmlab.XXXXXX")
	mkdir -p "$root/bin" "$root/modules"
	cp "$(command -v busybox)" "$root/bin/busybox"
	install -m 755 "$lab/guest/init" "$root/init"
	names=$(sed -e 's/#.*//' -e '/^$/d' "$lab/modules")
	# The numbers keep the order in which the modules need each other.
	while read -r file; do
		plain_module "$file" >"$root/modules/$n.ko"
		n=$((n + 1))
	done < <(for name in $names; do
		modprobe -d "$dir/modules" -S "$(<"$dir/release")" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }')
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$to.new"
	rm -r "$root"
	mv "$to.new" "$to"
}

# Trees that share a cache have one each.
initramfs_of() {
	echo "$cache/$1/initramfs-$(cat "$lab/guest/init" "$lab/modules" "$cache/$1/release" | cksum |
		cut -d' ' -f1)"
}

is_ready() {
	[[ -e $cache/$1/release && -e $(initramfs_of "$1") ]]
}

make_ready() {
	[[ -e $cache/$1/release ]] || fetch_image "$1"
	is_ready "$1" || build_initramfs "$1" "$(initramfs_of "$1")"
}

make_headers() {
	[[ -d $cache/$1/headers ]] || fetch_headers "$1"
}

# locked PLACE COMMAND…: several callers may find the same kernel missing at once.
locked() {
	local dir=$cache/$1
	mkdir -p "$dir" 2>/dev/null || true
	[[ -w $dir ]] ||
		die 3 "cannot write $dir: run lab/fmlab fetch $1 as its owner, or set FMLAB_CACHE"
	(
		flock 9
		"${@:2}"
	) 9>"$dir/lock"
}

# Makes sure that KERNEL can be booted, but for an initramfs where the cache is another user's.
ensure_kernel() {
	suite_of "$1" >/dev/null ||
		die 2 "no kernel $1 in $lab/kernels: take one of $(kernels | awk '{ printf "%s ", $1 }')"
	[[ -e $cache/$1/release && ! -w $cache/$1 ]] || is_ready "$1" || locked "$1" make_ready "$1"
}

ensure_headers() {
	ensure_kernel "$1"
	[[ -d $cache/$1/headers ]] || locked "$1" make_headers "$1"
}

# --- QEMU ---

# Older ones, emulating several CPUs, panic a kernel from 6.8 on that patches its own text.
qemu_least=10
qemu_suite=trixie

host_qemu_major() {
	qemu-system-x86_64 --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p'
}

# With an empty status file apt downloads every package that QEMU needs, libc too.
fetch_qemu() {
	local dir=$cache/qemu new=$cache/qemu/new deb
	need dpkg-deb dpkg
	update_index qemu $qemu_suite
	say "fetching QEMU of $qemu_suite"
	private_apt qemu apt-get install --yes --no-install-recommends --download-only \
		qemu-system-x86 seabios >"$dir/apt/download.log" 2>&1 ||
		die 3 "cannot fetch QEMU: see $dir/apt/download.log"
	rm -rf "$new"
	mkdir "$new"
	for deb in "$dir"/apt/cache/archives/*.deb; do
		dpkg-deb --extract "$deb" "$new"
	done
	rm -r "$dir/apt/cache"
	rm -rf "$dir/root"
	mv "$new" "$dir/root"
}

make_qemu() {
	local version=none
	! has_qemu || return 0
	if (fetch_qemu); then
		version=$(private_apt qemu apt-cache policy qemu-system-x86 | awk '/Candidate:/ { print $2 }')
	fi
	echo "$version" >"$cache/qemu/version.new"
	mv "$cache/qemu/version.new" "$cache/qemu/version"
}

# has_qemu: it is here, or was found not to be had within the last hour.
has_qemu() {
	local version=$cache/qemu/version
	[[ -e $version ]] || return 1
	[[ $(<"$version") != none || $(find "$version" -mmin -60) ]]
}

# ensure_qemu: sets $qemu_program, the words that call QEMU. The host's serves where it is new enough,
# and where no other can be had.
# shellcheck disable=SC2034 # boot.sh reads it
ensure_qemu() {
	local major root=$cache/qemu/root
	qemu_program=(qemu-system-x86_64)
	major=$(host_qemu_major) || true
	((${major:-0} < qemu_least)) || return 0
	has_qemu || locked qemu make_qemu
	if [[ $(<"$cache/qemu/version") == none ]]; then
		need qemu-system-x86_64 qemu-system-x86
		say "no QEMU $qemu_least from $qemu_suite: taking this machine's $major, under which kernels" \
			"from 6.8 on may panic on several CPUs"
		return 0
	fi
	qemu_program=("$root/usr/lib64/ld-linux-x86-64.so.2"
		--library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/qemu-system-x86_64"
		-L "$root/usr/share/qemu" -L "$root/usr/share/seabios")
}
