-- SPDX-License-Identifier: GPL-2.0-or-later
-- Of the pairs among the runs ?1: the slowdown of `job` beside `other`, against the median of its runs alone.

WITH pair AS (
	SELECT r.id, r.job, r.run_params ->> '$.mix' AS mix, p.better, p.value
	FROM json_each(?1) c JOIN run_job r ON r.id = c.value
	JOIN performance p ON p.run = r.id AND p.job = r.job
	WHERE r.status IN ('ok', 'untrusted') AND p.value > 0),
named AS (
	SELECT *, CASE WHEN mix LIKE '% alone' THEN substr(mix, 1, length(mix) - 6)
			WHEN job = 1 THEN substr(mix, 1, instr(mix, ' beside ') - 1)
			ELSE substr(mix, instr(mix, ' beside ') + 8) END AS name,
		CASE WHEN mix LIKE '% alone' THEN NULL
			WHEN job = 1 THEN substr(mix, instr(mix, ' beside ') + 8)
			ELSE substr(mix, 1, instr(mix, ' beside ') - 1) END AS other
	FROM pair),
alone AS (SELECT name, median(value) AS value FROM named WHERE other IS NULL GROUP BY name),
beside AS (
	SELECT n.name, n.other,
		CASE n.better WHEN 'higher' THEN a.value / n.value ELSE n.value / a.value END AS slowdown
	FROM named n JOIN alone a USING (name) WHERE n.other IS NOT NULL)
SELECT name AS job, other AS beside, count(*) AS runs, round(median(slowdown), 3) AS slowdown,
	round(median_low(slowdown), 3) AS low, round(median_high(slowdown), 3) AS high
FROM beside GROUP BY name, other ORDER BY name, other
