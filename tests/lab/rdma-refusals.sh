#!/bin/bash
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --rdma --cpus 1 --mem 2G --numa 2
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What can't be had is said at once, and in words: nobody waits a minute for a silent failure.

# shellcheck disable=SC2317 # functions are called by way of ok
# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

fails() {
	dmesg -C
	refused load_pool "$@"
}

# refusal NAME WORDS PARAMETERS…: soon, with WORDS in the kernel's log.
refusal() {
	ok "$1" soon fails "${@:3}"
	ok "$1: told why" logged "$2"
	ok "$1: the module is not there" test ! -e /sys/module/fastswap_rdma
}

# says WORDS COMMAND…: and fails.
says() {
	local output
	! output=$("${@:2}") && grep -e "$1" <<<"$output"
}

echo "let me in" >"$scratch/token"
must "fastswap loads" insmod "$modules/fastswap.ko"
must "the server starts" server_up --token-file "$scratch/token" --max-queue-pairs 3 --max-clients 1
refusal "no token" "refuses: wrong access token"
refusal "a wrong token" "refuses: wrong access token" token=friend
refusal "a token that begins like the right one" "refuses: wrong access token" token="let"
refusal "more memory than there is" "refuses: 1G of memory asked, 64M is what is free" \
	token='"let me in"' size=1G
if (($(nproc) > 1)); then
	refusal "too many queue pairs" "refuses: 6 queue pairs are more than --max-queue-pairs 3" \
		token='"let me in"' nq=6
fi
refusal "a port where nobody listens" "is memserver running there, on this port" sport=50001
refusal "an address that is not RDMA's" "$address.*fails\|127.0.0.1:50000: .*" sip=127.0.0.1
# Here it waits for as long as it may.
refusal "an address where nobody is" "10.99.0.77:50000: .*no answer within 4375 ms" \
	sip=10.99.0.77
refusal "no address" "sip=: give an IPv4 or IPv6 address" sip=
refusal "queue pairs that don't come in threes" "nq=4: give a multiple of 3" nq=4
refusal "a size that is none" "size=4Q: give the pool's bytes" size=4Q
ok "an unknown version" soon exits 1 "$client" speak "$address" "$port" 99
ok "an unknown version: told why" says "speaks version 1 .* the client 99" \
	"$client" speak "$address" "$port" 99
ok "the server still serves" load_pool token='"let me in"'
ok "it grants as many queue pairs as it may" is 3 rdma_says queue_pairs
ok "one client too many" exits 1 "$client" speak "$address" "$port"
ok "the server counted the refused" test "$(server_says refused)" -ge 7
ok "the pool goes" rmmod fastswap_rdma
ok "the server ends cleanly" server_down TERM
ok "its socket is gone" test ! -e "$scratch/stats"

# lie FIELD WORDS: of the server, with WORDS in the kernel's log.
lie() {
	local status=0
	LD_PRELOAD=$liar MEMSERVER_LIE=$1 server_up --size 64M || return
	dmesg -C
	refused load_pool size=4M 2>"$scratch/insmod.log" || status=1
	grep -e "Protocol error" "$scratch/insmod.log" || status=1
	logged "can't be used: $2" || status=1
	[[ ! -e /sys/module/fastswap_rdma ]] || status=1
	server_down TERM
	return "$status"
}

ok "a server that lies: version" lie version "it grants by another version"
ok "a server that lies: session" lie later-session "it grants another session"
ok "a server that lies: bytes" lie bytes "it grants fewer bytes"
ok "a server that lies: too many bytes" lie too-many-bytes "it grants more bytes than there can be"
ok "a server that lies: fewer bytes later" lie later-bytes "it grants fewer bytes"
ok "a server that lies: address" lie later-address "it grants .* at another address\|it grants more bytes"
ok "a server that lies: no key" lie key "it grants no key"
ok "a server that lies: another key" lie later-key "it grants another key"
ok "a server that lies: queue pairs" lie queue-pairs "it grants fewer queue pairs"
ok "a server that lies: no queue pairs" lie no-queue-pairs "it grants fewer queue pairs"
ok "a server that lies: too many queue pairs" lie too-many-queue-pairs "it grants more queue pairs"
ok "a server that lies: depth" lie depth "it takes no reads"

# The rest is the server's doing, whatever the kernel.
[[ ${FMBENCH_LONG-} || $(uname -r) == 6.1.* ]] || finish

# A client that has 1M of the server's memory until it is killed.
hold() {
	"$client" hold "$address" "$port" >"$scratch/holder.log" &
	holder=$!
	eventually grep -q holding "$scratch/holder.log"
}

let_go() {
	{ kill -KILL "$holder" && wait "$holder"; } 2>/dev/null
	eventually server_logged "^memserver: lost"
}

must "a server that keeps what the lost left for an hour" \
	server_up --size 4M --linger 1h --linger-min 1h
ok "a client with a quarter of it" hold
ok "is lost" let_go
refusal "more than there will ever be" "refuses: 8M of memory asked, 3M is what is free" size=8M
refusal "what would fit without the lost" "refuses: what a client left that may come back" size=4M
ok "nobody lost anything" is 1 server_says clients
server_down TERM
must "a server that gives it to whoever needs it" server_up --size 4M --linger 1h --linger-min 0
ok "a client with a quarter of that" hold
ok "is lost, too" let_go
refusal "still more than there is" "refuses: 8M of memory asked, 3M is what is free" size=8M
ok "still nobody lost anything" is 1 server_says clients
ok "what fits without the lost is granted" load_pool size=4M
ok "they are gone" is 1 server_says clients
ok "the pool goes again" rmmod fastswap_rdma
server_down TERM
must "a server that keeps it for three seconds" server_up --size 4M --linger 1h --linger-min 3s
ok "a client with a quarter" hold
ok "is lost as well" let_go
ok "a client tries again until the time is up" load_pool size=4M timeout_ms=20000
ok "the log has told it once" is 1 grep -c "may come back" <(dmesg)
ok "the pool goes once more" rmmod fastswap_rdma

echo "open sesame" >"$scratch/token"
server_down TERM
must "a server with another token" server_up --token-file "$scratch/token"
echo "another one" >"$scratch/token"
kill -HUP "$server"
ok "SIGHUP: read again" eventually server_logged "read --token-file"
refusal "the old token" "refuses: wrong access token" token='"open sesame"'
ok "the new one" load_pool token='"another one"'
ok "the pool goes at last" rmmod fastswap_rdma
server_down TERM

rm -f "$scratch/stats"
build/memserver --listen "$address:$port" --size 4M --token-file "$scratch/token" \
	--stats "$scratch/stats" 2> >(:) &
server=$!
must "a server whose log nobody reads starts" eventually test -S "$scratch/stats"
refusal "its log has a reader less" "refuses: wrong access token"
ok "it still serves" is 1 server_says refused
server_down TERM

ok "memserver refuses an unknown option" exits 2 build/memserver --sizes 1G
ok "memserver refuses more memory than there is" exits 3 build/memserver --size 1T
ok "memserver refuses an address that isn't here" exits 1 build/memserver --size 1M --listen 10.1.2.3
ok "memserver refuses huge pages that aren't there" exits 3 build/memserver --size 1G --hugepages
ok "memserver refuses a node that isn't there" exits 2 build/memserver --size 1M --numa-node 7
ok "memserver refuses a token file that isn't there" exits 1 build/memserver --token-file /nowhere
finish
