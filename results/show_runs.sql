-- SPDX-License-Identifier: GPL-2.0-or-later
-- The runs of ?1 (a JSON array of ids), a row a job, in that order. `how` names the parameters that
-- these runs differ in. ?2 has their baselines: a JSON array of [run, job, baseline_run, age_s]. Memory
-- and flags are as in run_summary, which would make this query three times as long to prepare: `fmbench
-- run` prints this table at each end.

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
	WHERE value IS NOT NULL GROUP BY run, job),
memory AS MATERIALIZED (
	SELECT u.run, u.job,
		CAST(round(max(iif(u.what = 'local', u.mean, NULL))) AS INTEGER) AS local_bytes,
		CAST(round(max(iif(u.what = 'far', u.mean, NULL))) AS INTEGER) AS far_bytes,
		max(iif(u.what = 'page_ins', u.delta * 1e9 / (p.end_ns - p.begin_ns), NULL))
			AS page_ins_per_s
	FROM json_each(?1) c
	CROSS JOIN phase_usage u ON u.run = c.value AND u.phase = 'measure'
	JOIN phase p ON p.run = u.run AND p.name = u.phase
	GROUP BY u.run, u.job)
SELECT r.id, r.workload, r.backend, r.ratio, r.status, m.local_bytes, m.far_bytes,
	p.name, p.unit, p.better, p.value, l.name, l.unit, l.value, m.page_ins_per_s,
	ifnull((SELECT group_concat(code, ' ') FROM (SELECT DISTINCT code FROM flag
		WHERE run = r.id AND job IN (0, r.job) ORDER BY code)), ''),
	told.how, base.value, b.value ->> 2, b.value ->> 3
FROM json_each(?1) c CROSS JOIN run_job r ON r.id = c.value
LEFT JOIN memory m ON m.run = r.id AND m.job = r.job
LEFT JOIN told ON told.run = r.id AND told.job = r.job
LEFT JOIN result p ON p.run = r.id AND p.job = r.job
	AND p.ord = (SELECT min(ord) FROM result
		WHERE run = r.id AND job = r.job AND better IS NOT NULL)
LEFT JOIN result l ON l.run = r.id AND l.job = r.job
	AND l.ord = (SELECT min(ord) FROM result
		WHERE run = r.id AND job = r.job AND name LIKE 'latency%')
LEFT JOIN json_each(?2) b ON b.value ->> 0 = r.id AND b.value ->> 1 = r.job
LEFT JOIN result base ON base.run = b.value ->> 2 AND base.name = p.name AND base.unit = p.unit
ORDER BY c.key, r.job;
