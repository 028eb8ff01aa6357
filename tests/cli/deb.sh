#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `make deb`: packages that lintian finds no error in, that install, work and go without a trace. They are
# installed in an overlay of this root, of which nothing stays; the long form does the same in a minimal
# system from this machine's Debian mirror, to which only what they depend on comes along. DKMS builds the
# modules for 6.1 there; for 7.3 it does so in an overlay of the root that has a compiler for that kernel
# (backend/fastswap/build.sh).
. "$(dirname "$0")/../lib.sh"
need_root
[[ $(command -v dh) && $(command -v dh_dkms) ]] || skip "no debhelper or no dh-dkms (make deps)"
cache=${FMLAB_CACHE:-$PWD/build/lab}

expect 0 make -s deb B="$tmp/build"
ls "$tmp"/build/*.deb >"$tmp/debs"
[[ $(wc -l <"$tmp/debs") == 3 ]] || fail "not three packages: $(<"$tmp/debs")"
if command -v lintian >/dev/null; then
	xargs lintian --allow-root --fail-on error <"$tmp/debs" >"$tmp/lint" 2>&1 || fail "$(<"$tmp/lint")"
fi

# All that is done in the other root. What it may be short of: kernel headers of the lab's cache.
cat >"$tmp/inside" <<'EOF'
set -euo pipefail
fail() { echo "FAIL: $*" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive HOME=/root
${INSTALL-dpkg -i} /packages/*.deb >/tmp/dpkg.log 2>&1 || fail "$(</tmp/dpkg.log)"
for package in fmbench fmbench-dkms fmbench-memserver; do
	dpkg -L $package
done | sort -u | while read -r path; do [[ -d $path ]] || echo "$path"; done >/tmp/paths

cd /
as_user=(setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/tmp/user)
install -d -o nobody /tmp/user
"${as_user[@]}" fmbench --version >/dev/null
"${as_user[@]}" fmbench list >/dev/null
"${as_user[@]}" fmbench sweep --dry-run --skip-missing page-cache >/dev/null
fmbench --db /tmp/x.db --state-dir /tmp/state run null >/tmp/run.log 2>&1 || [[ $? -eq 7 ]] ||
	fail "$(</tmp/run.log)"
"${as_user[@]}" /usr/share/fmbench/lab/fmlab kernels >/dev/null
if command -v man >/dev/null; then
	man --where fmbench-run fmpager memserver >/dev/null
fi

[[ $(getent passwd memserver) ]] || fail "no user memserver"
memserver --help >/dev/null
grep -q '^ExecStart=/usr/bin/memserver ' /lib/systemd/system/memserver.service || fail "another memserver"

. /tmp/modules
install_modules "$@"

dpkg --purge fmbench fmbench-dkms fmbench-memserver >/tmp/dpkg.log 2>&1 || fail "$(</tmp/dpkg.log)"
while read -r path; do
	[[ ! -e $path ]] || fail "$path is left"
done </tmp/paths
[[ ! -e /usr/share/fmbench ]] || fail "/usr/share/fmbench is left"
no_module_left "${2-}"
echo whole
EOF

cat >"$tmp/modules" <<'EOF'
# install_modules VERSION [RELEASE HEADERS]: DKMS builds them for that kernel, and installs them.
install_modules() {
	dkms status fmbench | grep -q "^fmbench/$1" || fail "dkms does not know the modules: $(dkms status)"
	[[ ${2-} ]] || return 0
	mkdir -p "/lib/modules/$2"
	ln -s "$3" "/lib/modules/$2/build"
	dkms install "fmbench/$1" -k "$2" >/tmp/dkms.log 2>&1 || fail "$(</tmp/dkms.log)"
	for module in fastswap fastswap_dram fastswap_rdma; do
		ls "/lib/modules/$2/updates/dkms/$module".ko* >/dev/null
	done
	# Its headers may well go first.
	rm "/lib/modules/$2/build"
}

# no_module_left RELEASE
no_module_left() {
	for path in /var/lib/dkms/fmbench /usr/src/fmbench-* "/lib/modules/$1/updates/dkms"/*; do
		[[ ! -e $path ]] || fail "$path is left"
	done
}
EOF

# Of the modules alone.
cat >"$tmp/inside-toolchain" <<'EOF'
set -euo pipefail
fail() { echo "FAIL: $*" >&2; exit 1; }
. /tmp/modules
dpkg -i /packages/fmbench-dkms_*.deb >/tmp/dpkg.log 2>&1 || fail "$(</tmp/dpkg.log)"
install_modules "$@"
dpkg --purge fmbench-dkms >/tmp/dpkg.log 2>&1 || fail "$(</tmp/dpkg.log)"
no_module_left "$2"
echo whole
EOF

# in_overlay ROOT SEEN COMMAND…: of that root, with the directory SEEN of this one, which may lie below /tmp.
in_overlay() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child bash -c 'set -e
		mount -t tmpfs tmpfs "$1/layer"
		mkdir "$1/layer/upper" "$1/layer/work" "$1/layer/root"
		mount -t overlay overlay "$1/layer/root" \
			-o "lowerdir=$2,upperdir=$1/layer/upper,workdir=$1/layer/work"
		cd "$1/layer/root"
		mount -t tmpfs tmpfs tmp
		mount -t proc proc proc
		mount --rbind /dev dev
		mount --rbind /sys sys
		mkdir -p packages
		cp "$1"/build/*.deb packages
		cp "$1"/inside* "$1/modules" tmp
		if [[ $3 != / ]]; then
			mkdir -p ".$3"
			mount --bind "$3" ".$3"
		fi
		exec chroot . "${@:4}"' - "$tmp" "$@"
}
mkdir "$tmp/layer"
version=$(sed -n '1s/^[^(]*(\([^)]*\)).*/\1/p' debian/changelog)

