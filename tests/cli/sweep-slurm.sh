#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The array script of `fmbench sweep --slurm` under a real Slurm of one node: each round in a
# database of its own, merged at the end; cancelled and submitted again it goes on where it was.
. "$(dirname "$0")/../lib.sh"
need_swap
for program in slurmctld slurmd sbatch; do
	command -v "$program" >/dev/null || skip "no $program (make deps)"
done

ini=$PWD/tests/fixtures/experiments/quick.ini
state=$tmp/slurm
mkdir -p "$state/ctld" "$state/d" "$tmp/job"
port=$((20000 + $$ % 10000))
export SLURM_CONF=$state/slurm.conf
cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$(hostname)(127.0.0.1)
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/d
SlurmctldPidFile=$state/ctld.pid
SlurmdPidFile=$state/d.pid
SlurmctldPort=$port
SlurmdPort=$((port + 1))
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
MpiDefault=none
KillWait=2
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=ALL Default=YES State=UP
CONF

slurmctld -D -f "$SLURM_CONF" >"$state/ctld.log" 2>&1 &
ctld=$!
slurmd -D -f "$SLURM_CONF" >"$state/d.log" 2>&1 &
d=$!
trap 'scancel --user root 2>/dev/null; sleep 1; kill $d $ctld 2>/dev/null; wait; rm -rf "$tmp"' EXIT

node_is_idle() {
	[[ $(sinfo -h -o %T) == idle ]]
}
queue_is_empty() {
	local queue
	queue=$(squeue -h) && [[ -z $queue ]]
}
eventually node_is_idle || {
	tail -n 20 "$state"/*.log >&2
	fail "Slurm does not come up"
}

cd "$tmp/job" || exit 1
export FMBENCH_DB="$tmp/job/all runs.db" # a blank, to try the quoting
expect 0 "$fmbench" sweep --slurm "$ini"
cp "$tmp/out" job.sh
shellcheck job.sh >&2 || fail "shellcheck finds something in the script"
grep -q '^#SBATCH --array=1-2$' job.sh || fail "not one task a round"

# Cancelled in the middle of the first round …
job=$(sbatch --parsable job.sh)
made() {
	[[ $(sqlite3 "blocks/quick/$1.db" "SELECT count(*) FROM run WHERE status = 'ok'" \
		2>/dev/null) -ge $2 ]]
}
eventually made 1 1 || fail "no run was made: $(tail -n 3 quick-1.log)"
scancel "$job"
eventually queue_is_empty || fail "the array does not end"
first=$(sqlite3 blocks/quick/1.db "SELECT group_concat(uuid) FROM run WHERE status = 'ok'")
[[ $(sqlite3 blocks/quick/1.db "SELECT count(*) FROM run WHERE status = 'ok'") -lt 4 ]] ||
	fail "cancelled too late to test anything"

# … and submitted again, as often as a cell fails for want of memory on a hard limit (cgroup v1).
for ((i = 0; i < 3; i++)); do
	sbatch --parsable job.sh >/dev/null
	eventually queue_is_empty || fail "the array hangs: $(squeue -h)"
	made 1 4 && made 2 4 && break
done
sqlite3 blocks/quick/1.db "SELECT uuid FROM run WHERE status = 'ok'" >uuids
for uuid in ${first//,/ }; do
	grep -q "$uuid" uuids || fail "a finished run is gone"
done

cells() {
	sql "SELECT workload, workload_params, ratio, repeat FROM run_job WHERE status IN ('ok', 'untrusted')"
}
[[ $(cells | sort -u | wc -l) -eq 8 ]] || fail "not all cells in the merged database"
[[ $(cells | wc -l) -eq 8 ]] || fail "finished cells were made again"
for repeat in 1 2; do
	[[ $(sqlite3 "blocks/quick/$repeat.db" 'SELECT DISTINCT repeat FROM run') == "$repeat" ]] ||
		fail "block $repeat is not round $repeat"
done
