# SPDX-License-Identifier: GPL-2.0-or-later
"""The other reader of the files that collectors read: see collectors.sh."""
import glob
import json
import os
import re
import sqlite3
import sys
import time

KERNEL = tuple(int(n) for n in os.uname().release.split(".")[:2])
DEBUG = "/sys/kernel/debug"
CPU_COLUMNS = "user nice system idle iowait irq softirq steal".split()


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def rows(path):
    """Lines "key value"."""
    return {w[0]: int(w[1]) for w in (l.split() for l in read(path).splitlines())
            if len(w) == 2 and w[1].isdigit()}


def number(path):
    text = read(path).strip()
    return int(text) if text.isdigit() else None


def numbers(folder, names):
    values = {name: number(f"{folder}/{name}") for name in names}
    return {name: value for name, value in values.items() if value is not None}


def pressure(path, prefix):
    got = {}
    for line in read(path).splitlines():
        words = dict(w.split("=") for w in line.split()[1:])
        kind = prefix + line.split()[0]
        got[kind + "_avg10"] = round(float(words["avg10"]) * 1000)
        got[kind + "_total"] = int(words["total"])
    return got


def proc_stat(group, device):
    """In ticks of 10 ms. Which CPUs are the run's, only the run knows: all of them."""
    got = {}
    for words in (line.split() for line in read("/proc/stat").splitlines()):
        if words[0] == "cpu":
            got["steal"] = int(words[8]) * 10000
        elif words[0].startswith("cpu"):
            for name, ticks in zip(CPU_COLUMNS, words[1:]):
                got[f"{words[0][3:]} reclaim_cpu_{name}"] = int(ticks) * 10000
    return got


def swaps(group, device):
    areas = [line.split() for line in read("/proc/swaps").splitlines()[1:]]
    got = {"all_size": sum(int(a[2]) for a in areas) * 1024,
           "all_used": sum(int(a[3]) for a in areas) * 1024, "areas": len(areas)}
    for a in areas:
        if a[0] == device:
            used = int(a[3]) * 1024
            got.update(size=int(a[2]) * 1024, used=used, others_used=got["all_used"] - used)
    return got


def disk(group, device):
    columns = read(f"/sys/class/block/{device[5:]}/stat").split()
    return {"read": int(columns[2]) * 512, "written": int(columns[6]) * 512} if columns else {}


def zram(group, device):
    columns = {
        "mm_stat": "orig_data_size compr_data_size mem_used_total mem_limit mem_used_max "
                   "same_pages pages_compacted huge_pages huge_pages_since",
        "io_stat": "failed_reads failed_writes invalid_io notify_free",
        "bd_stat": "bd_count bd_reads bd_writes"}
    got = {}
    for name, keys in columns.items():
        got.update(zip(keys.split(), map(int, read(f"/sys/block/{device[5:]}/{name}").split())))
    return got


def rdma(group, device):
    """Soft-RoCE of 7.2 has counters by the usual names, that of 6.12 under names of its own."""
    port = "/sys/class/infiniband/rxe0/ports/1"
    aliases = {"port_rcv_packets": "rcvd_pkts", "port_xmit_packets": "sent_pkts",
               "port_rcv_errors": "rcvd_seq_err", "port_xmit_discards": "send_err",
               "out_of_sequence": "out_of_seq_request",
               "local_ack_timeout_err": "completer_retry_err"}
    got = {}
    for key, alias in aliases.items():
        got.update((key, value) for value in numbers(port + "/hw_counters", [alias]).values())
    got.update(numbers(port + "/counters", ["port_rcv_data", "port_xmit_data", "port_xmit_wait",
                                            *aliases]))
    return got


FAR_NODES = [int(n) for n in os.environ.get("FAR_NODES", "").split()]


def numa(group, device):
    """Those of nodes; with FAR_NODES in the environment also fast and slow ones."""
    got = dict.fromkeys(["local", "far"], 0) if FAR_NODES else {}
    for words in (line.split() for line in read(group + "/memory.numa_stat").splitlines()):
        if words[0] not in ("anon", "file", "shmem", "anon_thp"):
            continue
        for pair in words[1:]:
            node, _, value = pair[1:].partition("=")
            got[f"{words[0]}_n{node}"] = int(value)
            if FAR_NODES and words[0] in ("anon", "file"):
                got["far" if int(node) in FAR_NODES else "local"] += int(value)
    return got


