-- SPDX-License-Identifier: GPL-2.0-or-later
-- Throughput, or another number of a whole co-run, over its local memory: a curve a policy. Of the latest mix.

CREATE TEMP TABLE axis AS SELECT 'local' AS parameter;
CREATE TEMP TABLE candidate AS
SELECT * FROM asked WHERE job = 1 AND run_params ->> '$.mix' = (
	SELECT run_params ->> '$.mix' FROM asked WHERE run_params ->> '$.policy' IS NOT NULL
		AND run_params ->> '$.mix' NOT LIKE '% alone' AND run_params ->> '$.mix' NOT LIKE '% beside %'
	ORDER BY id DESC LIMIT 1);

CREATE TEMP TABLE wanted AS
SELECT ifnull(:y, 'throughput') AS name,
	CASE ifnull(:y, 'throughput') WHEN 'throughput' THEN 'jobs an hour' WHEN 'makespan' THEN 'makespan (s)'
		WHEN 'mean_slowdown' THEN 'mean slowdown (times alone)' ELSE :y END AS label;

-- Which job comes first, and with it the parameters of job 1, is the seed's doing: they are no curve of their own.
CREATE TEMP TABLE point AS
SELECT r.id, 1 AS panel,
	json_array(r.machine, r.backend, r.backend_params, json_remove(r.run_params, '$.local')) AS cell,
	(run_params ->> '$.local') / 1048576.0 AS x, v.value AS y,
	(run_params ->> '$.policy') || CASE WHEN (SELECT count(DISTINCT backend) FROM candidate) > 1
		THEN ', ' || backend ELSE '' END AS name
FROM sound r JOIN wanted w JOIN result v ON v.run = r.id AND v.job = 1 AND v.name = w.name;

CREATE TEMP TABLE shown AS SELECT * FROM numbered;

SELECT series, x, median(y) AS median, ifnull(median_low(y), median(y)) AS low,
	ifnull(median_high(y), median(y)) AS high, count(*) AS runs,
	sum(id IN (SELECT id FROM flagged)) AS flagged
FROM shown GROUP BY series, x ORDER BY series, x;

CREATE TEMP VIEW variables AS
SELECT common.*, (SELECT label FROM wanted) AS y_label, (SELECT min(x) FROM shown) AS left_x,
	(SELECT max(x) FROM shown) AS right_x
FROM common;
