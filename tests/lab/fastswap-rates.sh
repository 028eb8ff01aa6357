#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --rdma --cpus 2 --mem 2G --numa 2
# lab-5.10: --cpus 2 --mem 2G
# The field's classic table: frontswap's counters second by second, from one command, and fastswap's
# own beside them, equal to them within a tick. Where the kernel has no frontswap, that is said.
. "$(dirname "$0")/../lib.sh"
[[ ${FMLAB-} ]] || skip "runs in the lab guest only"

expect_run "$fmbench" micro fault_throughput --backend fastswap-dram --page-cluster 0 --cores 1 \
	-o mode=evict-dirty -o region=48M -o local=16M --duration 4s
if [[ ! -e /sys/kernel/debug/frontswap ]]; then
	expect 2 "$fmbench" export csv rates --collector frontswap --every 1s
	grep -q "frontswap.*No such file" "$tmp/err" || fail "the reason is not named"
	expect 0 "$fmbench" export csv rates --collector fastswap --every 1s
	exit 0
fi
expect 0 "$fmbench" export csv rates --collector frontswap --every 1s -o "$tmp/frontswap.csv"
expect 0 "$fmbench" export csv rates --collector frontswap,fastswap --every 1s -o "$tmp/both.csv"
sed 's/^/# /' "$tmp/frontswap.csv"
python3 - "$tmp" <<'PYTHON' || fail "frontswap's and fastswap's counters differ"
import csv, sys
def table(name):
    with open(f"{sys.argv[1]}/{name}.csv", newline="") as f:
        return list(csv.DictReader(f))
alone, both = table("frontswap"), table("both")
assert list(alone[0]) == ["run", "t_s", "phase", "seconds", "failed_stores", "invalidates", "loads",
                          "succ_stores", "curr_pages", "curr_mib"], list(alone[0])
assert sum(row["phase"] == "measure" for row in alone) >= 4
assert max(float(row["loads"]) for row in alone) > 100
for row in alone:
    assert abs(float(row["curr_mib"]) * 256 - float(row["curr_pages"])) < 0.01, row
# A tick reads one source after the other: a few pages pass in between, and are in the next period.
for ours, kernel in ("loads", "loads"), ("stores", "succ_stores"), ("invalidates", "invalidates"):
    sums = [0, 0]
    for row in both:
        pair = [float(row[f"{c}.{key}"]) * float(row["seconds"])
                for c, key in (("fastswap", ours), ("frontswap", kernel))]
        assert abs(pair[0] - pair[1]) <= 0.02 * pair[1] + 200, (ours, row)
        sums = [sums[0] + pair[0], sums[1] + pair[1]]
    print(f"# {ours}: fastswap {sums[0]:.0f}, frontswap {sums[1]:.0f}")
    assert sums[1] > 1000 and abs(sums[0] - sums[1]) <= 0.01 * sums[1] + 64, (ours, sums)
PYTHON