def thp(group, device):
    got = {}
    for folder in glob.glob("/sys/kernel/mm/transparent_hugepage/hugepages-*"):
        size = folder.rpartition("-")[2]
        off = "[never]" in read(folder + "/enabled")
        if off and not number(folder + "/stats/anon_fault_alloc"):
            continue
        for name in ("anon_fault_alloc anon_fault_fallback swpin swpin_fallback swpout "
                     "swpout_fallback zswpout split nr_anon").split():
            value = number(f"{folder}/stats/{name}")
            if value is not None:
                got[f"{size}.{name}"] = value
    return got


def zswap(group, device):
    return {os.path.basename(path): number(path) for path in glob.glob(DEBUG + "/zswap/*")}


def nvme(group, device):
    """device is a head; its paths are hidden disks below their controllers."""
    found = re.fullmatch(r"/dev/nvme(\d+)n(\d+)", device)
    paths = found and (glob.glob(f"/sys/class/nvme/nvme*/nvme{found[1]}c*n{found[2]}") or
                       glob.glob(f"/sys/class/nvme/nvme*/nvme{found[1]}n{found[2]}"))
    if not paths:
        return {}
    stat = [sum(column) for column in
            zip(*([int(n) for n in read(path + "/stat").split()] for path in paths))]
    states = [read(os.path.dirname(path) + "/state").strip() for path in paths]
    return {"paths": len(paths), "live": states.count("live"), "reads": stat[0],
            "read": stat[2] * 512, "writes": stat[4], "written": stat[6] * 512,
            "in_flight": stat[8]}


def damon(group, device):
    got = {}
    for scheme in glob.glob("/sys/kernel/mm/damon/admin/kdamonds/0/contexts/0/schemes/[0-9]*"):
        action = read(scheme + "/action").strip()
        for key, name, unit in (("pages", "sz_applied", 4096), ("tried_pages", "sz_tried", 4096),
                                ("quota_exceeds", "qt_exceeds", 1)):
            got[f"{action}_{key}"] = number(f"{scheme}/stats/{name}") // unit
    return got


SOURCES = {
    "cgroup_cpu": lambda g, d: {**rows(g + "/cpu.stat"), "client_usage_usec":
                                rows(g.replace("inside", "outside") + "/cpu.stat")["usage_usec"]},
    "cpu": proc_stat,
    "damon": damon,
    "fastswap": lambda g, d: rows(DEBUG + "/fastswap/stats"),
    "fastswap_rdma": lambda g, d: rows(DEBUG + "/fastswap/rdma"),
    "frontswap": lambda g, d: numbers(DEBUG + "/frontswap",
                                      ["loads", "succ_stores", "failed_stores", "invalidates"]),
    "ksm": lambda g, d: numbers("/sys/kernel/mm/ksm",
                                ["pages_shared", "pages_sharing", "full_scans"]),
    "memory_events": lambda g, d: rows(g + "/memory.events"),
    "memory_stat": lambda g, d: rows(g + "/memory.stat"),
    "memory_usage": lambda g, d: numbers(g, ["memory.current", "memory.swap.current",
                                             "memory.peak"]),
    "numa": numa,
    "nvme": nvme,
    "pressure": lambda g, d: {**pressure(g + "/memory.pressure", ""),
                              **pressure("/proc/pressure/memory", "system_")},
    "rdma": rdma,
    "swap_area": swaps,
    "swap_device": disk,
    "thermal": lambda g, d: {},
    "thp": thp,
    "vmstat": lambda g, d: rows("/proc/vmstat"),
    "zram": zram,
    "zswap": zswap,
}

# What a run on that backend must make non-zero, and since when. Beyond these, whatever the file has
# must be stored. A row's last part: from which kernel on the collector is there, and before which.
# A row whose run was not made (nvme needs nvme-loop, tier two tiers) is passed over.
DRAM, ZRAM, RDMA, ZSWAP, NVME, TIER, DAMOS = ("fastswap-dram", "zram", "fastswap-rdma", "zswap",
                                              "nvme-loop", "tier", "damos")
