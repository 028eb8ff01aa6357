-- SPDX-License-Identifier: GPL-2.0-or-later
-- What one job does to another. Of the latest co-runs: with --matrix each job (row) beside each other
-- (column), against itself alone at the same ratio; else each job under each policy, against its run alone at
-- ratio 1.

CREATE TEMP TABLE axis AS SELECT 'none' AS parameter;
CREATE TEMP TABLE latest AS
SELECT run_params ->> '$.mix' AS mix, backend, backend_params,
	run_params ->> '$.mix' LIKE '% alone' OR run_params ->> '$.mix' LIKE '% beside %' AS is_matrix,
	CASE WHEN run_params ->> '$.mix' LIKE '% alone' OR run_params ->> '$.mix' LIKE '% beside %'
		THEN ratio END AS ratio
FROM asked WHERE run_params ->> '$.policy' IS NOT NULL ORDER BY id DESC LIMIT 1;

CREATE TEMP TABLE candidate AS
SELECT a.* FROM asked a JOIN latest l
WHERE a.job = 1 AND a.run_params ->> '$.policy' IS NOT NULL AND a.backend = l.backend
	AND a.backend_params = l.backend_params
	AND CASE WHEN l.is_matrix
		THEN (a.run_params ->> '$.mix' LIKE '% alone' OR a.run_params ->> '$.mix' LIKE '% beside %')
			AND a.ratio = l.ratio
		ELSE a.run_params ->> '$.mix' = l.mix END;

CREATE TEMP TABLE named AS
WITH told AS (
	SELECT c.id, c.job, c.run_params ->> '$.mix' AS mix, c.run_params ->> '$.policy' AS policy, c.job_name,
		p.better, p.value, is_matrix
	FROM asked c JOIN latest LEFT JOIN performance p ON p.run = c.id AND p.job = c.job
	WHERE c.drawable AND c.id IN (SELECT id FROM candidate))
SELECT *, CASE WHEN NOT is_matrix THEN rtrim(rtrim(job_name, '0123456789'), '-')
		WHEN mix LIKE '% alone' THEN substr(mix, 1, length(mix) - 6)
		WHEN job = 1 THEN substr(mix, 1, instr(mix, ' beside ') - 1)
		ELSE substr(mix, instr(mix, ' beside ') + 8) END AS one,
	CASE WHEN NOT is_matrix THEN policy
		WHEN mix LIKE '% alone' THEN NULL
		WHEN job = 1 THEN substr(mix, instr(mix, ' beside ') + 8)
		ELSE substr(mix, 1, instr(mix, ' beside ') - 1) END AS other
FROM told;

CREATE TEMP TABLE shown AS
WITH alone AS (SELECT one, median(value) AS value FROM named WHERE other IS NULL GROUP BY one)
SELECT n.id, n.job, 0 AS series, 'slowdown' AS name, one, other,
	CASE WHEN NOT is_matrix THEN (SELECT value FROM result v WHERE v.run = n.id AND v.job = n.job
			AND v.name = 'slowdown')
		WHEN better = 'higher' THEN (SELECT value FROM alone a WHERE a.one = n.one) / n.value
		ELSE n.value / (SELECT value FROM alone a WHERE a.one = n.one) END AS y
FROM named n WHERE other IS NOT NULL;
DELETE FROM shown WHERE y IS NULL;

CREATE TEMP TABLE cell AS
SELECT one, other, median(y) AS slowdown, median_low(y) AS low, median_high(y) AS high, count(*) AS nr,
	dense_rank() OVER (ORDER BY one) - 1 AS row, dense_rank() OVER (ORDER BY other) - 1 AS col
FROM shown GROUP BY one, other;

SELECT row, col, slowdown, low, high, nr FROM cell ORDER BY row, col;

SELECT DISTINCT row, one AS label FROM cell ORDER BY row;

SELECT DISTINCT col, other AS label FROM cell ORDER BY col;

CREATE TEMP VIEW variables AS
SELECT common.*, (SELECT max(row) + 1 FROM cell) AS nr_rows, (SELECT max(col) + 1 FROM cell) AS nr_cols,
	(SELECT max(slowdown) FROM cell) AS most, (SELECT max(length(one)) FROM cell) AS row_chars,
	(SELECT max(length(other)) FROM cell) AS col_chars,
	(SELECT CASE WHEN is_matrix THEN 'slowdown beside … (times alone at ratio ' || printf('%g', ratio) || ', '
			|| backend || ')'
		ELSE 'slowdown under each policy (times alone)' END FROM latest) AS heading
FROM common;