# kernel_of KERNEL: its release and its headers; none where the cache has none.
kernel_of() {
	kernel=()
	[[ ! -d $cache/$1/headers ]] ||
		kernel=("$(FMLAB_CACHE=$cache lab/fmlab path "$1" release)"
			"$(FMLAB_CACHE=$cache lab/fmlab path "$1" headers)")
}

kernel_of 6.1
seen=/
[[ ! ${kernel[*]} ]] || seen=$(realpath "$cache/6.1/headers")
expect 0 in_overlay / "$seen" bash /tmp/inside "$version" "${kernel[@]}"
grep -qx whole "$tmp/out" || fail "ended early: $(<"$tmp/out")"

toolchain=$(realpath "$cache")/toolchain-trixie
kernel_of 7.3
if [[ ${kernel[*]} && -x $toolchain/usr/sbin/dkms ]]; then
	expect 0 in_overlay "$toolchain" "$(realpath "$cache/7.3/headers")" \
		bash /tmp/inside-toolchain "$version" "${kernel[@]}"
	grep -qx whole "$tmp/out" || fail "ended early: $(<"$tmp/out")"
else
	echo "# not tried: DKMS on 7.3, which needs its headers (lab/fmlab fetch) and dkms in $toolchain"
fi

[[ ${FMBENCH_LONG-} ]] || exit 0
command -v mmdebstrap >/dev/null || skip "no mmdebstrap, which makes the minimal system (make deps)"
# shellcheck disable=SC2016 # apt-get's own variables
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) main' 'Created-By: Packages' 'Origin: Debian' |
	sort -u >"$tmp/sources"
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mmdebstrap --quiet --variant=apt --skip=cleanup/apt/lists "$suite" "$tmp/minimal" - <"$tmp/sources" \
	>"$tmp/mmdebstrap.log" 2>&1 ||
	skip "no minimal system from this machine's mirror: $(tail -n 1 "$tmp/mmdebstrap.log")"
cp /etc/resolv.conf "$tmp/minimal/etc"
cp -r /etc/apt/apt.conf.d "$tmp/minimal/etc/apt" # a proxy
INSTALL='apt-get install -y --no-install-recommends' expect 0 in_overlay "$tmp/minimal" / \
	bash /tmp/inside "$version"
grep -qx whole "$tmp/out" || fail "ended early: $(<"$tmp/out")"
