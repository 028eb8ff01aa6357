#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients of one server: none reaches what another one has or had.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

to=("$address" "$port")

must "the server starts" server_up --size 4M --linger 1s
ok "another client's rkey opens nothing" "$client" foreign "${to[@]}"
ok "nor does one's own beyond its end" "$client" beyond "${to[@]}"
ok "clients that end without a word are noticed" eventually is 3 server_says clients_lost
for i in 1 2 3 4; do
	ok "client $i fills its memory" "$client" fill "${to[@]}"
done
for i in 1 2 3 4; do
	ok "client $i finds none of it" "$client" look "${to[@]}"
done
ok "all memory is free again" eventually is $((4 << 20)) server_says bytes_free

must "a pool beside another client" pool_up auto size=2M timeout_ms=30000
"$client" hold "${to[@]}" >/dev/null &
holder=$!
ok "both are served" eventually is 2 server_says clients
ok "pages come back right" "$pagecheck" --mib 1 --rounds 4 --write-percent 40
{ kill -KILL $holder && wait $holder; } 2>/dev/null
ok "the killed client is noticed" eventually server_logged "^memserver: lost"
ok "pages still come back right" "$pagecheck" --mib 1 --rounds 4 --write-percent 40
ok "the device goes" down
server_down TERM

# keeps_nobody_waiting: 1 GiB may take a few milliseconds only, in which a question can be too late. One that had to
# wait for it would be so each time.
keeps_nobody_waiting() {
	local try status
	for try in {1..10}; do
		status=0
		eventually is $((1100 << 20)) server_says bytes_free || return
		"$client" beside "${to[@]}" >"$scratch/beside" || status=$?
		((status == 1)) || return "$status"
	done
	echo "nobody had an answer in $try tries"
	return 1
}

must "a server with more than 1 GiB" server_up --size 1100M
ok "a client that waits for 1 GiB keeps nobody waiting" keeps_nobody_waiting
grep '^#|' "$scratch/beside"
# Only a clock that counts instructions knows nothing of what else this host does.
if [[ ${FMLAB_EXACT-} ]]; then
	ok "and its pages come within 10 ms" grep -q 'pages within [0-9]\.[0-9] ms' "$scratch/beside"
fi
finish
