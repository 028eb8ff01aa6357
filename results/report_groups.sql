-- SPDX-License-Identifier: GPL-2.0-or-later
-- Those of the runs ?1 (a JSON array) that are alike, a row a group: workload, runs (a JSON array),
-- parameters as they would be typed (a line each, key and value with a tab between; those at null are
-- not set), machine.

SELECT r.workload, json_group_array(r.id), (
		SELECT group_concat(replace(key, '_', '-') || char(9) || CASE type WHEN 'true' THEN 'yes'
			WHEN 'false' THEN 'no' ELSE value END, char(10))
		FROM (
			SELECT key, value, type FROM json_each(r.workload_params)
			UNION ALL
			SELECT key, value, type FROM json_each(r.run_params)
			WHERE key NOT IN (SELECT key FROM json_each(r.workload_params)))
		WHERE type <> 'null'),
	json_extract(m.facts, '$.host') || ', ' || json_extract(m.facts, '$.kernel')
FROM json_each(?1) c JOIN run_job r ON r.id = c.value
JOIN alike a ON a.run = r.id AND a.job = r.job JOIN machine m ON m.id = r.machine
WHERE r.status = 'ok' GROUP BY a.cell ORDER BY min(r.id);
