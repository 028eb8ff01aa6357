-- SPDX-License-Identifier: GPL-2.0-or-later
-- For each workload and backend the run that stands for it, and its label: the middle one of the cell
-- that is nearest to ratio 0.5. Of experiment ?1 (NULL: all).

WITH trusted AS (
	SELECT r.id, r.workload, r.backend, r.ratio, a.cell, p.value
	FROM run_job r JOIN alike a ON a.run = r.id AND a.job = r.job
	LEFT JOIN performance p ON p.run = r.id AND p.job = r.job
	WHERE r.status = 'ok' AND (?1 IS NULL OR r.experiment = ?1)),
cells AS (
	SELECT workload, backend, ratio, cell, row_number() OVER (PARTITION BY workload, backend
		ORDER BY abs(ifnull(ratio, 0.5) - 0.5), ratio, count(*) DESC, min(id)) AS place
	FROM trusted GROUP BY workload, backend, ratio, cell),
ranked AS (
	SELECT t.*, row_number() OVER (PARTITION BY t.workload, t.backend
			ORDER BY t.value, t.id) AS i,
		count(*) OVER (PARTITION BY t.workload, t.backend) AS n
	FROM trusted t JOIN cells c
		ON c.place = 1 AND c.cell = t.cell AND c.backend = t.backend AND c.ratio IS t.ratio)
SELECT id, workload || ' on ' || backend || ifnull(printf(' at ratio %g', ratio), '')
FROM ranked WHERE i = (n + 1) / 2 ORDER BY id;
