-- SPDX-License-Identifier: GPL-2.0-or-later
-- Percentiles of the latency, in microseconds, over the local ratio. Of workload kv only at a rate: in a closed
-- loop a server that stalls is not asked.

CREATE TEMP TABLE axis AS SELECT 'ratio' AS parameter;
CREATE TEMP TABLE candidate AS
SELECT * FROM asked WHERE ratio > 0 AND workload_params ->> '$.rate' IS NOT 'closed'
	AND EXISTS (SELECT 1 FROM result v WHERE v.run = id AND v.job = asked.job AND v.name = 'latency_p99');

CREATE TEMP TABLE point AS
WITH part (panel, result) AS (VALUES (1, 'latency_p50'), (2, 'latency_p99'), (3, 'latency_p99_9'))
SELECT r.id, r.cell, panel, ratio AS x, value AS y,
	ifnull(workload_params ->> '$.server', workload) || ', ' || backend
	|| ifnull(', ' || (workload_params ->> '$.rate') || '/s', '') AS name,
	(SELECT value FROM result o WHERE o.run = r.id AND o.job = r.job AND o.name = 'offered') AS offered
FROM sound r CROSS JOIN part
JOIN result v ON v.run = r.id AND v.job = r.job AND v.name = result;

-- The lowest rate first.
CREATE TEMP TABLE shown AS
WITH least AS (SELECT name, cell, min(offered) AS rate FROM point GROUP BY name, cell)
SELECT p.*, dense_rank() OVER (ORDER BY rate, p.name, p.cell) - 1 AS series
FROM point p JOIN least USING (name, cell) WHERE y IS NOT NULL;

SELECT b.series, b.x AS ratio, a.median AS p50, b.median AS p99, b.low, b.high, c.median AS p99_9, b.flagged
FROM curve b
LEFT JOIN curve a ON a.series = b.series AND a.x = b.x AND a.panel = 1
LEFT JOIN curve c ON c.series = b.series AND c.x = b.x AND c.panel = 3
WHERE b.panel = 2 ORDER BY b.series, b.x;

CREATE TEMP VIEW variables AS SELECT * FROM common;
