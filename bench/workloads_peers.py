#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person would take instead of workloads/, on the same input (build/bench/compute --dump DIR).

    bench/workloads_peers.py scipy_pagerank|igraph_bfs|scipy_bfs|sqlite_groupby|sklearn_kmeans DIR

Prints operations per CPU second of one thread, as workloads/ counts them. For bench/workloads.sh.
"""
import os
import sqlite3
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy  # noqa: E402 (after the threads are set)


def array(directory, name, kind):
    return numpy.fromfile(os.path.join(directory, name), dtype=kind)


def graph(directory):
    offset = array(directory, "rows of the graph", numpy.uint64).astype(numpy.int64)
    neighbour = array(directory, "neighbours of the graph", numpy.uint32)
    return offset, neighbour.astype(numpy.int32)


def scipy_pagerank(directory):
    """Edges per second of 20 products of a sparse matrix with the ranks, in floats as ours."""
    from scipy.sparse import csr_matrix

    offset, neighbour = graph(directory)
    n = len(offset) - 1
    degree = array(directory, "out-degrees", numpy.uint32)
    weight = numpy.where(degree > 0, 1 / numpy.maximum(degree, 1), 0).astype(numpy.float32)
    matrix = csr_matrix((numpy.ones(len(neighbour), numpy.float32), neighbour, offset), (n, n))
    rank = numpy.full(n, 1 / n, numpy.float32)
    begin = time.process_time()
    for _ in range(20):
        lost = rank[degree == 0].sum()
        last, rank = rank, (0.15 + 0.85 * lost) / n + 0.85 * (matrix @ (rank * weight))
        if numpy.abs(rank - last).sum() < 0:
            break
    return 20 * len(neighbour) / (time.process_time() - begin)


def sources(offset):
    rows = numpy.flatnonzero(numpy.diff(offset))
    return numpy.random.default_rng(1).choice(rows, 8)


def teps(offset, search):
    """Harmonic mean over the searches; search() gives the vertices that it reached."""
    degree = numpy.diff(offset)
    inverse = 0
    chosen = sources(offset)
    for source in chosen:
        begin = time.process_time()
        reached = search(int(source))
        inverse += (time.process_time() - begin) / (degree[reached].sum() / 2)
    return len(chosen) / inverse


def scipy_bfs(directory):
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order

    offset, neighbour = graph(directory)
    n = len(offset) - 1
    matrix = csr_matrix((numpy.ones(len(neighbour), numpy.float64), neighbour, offset), (n, n))
    return teps(offset, lambda s: breadth_first_order(matrix, s, True, False))


def igraph_bfs(directory):
    import igraph

    offset, neighbour = graph(directory)
    row = numpy.repeat(numpy.arange(len(offset) - 1, dtype=numpy.int32), numpy.diff(offset))
    once = row <= neighbour
    edges = numpy.stack((row[once], neighbour[once]), 1)
    g = igraph.Graph(n=len(offset) - 1, edges=edges)
    return teps(offset, lambda s: g.bfs(s)[0])


def sqlite_groupby(directory):
    columns = [
        array(directory, name, kind).tolist()
        for name, kind in (
            ("hours", numpy.uint8),
            ("passengers", numpy.uint8),
            ("zones", numpy.uint16),
            ("distances", numpy.uint32),
            ("totals", numpy.uint32),
        )
    ]
    rows = min(map(len, columns))
    db = sqlite3.connect(":memory:")
    db.execute("create table trip(hour, passengers, zone, distance, total)")
    db.executemany("insert into trip values (?, ?, ?, ?, ?)", zip(*columns))
    begin = time.process_time()
    db.execute(
        "select hour, zone, count(*), avg(total), max(total) from trip "
        "where passengers > 0 and distance >= 100 group by hour, zone"
    ).fetchall()
    return rows / (time.process_time() - begin)


def numpy_groupby(directory):
    """The same by bincount, as a data frame does it."""
    hour = array(directory, "hours", numpy.uint8)
    passengers = array(directory, "passengers", numpy.uint8)
    zone = array(directory, "zones", numpy.uint16)
    distance = array(directory, "distances", numpy.uint32)
    total = array(directory, "totals", numpy.uint32)
    rows = min(map(len, (hour, passengers, zone, distance, total)))
    begin = time.process_time()
    chosen = (passengers[:rows] > 0) & (distance[:rows] >= 100)
    group = hour[:rows][chosen].astype(numpy.int64) * 512 + zone[:rows][chosen]
    value = total[:rows][chosen]
    numpy.bincount(group, minlength=24 * 512)
    numpy.bincount(group, weights=value, minlength=24 * 512)
    numpy.maximum.at(numpy.zeros(24 * 512, numpy.uint32), group, value)
    return rows / (time.process_time() - begin)


def sklearn_kmeans(directory):
    import warnings

    from sklearn.cluster import KMeans

    warnings.simplefilter("ignore")
    points = array(directory, "points", numpy.float32).reshape(-1, 16)
    means = KMeans(32, init=points[:32], n_init=1, max_iter=10, tol=0, algorithm="lloyd")
    begin = time.process_time()
    means.fit(points)
    return means.n_iter_ / (time.process_time() - begin)


if __name__ == "__main__":
    print(f"{globals()[sys.argv[1]](sys.argv[2]):.6g}")
