# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Kernels from the mirror that this machine already uses, unpacked under
# $cache/KERNEL and never installed:
#
#   release         what uname -r prints
#   image           vmlinux, or vmlinuz where it could not be unpacked
#   modules/        lib/modules/RELEASE with its modules.dep
#   initramfs.cpio  busybox, lab/modules and lab/guest/init
#   headers/        usr/src and usr/lib of the headers and kbuild packages
#   apt/            a private apt: its sources, lists and state
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

# private_apt KERNEL apt-get|apt-cache ARGS…: nothing of the host's apt state is
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

update_index() {
	local kernel=$1 dir=$cache/$1/apt suite uri
	suite=$(suite_of "$kernel")
	uri=$(mirror) || die 3 "no Debian mirror in this machine's apt sources: set FMLAB_MIRROR to one"
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
		>"$dir/sources.list"
	say "reading the package index of $suite"
	private_apt "$kernel" apt-get -o APT::Update::Error-Mode=any update >"$dir/update.log" 2>&1 ||
		die 3 "cannot read the index of $suite: see $dir/update.log"
}

# unpack KERNEL DIR PACKAGE…
unpack() {
	local kernel=$1 dir=$2 debs deb
	shift 2
	debs=$(mktemp -d "$cache/$kernel/debs.XXXXXX")
	say "fetching $*"
	(cd "$debs" && private_apt "$kernel" apt-get download "$@") >"$cache/$kernel/apt/download.log" 2>&1 ||
		die 3 "cannot fetch $*: see $cache/$kernel/apt/download.log"
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

fetch_image() {
	local kernel=$1 dir=$cache/$1 new=$cache/$1/new package release
	need dpkg-deb dpkg
	need depmod kmod
	update_index "$kernel"
	package=$(private_apt "$kernel" apt-cache depends linux-image-amd64 |
		awk '/Depends: linux-image-/ { print $2; exit }')
	release=${package#linux-image-}
	[[ -n $release ]] || die 3 "linux-image-amd64 is not in the index of $(suite_of "$kernel")"
	rm -rf "$new"
	mkdir "$new"
	unpack "$kernel" "$new" "$package"
	rm -rf "$dir/modules"
	mkdir -p "$dir/modules/lib"
	# Packages since trixie have /usr/lib/modules.
	mv "$(find "$new" -path '*/lib/modules' -prune -print -quit)" "$dir/modules/lib/"
	depmod -b "$dir/modules" "$release"
	unpack_image "$new/boot/vmlinuz-$release" "$dir/image"
	cp "$new/boot/config-$release" "$dir/config"
	rm -r "$new"
	# Last: its presence says that the rest is whole.
	echo "$release" >"$dir/release"
}

fetch_headers() {
	local kernel=$1 dir=$cache/$1 new=$cache/$1/new package release packages
	release=$(<"$dir/release")
	package=linux-headers-$release
	[[ -d $dir/apt/state/lists ]] || update_index "$kernel"
	packages=$(private_apt "$kernel" apt-cache depends "$package" |
		awk '$1 == "Depends:" && $2 ~ /^linux-(headers|kbuild)-/ { print $2 }')
	[[ -n $packages ]] ||
		die 3 "$package is not on the mirror any more: rm -r $dir and fetch $kernel again"
	rm -rf "$new"
	mkdir "$new"
	# shellcheck disable=SC2086 # a list of names
	unpack "$kernel" "$new" "$package" $packages
	# The package expects itself in /usr/src; make it whole wherever it lies.
	# shellcheck disable=SC2016 # make expands it
	sed -i 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
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

build_initramfs() {
	local kernel=$1 dir=$cache/$1 root names file n=100
	need busybox busybox-static
	need cpio cpio
	root=$(mktemp -d "$dir/initramfs.XXXXXX")
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
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$dir/initramfs.new"
	rm -r "$root"
	mv "$dir/initramfs.new" "$dir/initramfs.cpio"
}

is_ready() {
	local dir=$cache/$1 source
	[[ -e $dir/release && -e $dir/initramfs.cpio ]] || return 1
	for source in "$lab/guest/init" "$lab/modules" "$dir/release"; do
		[[ ! $source -nt $dir/initramfs.cpio ]] || return 1
	done
}

make_ready() {
	[[ -e $cache/$1/release ]] || fetch_image "$1"
	is_ready "$1" || build_initramfs "$1"
}

make_headers() {
	[[ -d $cache/$1/headers ]] || fetch_headers "$1"
}

# locked KERNEL COMMAND…: several callers may find the same kernel missing at once.
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

# Makes sure that KERNEL can be booted.
ensure_kernel() {
	suite_of "$1" >/dev/null ||
		die 2 "no kernel $1 in $lab/kernels: take one of $(kernels | awk '{ printf "%s ", $1 }')"
	is_ready "$1" || locked "$1" make_ready "$1"
}

ensure_headers() {
	ensure_kernel "$1"
	[[ -d $cache/$1/headers ]] || locked "$1" make_headers "$1"
}
