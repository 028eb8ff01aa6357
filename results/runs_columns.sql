-- SPDX-License-Identifier: GPL-2.0-or-later
-- What the runs ?1 (a JSON array) have of their own, a row a column: whose it is, its key, and the column's
-- name. Facts are those in which the runs differ. '_' stands for what is neither letter nor figure.

WITH chosen AS MATERIALIZED (SELECT j.* FROM json_each(?1) c JOIN run_job j ON j.id = c.value),
parameter AS (
	SELECT 'workload' AS whose, '' AS backend, p.key FROM chosen JOIN json_each(workload_params) p
	UNION
	SELECT 'backend', chosen.backend, p.key FROM chosen JOIN json_each(backend_params) p
	UNION
	SELECT 'run', '', p.key FROM chosen JOIN json_each(run_params) p),
fact AS (
	SELECT 'machine' AS whose, c.id, f.key, f.value FROM chosen c JOIN machine m ON m.id = c.machine
	JOIN json_each(m.facts) f WHERE f.key NOT IN ('host', 'kernel')
	UNION
	SELECT 'fact', c.id, f.key, f.value FROM chosen c JOIN json_each(c.facts) f
	WHERE f.key NOT GLOB 'missing.*'),
named AS (
	SELECT CASE whose WHEN 'workload' THEN 1 WHEN 'backend' THEN 2 ELSE 3 END AS ord, whose, backend, key,
		CASE whose WHEN 'workload' THEN 'p_' WHEN 'backend' THEN 'p_' || backend || '_'
			ELSE 'p_run_' END || key AS name
	FROM parameter
	UNION ALL
	SELECT 4, whose, '', key, 'f_' || key FROM fact GROUP BY whose, key
	HAVING count(DISTINCT value) > 1 OR count(DISTINCT id) < (SELECT count(DISTINCT id) FROM chosen))
SELECT whose, backend, key, replace(replace(name, '-', '_'), '.', '_') FROM named ORDER BY ord, name;
