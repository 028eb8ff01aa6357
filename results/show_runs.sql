-- SPDX-License-Identifier: GPL-2.0-or-later
-- The runs of ?1 (a JSON array of ids), a row a job, in that order. `how` names the parameters that
-- these runs differ in.

WITH params AS MATERIALIZED (
	SELECT p.*, r.workload, CASE whose WHEN 'backend' THEN r.backend ELSE '' END AS backend
	FROM json_each(?1) c JOIN run_job r ON r.id = c.value
	JOIN param p ON p.run = r.id AND p.job = r.job),
differ AS (
	SELECT workload, backend, whose, key FROM params GROUP BY 1, 2, 3, 4
	HAVING count(DISTINCT ifnull(value, '')) > 1),
told AS (
	SELECT run, job, group_concat(key || '=' || text, ' ') AS how
	FROM params JOIN differ USING (workload, backend, whose, key)
	WHERE value IS NOT NULL GROUP BY run, job)
SELECT s.run, s.workload, s.backend, s.ratio, s.status, s.local_bytes, s.far_bytes,
	p.name, p.unit, p.better, p.value, l.name, l.unit, l.value, s.page_ins_per_s, s.flags, told.how
FROM json_each(?1) c CROSS JOIN run r ON r.id = c.value
CROSS JOIN run_summary s ON s.run = r.id
LEFT JOIN told ON told.run = r.id AND told.job = s.job
LEFT JOIN result p ON p.run = r.id AND p.job = s.job
	AND p.ord = (SELECT min(ord) FROM result
		WHERE run = r.id AND job = s.job AND better IS NOT NULL)
LEFT JOIN result l ON l.run = r.id AND l.job = s.job
	AND l.ord = (SELECT min(ord) FROM result
		WHERE run = r.id AND job = s.job AND name LIKE 'latency%')
ORDER BY c.key, s.job;
