#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One of the machines of tests/cli/two-machines.sh: does what that leaves in $FMLAB_OUT/job, one
# command after the other, with the functions of rdma.bash. The memory server is at end 1 of the
# cable.

# shellcheck source=tests/lab/rdma.bash
. "$(dirname "$0")/rdma.bash" || exit 1

address=10.99.1.1
# The host reads the server's log even when this machine has vanished.
ln -s "$FMLAB_OUT/server.log" "$scratch/server.log"

# answers: the other machine, if only with a refusal.
answers() {
	[[ $(timeout 2 bash -c "</dev/tcp/$address/9" 2>&1) == *refused* ]]
}

# begin COMMAND…: it goes on while the next jobs are done.
begin() {
	"$@" &
	begun=$!
}

# end_begun: a pagecheck ends with a whole round.
end_begun() {
	kill -TERM "$begun"
}

# begun_exits STATUS
begun_exits() {
	exits "$1" wait "$begun"
}

# newest_run COLUMN
newest_run() {
	sqlite3 -batch -noheader /tmp/db "SELECT $1 FROM run_summary ORDER BY run DESC LIMIT 1"
}

newest_run_has() {
	[[ $(newest_run flags) == *$1* ]]
}

while :; do
	until [[ -e $FMLAB_OUT/job ]]; do
		sleep 0.05
	done
	job=$(<"$FMLAB_OUT/job")
	rm "$FMLAB_OUT/job"
	status=0
	eval "$job" >"$FMLAB_OUT/log" 2>&1 || status=$?
	echo $status >"$FMLAB_OUT/status.new"
	mv "$FMLAB_OUT/status.new" "$FMLAB_OUT/status"
done
