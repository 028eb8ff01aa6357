# SPDX-License-Identifier: GPL-2.0-or-later
"""For units/sklearn.ini: fit and say how long that took. Arguments: model, bytes, seed, threads."""
import json
import os
import sys
import time

model, size, seed, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = threads

import numpy as np  # noqa: E402: after the variables above
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402

FEATURES, CLUSTERS = 16, 32
rng = np.random.default_rng(seed)
rows = size // (4 * FEATURES)
label = rng.integers(CLUSTERS, size=rows)
centre = rng.uniform(-10, 10, size=(CLUSTERS, FEATURES)).astype(np.float32)
points = centre[label] + rng.standard_normal((rows, FEATURES), dtype=np.float32)

begin = time.monotonic()
if model == "kmeans":
    fit = KMeans(CLUSTERS, init=centre + 1, n_init=1, max_iter=20, algorithm="lloyd").fit(points)
else:
    fit = RandomForestClassifier(16, max_depth=12, n_jobs=int(threads), random_state=seed)
    fit.fit(points, label)
answer = {"fit_s": time.monotonic() - begin}
if model == "kmeans":
    answer["inertia"] = float(fit.inertia_)
    if fit.inertia_ > 1.1 * rows * FEATURES:
        sys.exit("the planted clusters were not found")
else:
    answer["accuracy"] = float(fit.score(points[:10000], label[:10000]))
print(json.dumps(answer))
