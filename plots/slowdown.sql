-- SPDX-License-Identifier: GPL-2.0-or-later
-- Slowdown or another number over the local ratio, every repeat a point, medians joined.

CREATE TEMP TABLE shown AS
SELECT *, workload || ', ' || backend AS name, dense_rank() OVER (ORDER BY cell) - 1 AS series
FROM scaled;

SELECT series, ratio, y, id IN (SELECT id FROM flagged) AS flagged, id AS run, baseline_run
FROM shown ORDER BY series, ratio, id;

SELECT series, ratio, median(y) AS y, median_low(y) AS low, median_high(y) AS high
FROM shown GROUP BY series, ratio ORDER BY series, ratio;

CREATE TEMP VIEW variables AS
SELECT nr_series, labels, common.unsound, y_axis.* FROM common JOIN y_axis;
