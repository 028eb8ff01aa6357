# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the tests of far memory over RDMA: source it first. As fastswap.bash, with a memory server
# in the same guest and fastswap_rdma.ko as the pool.

# shellcheck source=tests/lab/fastswap.bash
. "$(dirname "${BASH_SOURCE[0]}")/fastswap.bash" || exit 1

client=build/tests/lab/rdma_client
liar=build/tests/lab/rdma_liar.so
fault_median=build/bench/fault_median
for need in "$modules/fastswap_rdma.ko" build/memserver "$client" "$liar" "$fault_median"; do
	[[ -e $need ]] || { echo "no $need: make modules-lab KERNEL=$FMLAB_KERNEL lab-helpers"; exit 1; }
done
# The lab's software NIC.
address=10.99.0.1 port=50000
scratch=$(mktemp -d)
server=''

# As ok; the test ends when it isn't, for what follows would prove nothing.
must() {
	local before=$failures
	ok "$@"
	((failures == before)) || finish
}

# server_up [OPTIONS…]: returns once it listens. Its own pages must not be in the memory that it lends.
server_up() {
	local group=/sys/fs/cgroup/memserver
	rm -f "$scratch/stats"
	mkdir -p $group && echo 0 >$group/memory.swap.max
	(
		echo $BASHPID >$group/cgroup.procs
		exec build/memserver --listen "$address:$port" --size 64M --stats "$scratch/stats" "$@" \
			2>"$scratch/server.log"
	) &
	server=$!
	eventually test -S "$scratch/stats" || { cat "$scratch/server.log"; return 1; }
}

# server_down SIGNAL
server_down() {
	[[ $server ]] || return 0
	kill "-$1" "$server"
	wait "$server"
	server=''
}

server_says() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
print(s.makefile().read(), end="")' "$scratch/stats" | awk -v name="$1" '$1 == name { print $2 }'
}

server_logged() {
	grep -e "$1" "$scratch/server.log" || { cat "$scratch/server.log"; return 1; }
}

# pool_up HOOK [PARAMETERS OF THE POOL…]: a swap area as large as the server's memory.
pool_up() {
	local hook=$1
	shift
	dmesg -C
	insmod "$modules/fastswap.ko" hook="$hook" && load_pool "$@" &&
		mkswap /dev/fastswap0 >/dev/null && swapon -p 100 /dev/fastswap0
}

load_pool() {
	insmod "$modules/fastswap_rdma.ko" sip="$address" sport="$port" "$@"
}

down() {
	if [[ $(</proc/swaps) == */dev/fastswap0* ]]; then
		swapoff /dev/fastswap0 || return
	fi
	if [[ -e /sys/module/fastswap_rdma ]]; then
		rmmod fastswap_rdma || return
	fi
	if [[ -e /sys/module/fastswap ]]; then
		rmmod fastswap
	fi
}

finish() {
	leave_checking
	down
	server_down TERM
	[[ ! -e /sys/class/net/wire0 ]] || wire_down
	rm -rf "$scratch"
	exit $((failures > 0))
}

rdma_says() {
	value_in "$debug/rdma" "$1"
}

# more_than STAT N
more_than() {
	[[ $(stat_of "$1") -gt $2 ]]
}

# What the kernel logged since pool_up.
logged() {
	dmesg | grep -e "$1" || { dmesg | tail -n 5; return 1; }
}

# soon COMMAND…: it succeeds, and does not wait for one of the kernel's own time-outs of a minute and more.
soon() {
	local begin=$SECONDS
	"$@" || return
	echo "took $((SECONDS - begin)) s"
	((SECONDS - begin <= 45))
}

is() {
	[[ $("${@:2}") == "$1" ]] || { echo "$("${@:2}"), not $1"; return 1; }
}

needs_cable() {
	modprobe -n sch_netem && return
	echo "ok 1 - a cable # SKIP no sch_netem in this kernel"
	exit 0
}

# Two NICs at the ends of a cable, in one guest: what goes from one address to the other takes the
# cable, although both are local. Soft-RoCE knows only the first network namespace.
wire_up() {
	near=10.98.0.1 far=10.98.0.2
	local near_mac=02:00:00:00:00:01 far_mac=02:00:00:00:00:02
	ip link add wire0 address $near_mac type veth peer name wire1 address $far_mac
	ip address add $near/32 dev wire0
	ip address add $far/32 dev wire1
	ip link set wire0 up
	ip link set wire1 up
	sysctl -q -w net.ipv4.conf.{all,wire0,wire1}.rp_filter=0 \
		net.ipv4.conf.{wire0,wire1}.accept_local=1
	ip neigh add $far lladdr $far_mac dev wire0
	ip neigh add $near lladdr $near_mac dev wire1
	ip route add $far dev wire0 table 100
	ip route add $near dev wire1 table 101
	# RDMA looks up its routes by device; what comes in has none to go out by.
	ip rule add pref 10 to $far oif wire0 lookup 100
	ip rule add pref 10 to $near oif wire1 lookup 101
	ip rule add pref 20 lookup local
	ip rule del pref 0
	rdma link add rxew0 type rxe netdev wire0
	rdma link add rxew1 type rxe netdev wire1
	tc qdisc add dev wire0 root netem
	tc qdisc add dev wire1 root netem
}

# wire NETEM…: as in `wire loss 2%`, both ways; without arguments a good one.
wire() {
	tc qdisc change dev wire0 root netem "$@" && tc qdisc change dev wire1 root netem "$@"
}

wire_down() {
	rdma link delete rxew0 2>/dev/null
	rdma link delete rxew1 2>/dev/null
	ip link delete wire0
	ip rule add pref 0 lookup local
	ip rule del pref 20
	while ip rule del pref 10 2>/dev/null; do :; done
}
