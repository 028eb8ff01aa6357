-- SPDX-License-Identifier: GPL-2.0-or-later
-- Latency of one fault. The histograms of repeats are pooled.

CREATE TEMP TABLE axis AS SELECT 'none' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked WHERE workload IN ('fault_latency', 'uffd');

CREATE TEMP TABLE shown AS
WITH bucket_of AS (
	SELECT r.id, r.cell, b.high, b.count,
		CASE b.name WHEN 'uffd' THEN 'userfaultfd, ' || (workload_params ->> '$.handler')
			WHEN 'uffd_wp' THEN 'userfaultfd, write-protected'
			ELSE backend || ', ' || b.name END
		|| CASE WHEN ifnull(workload_params ->> '$.pattern', 'random') = 'random' THEN ''
			ELSE ', ' || (workload_params ->> '$.pattern') END AS name
	FROM sound r JOIN bucket b ON b.run = r.id AND b.job = r.job
	WHERE b.name IN ('major', 'minor', 'uffd', 'uffd_wp'))
SELECT *, dense_rank() OVER (ORDER BY name, cell) - 1 AS series FROM bucket_of;

-- A share that has fewer than 10 samples beyond it is not known: the curve ends before. `flagged`
-- is the number of flagged runs, told where half of the faults are done.
WITH pooled AS (SELECT series, high, sum(count) AS count FROM shown GROUP BY series, high),
summed AS (
	SELECT series, high, sum(count) OVER (PARTITION BY series ORDER BY high) AS up_to,
		sum(count) OVER (PARTITION BY series) AS total
	FROM pooled),
halves AS (SELECT series, min(high) AS high FROM summed WHERE 2 * up_to >= total GROUP BY series)
SELECT series, high / 1e3 AS us, 1.0 * up_to / total AS share, 1.0 * (total - up_to) / total AS tail,
	CASE WHEN high = (SELECT high FROM halves h WHERE h.series = s.series)
		THEN (SELECT count(DISTINCT id) FROM shown x
			WHERE x.series = s.series AND id IN (SELECT id FROM flagged))
		ELSE 0 END AS flagged
FROM summed s WHERE total - up_to >= 10 ORDER BY series, high;

-- A table: a view knows no :y.
CREATE TEMP TABLE variables AS SELECT *, ifnull(:y, 'share') AS y FROM common;
