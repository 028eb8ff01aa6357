#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `make deb`: packages that lintian finds no error in, that install, work and go without a trace. They are
# installed in an overlay of this root, of which nothing stays; that what they depend on is enough to run
# them is dpkg-shlibdeps' word.
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
dpkg -i /packages/*.deb >/tmp/dpkg.log 2>&1 || fail "$(</tmp/dpkg.log)"
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
	man --where fmbench-run memserver >/dev/null
fi

[[ $(getent passwd memserver) ]] || fail "no user memserver"
memserver --help >/dev/null
grep -q '^ExecStart=/usr/bin/memserver ' /lib/systemd/system/memserver.service || fail "another memserver"

dkms status fmbench | grep -q "^fmbench/$1" || fail "dkms does not know the modules: $(dkms status)"
if [[ -n ${2-} && -d $3 ]]; then
	# Of DKMS, its own work alone: this kernel has no headers.
	dkms build "fmbench/$1" -k "$2" --kernelsourcedir "$3" >/tmp/dkms.log 2>&1 || fail "$(</tmp/dkms.log)"
	for module in fastswap fastswap_dram fastswap_rdma; do
		ls /var/lib/dkms/fmbench/"$1/$2"/*/module/$module.ko* >/dev/null
	done
fi

dpkg --purge fmbench fmbench-dkms fmbench-memserver >/tmp/dpkg.log 2>&1 || fail "$(</tmp/dpkg.log)"
while read -r path; do
	[[ ! -e $path ]] || fail "$path is left"
done </tmp/paths
for path in /var/lib/dkms/fmbench /usr/src/fmbench-* /usr/share/fmbench; do
	[[ ! -e $path ]] || fail "$path is left"
done
echo whole
EOF

# in_overlay COMMAND…
in_overlay() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child bash -c 'set -e
		mount -t tmpfs tmpfs "$1/layer"
		mkdir "$1/layer/upper" "$1/layer/work" "$1/layer/root"
		mount -t overlay overlay "$1/layer/root" \
			-o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work"
		cd "$1/layer/root"
		mount -t tmpfs tmpfs tmp
		mount -t proc proc proc
		mount --rbind /dev dev
		mount --rbind /sys sys
		mkdir -p packages
		cp "$1"/build/*.deb packages
		cp "$1/inside" tmp/inside
		exec chroot . "${@:2}"' - "$tmp" "$@"
}
mkdir "$tmp/layer"
version=$(sed -n '1s/^[^(]*(\([^)]*\)).*/\1/p' debian/changelog)
kernel=()
if [[ -d $cache/6.1/headers ]]; then
	kernel=("$(FMLAB_CACHE=$cache lab/fmlab path 6.1 release)"
		"$(FMLAB_CACHE=$cache lab/fmlab path 6.1 headers)")
fi
expect 0 in_overlay bash /tmp/inside "$version" "${kernel[@]}"
grep -qx whole "$tmp/out" || fail "ended early: $(<"$tmp/out")"
