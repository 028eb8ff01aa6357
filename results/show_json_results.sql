-- SPDX-License-Identifier: GPL-2.0-or-later
-- The results of job ?2 of run ?1, what the baseline has, and how many times worse they are.

WITH pair AS (
	SELECT r.ord, r.name, r.value, r.unit, r.better, o.value AS baseline
	FROM result r LEFT JOIN result o ON o.name = r.name AND o.unit = r.unit
		AND o.run = (SELECT baseline_run FROM baseline b WHERE b.run = ?1 AND b.job = ?2)
	WHERE r.run = ?1 AND r.job = ?2)
SELECT name, value, unit, better, baseline, CASE WHEN value > 0 AND baseline > 0 THEN
	CASE better WHEN 'higher' THEN baseline / value WHEN 'lower' THEN value / baseline END END AS slowdown
FROM pair ORDER BY ord;
