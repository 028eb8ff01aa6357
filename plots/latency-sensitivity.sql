-- SPDX-License-Identifier: GPL-2.0-or-later
-- After head.sql and performed.sql: slowdown over the latency of far memory, in microseconds. A latency of 0
-- stands at 1, the left end of a logarithmic axis.

CREATE TEMP TABLE shown AS
SELECT s.*, s.workload || ', ratio ' || printf('%g', s.ratio)
		|| CASE WHEN backends THEN ', ' || s.backend ELSE '' END AS name,
	dense_rank() OVER (ORDER BY s.workload, s.ratio, s.backend, alike) - 1 AS series,
	max(1, latency_us) AS x
FROM scaled s JOIN candidate USING (id, job) JOIN told_by;

SELECT series, x, y, id IN (SELECT id FROM flagged) AS flagged, id AS run, baseline_run
FROM shown ORDER BY series, x, id;

SELECT series, x, median(y) AS y FROM shown GROUP BY series, x ORDER BY series, x;

CREATE TEMP VIEW variables AS
SELECT nr_series, labels, common.unsound, y_axis.* FROM common JOIN y_axis;
