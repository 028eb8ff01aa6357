-- SPDX-License-Identifier: GPL-2.0-or-later
-- What `fmbench fit` has found: all profiles, or the latest search, by the fact `fit` of its runs:
-- "profile", or WHAT:COST:LEAST, where WHAT is slowdown or a result.

CREATE TEMP TABLE axis AS SELECT 'ratio' AS parameter;

CREATE TEMP TABLE made AS
SELECT *, facts ->> '$.fit' AS fit,
	json_array(machine, experiment, workload, workload_params, backend, backend_params, run_params) AS whole
FROM asked WHERE ratio > 0;

CREATE TEMP TABLE newest AS
SELECT whole, fit, substr(fit, 1, instr(fit, ':') - 1) AS what,
	substr(fit, instr(fit, ':') + 1) AS numbers
FROM made WHERE fit IS NOT NULL ORDER BY id DESC LIMIT 1;

-- Of a search all that it may have taken over, of a workload's profiles the newest (results/profile.sql).
CREATE TEMP TABLE candidate AS
WITH round AS (SELECT *, CAST(seed AS INTEGER) - repeat AS round FROM made WHERE fit = 'profile')
SELECT m.* FROM made m JOIN newest n USING (whole) WHERE n.fit <> 'profile'
UNION ALL
SELECT m.* FROM made m JOIN round r USING (id) WHERE (SELECT fit FROM newest) = 'profile'
	AND r.round = (SELECT round FROM round o WHERE o.whole = r.whole ORDER BY id DESC LIMIT 1);

CREATE TEMP TABLE bounded AS
SELECT fit, CASE WHEN what NOT IN ('', 'slowdown') THEN what END AS result,
	CAST(numbers AS REAL) AS bound, CAST(substr(numbers, instr(numbers, ':') + 1) AS REAL) AS least
FROM newest;

CREATE TEMP TABLE performed AS
SELECT r.id, r.workload, r.backend, r.ratio, r.repeat, r.cell, v.name AS metric, v.unit, v.better, v.value,
	CASE v.better WHEN 'higher' THEN 1 / v.value ELSE v.value END AS cost
FROM sound r JOIN bounded b
JOIN result v ON v.run = r.id AND v.job = r.job AND v.value > 0
	AND v.name = ifnull(b.result, (SELECT name FROM performance p WHERE p.run = r.id AND p.job = r.job))
WHERE r.status = 'ok';

-- A profile's runs are relative to their own repeat's, a search's to all at ratio 1.
CREATE TEMP TABLE shown AS
SELECT p.*, p.workload || ', ' || p.backend AS name, dense_rank() OVER (ORDER BY p.cell) - 1 AS series,
	p.cost / (SELECT exp(avg(ln(b.cost))) FROM performed b WHERE b.cell = p.cell AND b.ratio = 1
		AND (fit <> 'profile' OR b.repeat = p.repeat)) AS slowdown
FROM performed p JOIN bounded;

CREATE TEMP VIEW y_of AS
SELECT id, CASE WHEN result IS NULL THEN slowdown ELSE value END AS y FROM shown JOIN bounded;

SELECT series, ratio, round(y, 6) AS y, id IN (SELECT id FROM flagged) AS flagged, id AS run
FROM shown JOIN y_of USING (id) WHERE y IS NOT NULL ORDER BY series, ratio, id;

-- The curve, as numbers of the result that is bounded; the band of a profile alone.
WITH line AS (
	SELECT series, better, exp(avg(ln(cost / slowdown))) AS base, curve(ratio, slowdown) AS points
	FROM shown WHERE slowdown IS NOT NULL GROUP BY series)
SELECT series, p.value ->> 0 AS ratio,
	round(CASE WHEN result IS NULL THEN p.value ->> 1
		WHEN better = 'higher' THEN 1 / (base * (p.value ->> 1))
		ELSE base * (p.value ->> 1) END, 6) AS y,
	CASE WHEN fit = 'profile' THEN round(p.value ->> 2, 6) END AS low,
	CASE WHEN fit = 'profile' THEN round(p.value ->> 3, 6) END AS high
FROM line JOIN bounded, json_each(points) p ORDER BY series, ratio;

CREATE TEMP TABLE answer AS
SELECT fit(ratio, cost, bound, result IS NULL, least) AS crossing,
	CASE WHEN result IS NOT NULL AND better = 'higher' THEN 1 / bound ELSE bound END AS bound
FROM shown JOIN bounded WHERE fit <> 'profile';

CREATE TEMP VIEW variables AS
SELECT nr_series, labels, common.unsound, result IS NULL AS normalised,
	(SELECT min(y) FROM y_of) AS bottom,
	max((SELECT max(y) FROM y_of), ifnull(answer.bound, 0)) AS top,
	answer.bound AS bound, crossing ->> 0 AS ratio, crossing ->> 1 AS low, crossing ->> 2 AS high,
	CASE WHEN result IS NULL THEN 'slowdown (times ratio 1)' ELSE (SELECT metric || ' ('
		|| CASE unit WHEN 'per_s' THEN '1/s' WHEN 'us' THEN 'µs' ELSE unit END || ')' FROM shown) END AS y_label,
	caption || CASE WHEN crossing IS NULL THEN '' ELSE CASE caption WHEN '' THEN '' ELSE '; ' END
		|| format('the bound is crossed between ratio %.2f and %.2f (95 %%)', crossing ->> 1,
			crossing ->> 2) END AS caption
FROM common JOIN bounded LEFT JOIN answer;
