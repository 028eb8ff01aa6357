-- SPDX-License-Identifier: GPL-2.0-or-later
-- Microseconds from the instant that a request was meant to be sent, over the load that was achieved.

CREATE TEMP TABLE axis AS SELECT 'rate' AS parameter;
CREATE TEMP TABLE candidate AS
SELECT * FROM asked WHERE workload = 'kv' AND workload_params ->> '$.rate' <> 'closed';

-- Repeats of one rate are a point: what they achieved, and each percentile, is a panel of the view
-- `curve`, whose x is the rate as it was asked for. Points are in the order of what was asked for: the curve
-- of a server that breaks down turns back.
CREATE TEMP TABLE point AS
WITH part (panel, result) AS (VALUES (0, 'ops'), (1, 'latency_p50'), (2, 'latency_p99'),
	(3, 'latency_p99_9'), (4, 'offered'))
SELECT r.id, r.cell, panel, workload_params ->> '$.rate' AS x, value AS y,
	(workload_params ->> '$.server') || ', ' || backend || ', ratio ' || format('%g', ratio) AS name
FROM sound r CROSS JOIN part
JOIN result v ON v.run = r.id AND v.job = r.job AND v.name = result;

CREATE TEMP TABLE shown AS SELECT * FROM numbered;

SELECT l.series, l.median / 1e3 AS load, a.median AS p50, b.median AS p99, b.low, b.high,
	c.median AS p99_9, l.flagged
FROM curve l
LEFT JOIN curve o ON o.series = l.series AND o.x = l.x AND o.panel = 4
LEFT JOIN curve a ON a.series = l.series AND a.x = l.x AND a.panel = 1
LEFT JOIN curve b ON b.series = l.series AND b.x = l.x AND b.panel = 2
LEFT JOIN curve c ON c.series = l.series AND c.x = l.x AND c.panel = 3
WHERE l.panel = 0 ORDER BY l.series, o.median, load;

-- The most that was answered as fast as it was asked, to a hundredth, in the median of the repeats. None
-- where no higher rate was asked for: there may be more.
WITH kept AS (
	SELECT l.series, l.median AS load, o.median AS offered, l.median >= 0.99 * o.median AS up
	FROM curve l JOIN curve o ON o.series = l.series AND o.x = l.x AND o.panel = 4 WHERE l.panel = 0),
most AS (SELECT series, load, max(offered) AS offered FROM kept WHERE up GROUP BY series)
SELECT series, load / 1e3 AS load, (SELECT max(high) FROM curve WHERE panel IN (2, 3)) AS top FROM most m
WHERE EXISTS (SELECT 1 FROM kept k WHERE k.series = m.series AND k.offered > m.offered) ORDER BY series;

CREATE TEMP VIEW variables AS SELECT * FROM common;
