#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# Each computation, tiny, while one in so many pages comes back from the far with a bit flipped: its verification
# says so. Prints TAP.
. "$(dirname "$0")/../lib.sh"

number=0 bad=0

tap() {
	number=$((number + 1))
	if [[ $2 == 0 ]]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# /' "$tmp/err"
		bad=1
	fi
}

# far INJECT NAME [-o key=value]...: one run at half of 6 MiB. Leaves its exit status in $status.
far() {
	status=0
	timeout 240 "$fmbench" run "$2" -q --backend fastswap-dram --ratio 0.5 --peak 6M --page-cluster 3 \
		--experiment "$2-$1" -o fastswap-dram.size=64M -o "fastswap-dram.inject=$1" "${@:3}" \
		>"$tmp/out" 2>"$tmp/err" || status=$?
}

corrupted() {
	sql "SELECT count(*) FROM flag f JOIN run r ON r.id = f.run
		WHERE r.experiment = '$1' AND f.code = 'PAGE_CORRUPTED'"
}

# check NAME [key=value]...: where the bit is in what the program itself needs, that ends it before it verifies.
check() {
	local name=$1 options=() try
	shift
	options=("${@/#/-o}")
	for try in 1 2 3; do
		far flip:50 "$name" "${options[@]}"
		((status == 1)) || break
		echo "# $name, try $try: $(tail -n 1 "$tmp/err")"
	done
	tap "$name sees flipped bits" $((status != 7 || ! $(corrupted "$name-flip:50")))
}

# The control: nothing is seen where nothing was flipped.
far none kvmap -o memory=6M -o operations=20480
tap "kvmap is right over far memory" $((status != 0 && status != 7 || $(corrupted kvmap-none)))

check bfs scale=15 sources=2
check btree memory=6M lookups=20000
check chase memory=6M node=4096
check groupby memory=6M passes=2
check gups memory=6M updates=20000
check hashjoin memory=6M
check kmeans memory=6M iterations=2
check kvmap memory=6M operations=20480
check pagerank scale=16 iterations=2
check scan memory=6M passes=2
check stream memory=6M passes=2
check xslookup memory=6M lookups=10240
exit $bad
