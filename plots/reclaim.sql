-- SPDX-License-Identifier: GPL-2.0-or-later
-- Thousands of faults per second, and the faulting threads' own share of reclaim. cgroup v1 does not
-- say who reclaimed: no second panel.

CREATE TEMP TABLE axis AS SELECT 'threads' AS parameter;
CREATE TEMP TABLE candidate AS
SELECT * FROM asked
WHERE workload = 'fault_throughput' AND workload_params ->> '$.mode' <> 'noevict';

-- Pages; a counter that the run lacks counts for nothing.
CREATE TEMP TABLE steal AS
SELECT r.id,
	total(delta) FILTER (WHERE key = 'pgsteal_direct') AS direct,
	total(delta) FILTER (WHERE key = 'pgsteal_kswapd') AS kswapd,
	total(delta) FILTER (WHERE key = 'pgsteal_proactive') AS proactive,
	total(delta) FILTER (WHERE collector = 'reclaimer' AND key = 'reclaimed') / 4096 AS offloaded
FROM sound r CROSS JOIN phase_delta d ON d.run = r.id AND d.job = r.job AND d.phase = 'measure'
	AND d.collector IN ('memory_stat', 'reclaimer')
	AND d.key IN ('pgsteal_direct', 'pgsteal_kswapd', 'pgsteal_proactive', 'reclaimed')
GROUP BY r.id;

-- Before Linux 6.15 the kernel counts what memory.reclaim does as direct reclaim: there the
-- reclaimer's own count is taken off. total() is real, so that the share is no integer.
CREATE TEMP TABLE share AS
SELECT id, max(0, direct - CASE WHEN proactive > 0 THEN 0 ELSE offloaded END)
	/ nullif(direct + kswapd + proactive, 0) AS own
FROM steal;

CREATE TEMP TABLE point AS
WITH made AS (
	SELECT r.id, r.cell, own,
		(SELECT value FROM result WHERE run = r.id AND job = r.job AND name = 'threads') AS x,
		(SELECT value FROM result WHERE run = r.id AND job = r.job AND name = 'faults') / 1e3 AS faults,
		backend || ', ' || (workload_params ->> '$.mode')
		|| CASE WHEN run_params ->> '$.offload-reclaim' THEN ', offloaded'
			ELSE ', not offloaded' END AS name
	FROM sound r LEFT JOIN share USING (id))
SELECT id, cell, name, 1 AS panel, x, faults AS y FROM made
UNION ALL
SELECT id, cell, name, 2, x, own FROM made;

CREATE TEMP TABLE shown AS SELECT * FROM numbered;

SELECT series, x, median, low, high, flagged FROM curve WHERE panel = 1 ORDER BY series, x;
SELECT series, x, median, low, high, flagged FROM curve WHERE panel = 2 ORDER BY series, x;

CREATE TEMP VIEW variables AS
SELECT *, 'thousand faults/s' AS upper_title, 'own reclaim (share)' AS lower_title,
	'cores' AS x_title
FROM common;
