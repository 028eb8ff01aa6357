#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other swap areas beside ours: their pages are theirs, whatever type number they have, and zswap
# goes on serving them.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "$0")/fastswap.bash" || exit 1

check() {
	"$pagecheck" --mib 16 --threads 2 --rounds 2 --random --write-percent 30
}

# Slots that the foreign area was given back (zram's notify_free): each had held a page.
zram_freed() {
	awk '{ print $4 }' /sys/block/zram0/io_stat
}

# Pages move between areas, and each finds its own.
both_used() {
	local stored freed
	stored=$(stat_of stores) freed=$(zram_freed)
	check && (($(stat_of stores) > stored && $(zram_freed) > freed))
}

ours_untouched() {
	local before
	before=$(stat_of stores)
	check && (($(stat_of stores) == before))
}

zswap_serves_foreign() {
	start_checking "$pagecheck" --mib 16 --threads 2 --random --write-percent 30
	eventually zswap_holds 1000 && end_checking
}

modprobe zram num_devices=1
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null

swapon -p 50 /dev/zram0
ok "up beside a foreign area" up auto
ok "our type is not 0" test "$(pool_says area)" = 1
swapoff /dev/fastswap0 && swapon -p 50 /dev/fastswap0
ok "both areas in turn" both_used
swapoff /dev/fastswap0 && swapon -p 10 /dev/fastswap0
ok "a foreign area of higher priority: ours sees no page" ours_untouched
swapoff /dev/zram0
swapoff /dev/fastswap0
swapon -p 50 /dev/fastswap0
ok "our type is 0 now" test "$(pool_says area)" = 0
swapoff /dev/fastswap0
swapon -p 50 /dev/zram0
ok "our type number taken by a foreign area: declined" ours_untouched
swapoff /dev/zram0
swapon -p 10 /dev/fastswap0
ok "our area alone" check
down

if [[ -e /sys/module/zswap/parameters/enabled ]] && echo Y >/sys/module/zswap/parameters/enabled; then
	swapon -p 50 /dev/zram0
	ok "up, with zswap on" up auto
	swapoff /dev/fastswap0 && swapon -p 10 /dev/fastswap0
	ok "zswap serves the foreign area" zswap_serves_foreign
	swapoff /dev/fastswap0 && swapon -p 50 /dev/fastswap0
	ok "with zswap, both areas in turn" both_used
	down
	echo N >/sys/module/zswap/parameters/enabled
	swapoff /dev/zram0
else
	echo "ok $((++count)) - zswap beside us # SKIP this kernel has none"
fi
rmmod zram
finish