ALWAYS, NEVER = (0, 0), (999, 0)
MUST = [
    ("cgroup_cpu", DRAM, {ALWAYS: "usage_usec user_usec system_usec nr_throttled throttled_usec"}),
    ("cpu", DRAM, {ALWAYS: "run_cpus_busy"}),
    ("damon", DRAM, {}, NEVER, NEVER),
    ("damon", DAMOS, {ALWAYS: "migrate_cold_quota_exceeds"}),
    ("fastswap", DRAM, {ALWAYS: "loads stores invalidates curr_pages pool_bytes"}),
    ("fastswap_rdma", RDMA, {ALWAYS: "connected queue_pairs"}),
    ("frontswap", DRAM, {ALWAYS: "loads succ_stores invalidates"}, ALWAYS, (6, 6)),
    ("ksm", DRAM, {}),
    ("memory_events", DRAM, {ALWAYS: "high"}),
    ("memory_stat", DRAM, {ALWAYS: "anon inactive_anon pgfault pgmajfault pgscan pgsteal "
                                   "workingset_refault_anon",
                           (6, 1): "pgscan_direct pgsteal_direct"}),
    ("memory_usage", DRAM, {ALWAYS: "memory.current memory.swap.current", (5, 19): "memory.peak"}),
    ("numa", DRAM, {}),
    ("numa", TIER, {ALWAYS: "local far anon_n0 anon_n1"}),
    ("nvme", NVME, {ALWAYS: "paths live reads writes read written"}),
    ("pressure", DRAM, {ALWAYS: "some_total full_total system_some_total"}),
    ("rdma", RDMA, {ALWAYS: "port_rcv_packets port_xmit_packets"}),
    ("swap_area", DRAM, {ALWAYS: "size used all_size all_used areas"}),
    ("swap_device", ZRAM, {ALWAYS: "read written"}),
    ("thermal", DRAM, {}, NEVER, NEVER),  # no guest has it
    ("thp", DRAM, {ALWAYS: "2048kB.anon_fault_alloc"}, (6, 10), NEVER),
    ("vmstat", ZRAM, {ALWAYS: "pswpin pswpout pgfault pgmajfault nr_free_pages pgsteal_anon"}),
    ("zram", ZRAM, {ALWAYS: "orig_data_size compr_data_size mem_used_total notify_free"}),
    ("zswap", ZSWAP, {ALWAYS: "stored_pages pool_total_size"}),
]


def snapshot(group, device):
    begin = time.monotonic_ns()
    values = {name: source(group, device) for name, source in SOURCES.items()}
    return {"begin": begin, "values": values, "end": time.monotonic_ns()}


def watch(path, key="pgmajfault"):
    """Freeze the group of the run that is about to swap, and read its files twice."""
    write(path, "")
    deadline, seen = time.monotonic() + 120, {}
    while seen.get(key, 0) < 300:
        if time.monotonic() > deadline:
            sys.exit(f"no group swapped: {seen}")
        for group in glob.glob("/sys/fs/cgroup/fmbench-*/inside"):
            seen = rows(group + "/memory.stat") or seen
        time.sleep(0.02)
    device = (read("/proc/swaps").splitlines()[1:] or ["none"])[0].split()[0]
    if os.path.exists(group + "/cpu.max"):
        write(group + "/cpu.max", "10000 100000")
        time.sleep(0.5)
        write(group + "/cpu.max", "max 100000")
    print(f"# {group}: swaps to {device}", flush=True)
    write(group + "/cgroup.freeze", "1")
    try:
        while rows(group + "/cgroup.events").get("frozen") != 1:
            if time.monotonic() > deadline:
                sys.exit(f"{group} does not freeze")
            time.sleep(0.01)
        print("# frozen", flush=True)
        # memory.stat gathers what CPUs have not yet told every 2 s.
        time.sleep(2.5)
        pair = [snapshot(group, device)]
        time.sleep(0.7)
        pair.append(snapshot(group, device))
    finally:
        write(group + "/cgroup.freeze", "0")
        print("# thawed", flush=True)
    write(path, json.dumps(pair))


def listed(path):
    """What collectors say they have: {collector: {key: (unit, counter?)}}."""
    got, name = {}, None
    for line in read(path).splitlines():
        key = re.match(r" {6}(\S+) +(\S+), (counter|gauge)$", line)
        if key:
            got[name][key[1]] = (key[2], key[3] == "counter")
        elif re.match(r" {2}\S", line):
            name = line.split()[0]
            got[name] = {}
    return got


def cpu_list(text):
    """[0, 1, 2, 6] of "0-2,6"."""
    got = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        got += range(int(first), int(last or first) + 1)
    return got


class Run:
    def __init__(self, db, number, pair, shown):
        self.db, self.number = db, int(number)
        self.before, self.after = json.loads(read(pair))
        self.pick_cpus()
        self.missing = {}
        for line in read(shown).split("\n  not counted", 1)[-1].splitlines()[1:]:
            words = line.split(None, 1)
            if len(words) == 2:
                self.missing[words[0]] = words[1]
        # The last reading between the two of this test.
        row = db.execute("SELECT max(tick) FROM tick WHERE run = ? AND begin_ns > ? AND end_ns < ?",
                         (self.number, self.before["end"], self.after["begin"])).fetchone()
        self.tick = row[0]

    def pick_cpus(self):
        facts = json.loads(self.db.execute("SELECT facts FROM run WHERE id = ?",
                                           (self.number,)).fetchone()[0])
        mark = facts.get("placement.reclaim_cpu", "none") + " "
        for side in self.before, self.after:
            all_cpus = side["values"]["cpu"]
            mine = {key.removeprefix(mark): value for key, value in all_cpus.items()
                    if key == "steal" or key.startswith(mark)}
            for cpu in cpu_list(facts["placement.workload_cpus"]):
                for key, names in ("busy", ("user", "nice", "system")), ("steal", ("steal",)):
                    mine[f"run_cpus_{key}"] = mine.get(f"run_cpus_{key}", 0) + sum(
                        all_cpus[f"{cpu} reclaim_cpu_{name}"] for name in names)
            side["values"]["cpu"] = mine

    def values(self, collector, key):
        return self.db.execute(
            "SELECT tick, value FROM sample s JOIN metric m ON m.id = s.metric WHERE run = ?"
            " AND collector = ? AND key = ? ORDER BY tick", (self.number, collector, key)).fetchall()


