-- SPDX-License-Identifier: GPL-2.0-or-later
-- The slowdowns of the newest profile of workload ?1, with parameters ?2, backend ?3, on machine ?4 (NULL:
-- any): ratio, slowdown, repeat, and of the whole: newest run, its age in seconds, peak.

WITH asked AS (
	SELECT r.id, r.ratio, r.repeat, r.started, r.peak_bytes,
		CASE p.better WHEN 'higher' THEN 1 / p.value ELSE p.value END AS cost,
		json_array(r.machine, r.experiment, r.backend, r.backend_params, r.workload_params, r.run_params,
			CAST(r.seed AS INTEGER) - r.repeat) AS kind
	FROM run_job r JOIN performance p ON p.run = r.id AND p.job = r.job
	WHERE r.facts ->> '$.fit' = 'profile' AND r.workload = ?1 AND r.status = 'ok' AND p.value > 0
		AND r.workload_params = ifnull(?2, r.workload_params) AND r.backend = ifnull(?3, r.backend)
		AND r.machine = ifnull(?4, r.machine)),
pair AS (
	SELECT a.*, a.cost / b.cost AS slowdown FROM asked a
	JOIN asked b ON b.kind = a.kind AND b.repeat = a.repeat AND b.ratio = 1 AND a.ratio < 1),
newest AS (SELECT kind FROM pair ORDER BY id DESC LIMIT 1),
whole AS (
	SELECT max(id) AS run, max(peak_bytes) AS peak_bytes,
		unixepoch() - unixepoch(max(started)) AS age_s
	FROM asked WHERE kind = (SELECT kind FROM newest))
SELECT p.ratio, slowdown, repeat, whole.run, whole.age_s, whole.peak_bytes
FROM pair p JOIN newest USING (kind) JOIN whole;
