# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# One guest: its QEMU command line, what it is told to do, and what is made of
# its end. Uses the options that fmlab parsed; sets $work, its directory on the
# host, and $guest, its process.

# KVM may be there and yet not run a guest (nested, or refused): one guest that
# booted under it is the proof, and the answer is kept for this host's kernel.
kvm_works() {
	local answer=$cache/kvm key verdict=no
	[[ -r /dev/kvm && -w /dev/kvm ]] || return 1
	key="$(uname -r) $(sed -n 's/^model name.*: //p;T;q' /proc/cpuinfo)"
	if [[ -e $answer && $(head -n 1 "$answer") == "$key" ]]; then
		verdict=$(tail -n 1 "$answer")
	else
		say "trying KVM once"
		if "$lab/fmlab" run --kernel "$kernel" --accel kvm --timeout 20 true 2>/dev/null; then
			verdict=yes
		fi
		if [[ -w $cache ]]; then
			printf '%s\n%s\n' "$key" $verdict >"$answer"
		fi
	fi
	[[ $verdict == yes ]]
}

quoted() {
	echo "'${1//\'/\'\\\'\'}'"
}

# write_job program|terminal: what is read in the guest by both stages of lab/guest, the
# first of which is not bash.
write_job() {
	cp "$lab/guest/session" "$work/session"
	printf '%s\0' "${command[@]}" >"$work/command"
	: >"$work/stdout"
	: >"$work/stderr"
	: >"$work/kernel.log"
	cat >"$work/job" <<-EOF
		kind=$1
		cgroup=$cgroup
		rdma=$rdma
		cable=${cable:+yes}
		disk=$disk
		share_out=${out:+yes}
		export FMLAB=1
		export FMLAB_KERNEL=$kernel
		export FMLAB_ACCEL=$accel
		${exact:+export FMLAB_EXACT=1}
		export FMLAB_ADDRESS=$address
		export FMLAB_OUT=/run/fmlab-out
		export FMLAB_BUILD=$(quoted "$build")
		export FMLAB_CWD=$(quoted "$PWD")
		export FMLAB_MODULES=$(quoted "$cache/$kernel/modules")
		export PATH=$(quoted "$PATH")
		for_each_shown() {
			$(for dir in "$PWD" "$cache/$kernel/modules" "$lab" "$build" "${shown[@]}"; do
				echo "\"\$1\" $(quoted "$dir")"
			done)
		}
		export HOME=/root
		export LANG=C.UTF-8
		export TERM=$(quoted "${TERM:-dumb}")
	EOF
}

# share DIR TAG OPTION…
share() {
	qemu+=(-virtfs "local,path=${1//,/,,},mount_tag=$2,security_model=none,multidevs=remap${3-}")
}

# numa_nodes CPUS_EACH
numa_nodes() {
	local node first=0 mb of_cpus
	for ((node = 0; node < nodes; node++)); do
		mb=$((mem_mb * (node + 1) / nodes - mem_mb * node / nodes))
		of_cpus=''
		if ((first < cpus)); then
			of_cpus=,cpus=$first-$((first + $1 - 1))
		fi
		first=$((first + $1))
		qemu+=(-object "memory-backend-ram,id=m$node,size=${mb}M"
			-numa "node,nodeid=$node,memdev=m$node$of_cpus")
	done
}

# Nodes in tiers: the kernel ranks them by what the HMAT says, the fast node being its measure.
tier_nodes() {
	local node of_cpus=,cpus=0-$((cpus - 1)) ns=100 bandwidth=20G
	for node in "${!tiers[@]}"; do
		qemu+=(-object "memory-backend-ram,id=m$node,size=${tiers[node]}M"
			-numa "node,nodeid=$node,memdev=m$node,initiator=0$of_cpus")
		of_cpus=''
	done
	for node in "${!tiers[@]}"; do
		local row=hmat-lb,initiator=0,target=$node,hierarchy=memory
		qemu+=(-numa "$row,data-type=access-latency,latency=$ns"
			-numa "$row,data-type=access-bandwidth,bandwidth=$bandwidth")
		ns=$tier_ns bandwidth=10G
	done
}

