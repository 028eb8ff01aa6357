#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Slowdown over the local ratio, from an export and from the database itself: medians with the range of
# the repeats, which for up to five of them is the median's interval. Runs of other parameters are
# another curve. Usage:
#	fmbench export csv runs -o runs.csv
#	examples/slowdown.py runs.csv results/fmbench.db slowdown.png
import sqlite3
import sys

import matplotlib
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt

if len(sys.argv) != 4:
    sys.exit("usage: slowdown.py RUNS.csv DATABASE PICTURE")
csv, db, picture = sys.argv[1:]
performance = pd.read_sql("SELECT run, job, name, better, value FROM performance", sqlite3.connect(db))
# A workload is called null: only what is empty is missing.
table = pd.read_csv(csv, keep_default_na=False, na_values=[""])
runs = table.merge(performance, on=["run", "job"]).query("status == 'ok' and ratio > 0")

keys = ["workload", "backend"] + [c for c in runs if c.startswith("p_")]
for key, cell in runs.groupby(keys, dropna=False):
    base = cell[cell.ratio == 1].value.median()
    slowdown = base / cell.value if cell.better.iloc[0] == "higher" else cell.value / base
    curve = slowdown.groupby(cell.ratio).agg(["median", "min", "max", "count"])
    print(*key[:2], curve, sep="\n")
    bars = [curve["median"] - curve["min"], curve["max"] - curve["median"]]
    plt.errorbar(curve.index, curve["median"], yerr=bars, capsize=3, label=", ".join(key[:2]))
plt.xlabel("local memory / peak")
plt.ylabel("slowdown (times ratio 1)")
plt.legend()
plt.savefig(picture)