def slack(collector, unit, counter, low):
    """A level of the whole machine moves on while the group is frozen; ticks are 10 ms."""
    if collector == "cpu":
        return 20000
    if counter:
        return 0
    if collector == "vmstat":
        return 1024 + low // 4
    return low // 50 + (1 << 20 if unit == "bytes" else 64)


def judge_key(run, collector, key, kind, problems):
    """True: it is stored, and lies between what the file said before and after."""
    stored = run.values(collector, key)
    low = run.before["values"][collector].get(key)
    high = run.after["values"][collector].get(key)
    if low is None and high is None:
        if stored:
            problems.append(f"{key} is stored, and its file does not have it")
        elif not stored and key not in re.split("[ ,:]+", run.missing.get(collector, "")):
            problems.append(f"{key} is not stored, and show -v does not name it")
        return False
    at = [value for tick, value in stored if tick <= run.tick]
    if not at:
        problems.append(f"{key} is {low} in its file and not stored")
        return False
    low, high = min(low, high), max(low, high)
    room = slack(collector, kind[0], kind[1], low)
    if not low - room <= at[-1] <= high + room:
        problems.append(f"{key} was stored as {at[-1]}, its file said {low} to {high}")
    return True


def moved(run, collector, key, counter):
    values = [value for _, value in run.values(collector, key)]
    return bool(values) and (values[-1] > values[0] if counter else max(values) > 0)


def judge(run, row, keys):
    """(problems, keys held against their file, keys that moved)."""
    collector, _, must, *there = row
    problems, held = [], 0
    if there and not there[0] <= KERNEL < there[1]:
        if any(run.values(collector, key) for key in keys):
            problems.append("stored, although this kernel has no such thing")
        if collector not in run.missing:
            problems.append("show -v does not say that it is missing")
        return problems, 0, []
    if run.tick is None:
        return ["the sampler read nothing in 0.7 s"], 0, []
    if not run.before["values"][collector]:
        problems.append("its files say nothing")
    for key, kind in keys.items():
        held += judge_key(run, collector, key, kind, problems)
    alive = [key for key, kind in keys.items() if moved(run, collector, key, kind[1])]
    for since, names in must.items():
        problems += [f"{key} did not move" for key in names.split()
                     if KERNEL >= since and key not in alive]
    return problems, held, alive


def main(path, keys_path, *args):
    db = sqlite3.connect(path)
    runs = {args[i]: Run(db, *args[i + 1:i + 4]) for i in range(0, len(args), 4)}
    keys = listed(keys_path)
    failed = number = 0
    # The reclaimer's one counter with a file to hold it against is v2-offload.sh's. What fmbench itself
    # counts has no file: progress (test_worker.c), limit (corun.sh), pager (pager.sh).
    unknown = set(keys) - {row[0] for row in MUST} - {"reclaimer", "progress", "limit", "pager"}
    print(f"#| {'kernel':<7} {'collector':<14} {'keys':>7} {'held':>5} {'moved':>6}")
    for row in MUST:
        collector = row[0]
        if row[1] not in runs:
            continue
        number += 1
        problems, held, alive = judge(runs[row[1]], row, keys[collector])
        verdict = "; ".join(problems) or ("absent, and said so" if not held else "ok")
        print(f"#| {KERNEL[0]}.{KERNEL[1]:<5} {collector:<14} {len(keys[collector]):>7} {held:>5} "
              f"{len(alive):>6}  {verdict}")
        print(f"{'not ' if problems else ''}ok {number} - {collector}")
        failed |= bool(problems)
    print(f"{'not ' if unknown else ''}ok {number + 1} - no collector is left out {unknown or ''}")
    sys.exit(failed or bool(unknown))


if sys.argv[1] == "watch":
    watch(*sys.argv[2:])
else:
    main(*sys.argv[2:])
