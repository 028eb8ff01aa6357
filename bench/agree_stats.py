# SPDX-License-Identifier: GPL-2.0-or-later
"""What others counted of a run, beside what fmbench did (bench/agree.sh).

	watch PORT			a memcached's "ns,operations" every 20 ms, until it is gone
	compare SAMPLES SERVER		the operations of each over the same time
	pmbench DATABASE OUTPUT…	the mean latency of a fault, in ns: of the runs of fault_latency, and of
					pmbench's printed reports; then the median of each
	faults DATABASE SCRIPT		of its only run and perf's major faults ("tid seconds:"): their
					number in phase measure of each, and in the window their mean
					latency and the mean time from one to the next, in ns
"""
import collections
import csv
import re
import socket
import sqlite3
import statistics
import sys
import time


def connect(port):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1)
        except OSError:
            time.sleep(0.05)


def stats(server, lines):
    count = 0
    server.sendall(b"stats\r\n")
    for line in lines:
        if line.startswith((b"STAT cmd_get ", b"STAT cmd_set ")):
            count += int(line.split()[2])
        if line.startswith(b"END"):
            return count
    return None


def watch(port):
    server = connect(int(port))
    lines = server.makefile("rb")
    while True:
        before = time.monotonic_ns()
        try:
            count = stats(server, lines)
        except OSError:
            count = None
        if count is None:
            return
        print(f"{(before + time.monotonic_ns()) // 2},{count}", flush=True)
        time.sleep(0.02)


def at(points, ns):
    """The count at an instant, on the line between the two readings around it."""
    for (t0, n0), (t1, n1) in zip(points, points[1:]):
        if t0 <= ns <= t1:
            return n0 + (n1 - n0) * (ns - t0) / (t1 - t0)
    raise SystemExit("the server was not asked at that instant")


def compare(samples, server):
    with open(samples, newline="") as f:
        ours = [(int(r["t_ns"]), int(r["value"])) for r in csv.DictReader(f)
                if r["collector"] == "progress" and r["phase"] == "measure"]
    with open(server, newline="") as f:
        theirs = [tuple(map(int, r)) for r in csv.reader(f) if len(r) == 2]
    # Those that differ from the one before are of the tick after memaslap told; the ones of the window's
    # own ends are up to a second older than they look.
    told = [b for a, b in zip(ours, ours[1:]) if b[1] != a[1]]
    first, last = told[0], told[-1]
    print(last[1] - first[1], round(at(theirs, last[0]) - at(theirs, first[0])))


def faults(database, script):
    db = sqlite3.connect(database)
    results = dict(db.execute("SELECT name, value FROM result"))
    begin, end = (ns / 1e9 for ns in db.execute(
        "SELECT begin_ns, end_ns FROM phase WHERE name = 'measure'").fetchone())
    at = collections.defaultdict(list)
    with open(script) as f:
        for line in f:
            tid, seconds = line.split()
            if begin <= float(seconds.rstrip(":")) <= end:
                at[tid].append(float(seconds.rstrip(":")))
    thread = sorted(max(at.values(), key=len))
    window = [t for t in thread if t >= end - results["window"]]
    print(round(results["all_major_faults"]), len(thread), round(1000 * results["major_mean"]),
          round(1e9 * (window[-1] - window[0]) / (len(window) - 1)))


def mean(parts):
    """Of (number, mean) pairs."""
    return sum(n * each for n, each in parts) / sum(n for n, each in parts)


def buckets(report):
    """The accesses of a report that waited for their page, 4 us or longer: (from, width, number) in ns. A bucket is
    a sixteenth of a power of two, from 2^23 ns on a whole one."""
    parts = []
    for low, rest in re.findall(r"2\^\((\d+),\d+\) ns: ([^\n]*)", report):
        if int(low) < 12:
            continue
        counts = re.search(r"\[([^]]*)\]", rest)
        counts = counts[1].split(",") if counts else [rest]
        step = 2 ** int(low) / len(counts)
        parts += [(2 ** int(low) + i * step, step, int(n)) for i, n in enumerate(counts)]
    return parts


def waited(report):
    """The number of these accesses and their mean latency in ns, each in its bucket's middle. pmbench's "net average" is
    the loop's time over all accesses, those that found their page near among them."""
    parts = buckets(report)
    nr = sum(n for low, step, n in parts)
    return nr, sum(n * (low + step / 2) for low, step, n in parts) / nr


def median_of(report):
    """Of the same accesses, on the line through a bucket."""
    left = waited(report)[0] / 2
    for low, step, n in buckets(report):
        if n >= left:
            return low + step * left / n
        left -= n
    return float("nan")


def pmbench(database, *outputs):
    runs = sqlite3.connect(database).execute(
        "SELECT n.value, 1000 * m.value, 1000 * h.value FROM result n JOIN result m USING (run)"
        " JOIN result h USING (run) WHERE n.name = 'major_count' AND m.name = 'major_mean'"
        " AND h.name = 'major_p50'").fetchall()
    reports = [open(path).read() for path in outputs]
    print(round(mean([r[:2] for r in runs])), round(mean([waited(r) for r in reports])),
          round(statistics.median(r[2] for r in runs)), round(statistics.median(map(median_of, reports))))


{"watch": watch, "compare": compare, "faults": faults,
 "pmbench": pmbench}[sys.argv[1]](*sys.argv[2:])