# Each end sends to the other's socket. Datagrams, so that one guest may vanish and another take its
# place; and a NIC that names an MTU, or the guest could set none above 1500.
plug_cable() {
	local sockets=${cable//,/,,}
	mkdir -p "$cable"
	exec {cable_lock}>"$cable/$cable_end.lock"
	# A guest that was killed just now may hold it for another moment.
	flock -w 2 "$cable_lock" || die 3 "another guest is at end $cable_end of the cable $cable"
	qemu+=(-netdev "dgram,id=cable,local.type=unix,local.path=$sockets/$cable_end,remote.type=unix,remote.path=$sockets/$((3 - cable_end))"
		-device "virtio-net-pci,netdev=cable,mac=02:00:00:99:01:0$cable_end,host_mtu=9000,romfile=")
}

qemu_command() {
	# An oops ends the guest: what comes after it proves nothing. A CPU of an emulated
	# guest may have to wait for one of a busy host, so the watchdog is given more time, and
	# a boot is not given up for a timer that did not tick ten times in a moment.
	local append="console=ttyS0 loglevel=5 panic=-1 oops=panic watchdog_thresh=30 no_timer_check"

	# One socket per node with CPUs: the kernel warns of a socket that spans nodes.
	local sockets=$((nodes < cpus ? nodes : cpus))
	local cores=$((cpus / sockets))
	local machine=pc
	if ((${#tiers[@]})); then
		machine+=,hmat=on
	fi
	qemu=("${qemu_program[@]}" -nodefaults -no-user-config -display none -no-reboot
		-machine "$machine" -m "${mem_mb}M" -smp "$cpus,sockets=$sockets,cores=$cores,threads=1"
		-kernel "$cache/$kernel/image" -initrd "$initramfs"
		-append "$append" -serial "file:$work/kernel.log")
	# Emulated CPUs take turns on one host thread: one that spins for another then lets it run, where
	# with a thread for each it leaves the emulator and takes its lock at every PAUSE. And REP STOSB and
	# MOVSB, which a kernel prefers where CPUs are said to be good at them, are emulated byte by byte.
	case $accel-$exact in
	kvm-) qemu+=(-accel kvm -cpu host) ;;
	tcg-) qemu+=(-accel "tcg,thread=$threads" -cpu "max,-erms,-fsrm") ;;
	tcg-yes) qemu+=(-accel "tcg,thread=single" -cpu max -icount "shift=0,sleep=off") ;;
	esac
	share / host ,readonly=on
	share "$work" fmlab
	if [[ $out ]]; then
		share "$out" out
	fi
	if [[ $disk ]]; then
		# First of its kind: /dev/vda.
		qemu+=(-drive "file=${work//,/,,}/disk,format=raw,if=none,id=disk,cache=unsafe"
			-device "virtio-blk-pci,drive=disk")
	fi
	if ((nodes > 1)); then
		numa_nodes "$cores"
	elif ((${#tiers[@]})); then
		tier_nodes
	fi
	if [[ $cable ]]; then
		plug_cable
	fi
}

# A file with holes: it takes what the guest writes, and goes with the guest.
make_disk() {
	[[ $disk ]] || return 0
	need mkfs.ext4 e2fsprogs
	truncate -s "$disk" "$work/disk"
	mkfs.ext4 -q -E root_owner=0:0 "$work/disk"
}

# A file that has no name by the time that QEMU opens it: its memory goes with the guest, whatever kills it.
give_host_memory() {
	local file free_kb
	[[ $host_memory ]] || return 0
	[[ $(stat -f -c %T /dev/shm 2>/dev/null) == tmpfs ]] || die 3 "--host-memory needs /dev/shm, a tmpfs"
	free_kb=$(df --output=avail -k /dev/shm | tail -n 1)
	(($(numfmt --from=iec "$host_memory") / 1024 <= free_kb)) ||
		die 3 "--host-memory $host_memory: /dev/shm has $((free_kb / 1024))M free"
	file=$(mktemp /dev/shm/fmlab.XXXXXX)
	exec {host_fd}<>"$file"
	rm "$file"
	truncate -s "$host_memory" "/proc/self/fd/$host_fd"
	qemu+=(-drive "file=/proc/self/fd/$host_fd,format=raw,if=none,id=host,cache=writeback"
		-device "virtio-blk-pci,drive=host,serial=fmbench-host")
}

# prepare program|terminal
prepare() {
	need setpriv util-linux
	ensure_qemu
	ensure_kernel "$kernel"
	if [[ $accel == auto ]]; then
		accel=tcg
		if kvm_works; then
			accel=kvm
		fi
	fi
	if [[ $out ]]; then
		mkdir -p "$out"
		out=$(cd "$out" && pwd)
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/fmlab.XXXXXX")
	guest=''
	trap end_guest EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	initramfs=$(initramfs_of "$kernel")
	if [[ ! -e $initramfs ]]; then
		initramfs=$work/initramfs
		build_initramfs "$kernel" "$initramfs"
	fi
	make_disk
	qemu_command
	give_host_memory
	write_job "$1"
}

end_guest() {
	if [[ $guest ]]; then
		# bash would tell of it.
		{ kill -KILL "$guest" && wait "$guest"; } 2>/dev/null || true
	fi
	rm -rf "$work"
}

# When this script dies, by whatever signal, the kernel kills what it started so.
mortal() {
	exec setpriv --pdeathsig KILL -- "$@"
}

# run_guest: boots the guest and streams its output; sets $end to how it ended:
# guest (by itself), timeout, or reader (nobody reads the output any more).
run_guest() {
	local readers=() clock='' ended=''
	mortal "${qemu[@]}" </dev/null >"$work/qemu.log" 2>&1 &
	guest=$!
	tail --pid="$guest" -s 0.1 -c +1 -f "$work/stdout" &
	readers+=($!)
	tail --pid="$guest" -s 0.1 -c +1 -f "$work/stderr" >&2 &
	readers+=($!)
	if [[ $timeout ]]; then
		mortal sleep "$timeout" &
		clock=$!
	fi
	wait -n -p ended "$guest" "${readers[@]}" ${clock:+"$clock"} || true
	if [[ $ended == "$clock" ]]; then
		end=timeout
	elif kill -0 "$guest" 2>/dev/null; then
		end=reader
	else
		end=guest
	fi
	# bash would tell of the processes that are killed here.
	{
		kill -KILL "$guest" ${clock:+"$clock"} || true
		wait || true
	} 2>/dev/null
	guest=''
}

# The exit status of fmlab, by how the guest ended, its kernel log and its job's status.
verdict() {
	local findings
	findings=$(awk -f "$lab/klog.awk" "$work/kernel.log")
	if [[ $out ]]; then
		cp "$work/kernel.log" "$out/kernel.log"
	fi
	if [[ $findings ]]; then
		if [[ $findings == *'Kernel panic'* ]]; then
			say "kernel $kernel panicked in the guest:"
		else
			say "the guest's kernel $kernel is not to be trusted:"
		fi
		printf '%s\n' "$findings" >&2
		return 7
	fi
	if [[ $end == timeout ]]; then
		say "no end within $timeout s: ended the guest"
		return 124
	fi
	if [[ -e $work/status ]]; then
		return "$(<"$work/status")"
	fi
	if [[ $end == reader ]]; then
		return 141
	fi
	say "the guest ended without a status; QEMU and the kernel said last:"
	tail -n 5 "$work/qemu.log" >&2
	tail -n 20 "$work/kernel.log" >&2
	return 1
}
