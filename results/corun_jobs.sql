-- SPDX-License-Identifier: GPL-2.0-or-later
-- The jobs of the runs ?1, a JSON array, in order: whose policy, when it came, and what became of it.

SELECT r.id AS run, r.status, r.run_params ->> '$.policy' AS policy, r.repeat, r.job_name AS job, r.workload,
	r.ratio, max(v.value) FILTER (WHERE v.name = 'arrival') AS arrival_s,
	max(v.value) FILTER (WHERE v.name = 'queueing') AS queueing_s,
	max(v.value) FILTER (WHERE v.name = 'running') AS running_s,
	max(v.value) FILTER (WHERE v.name = 'completion') AS completion_s,
	max(v.value) FILTER (WHERE v.name = 'slowdown') AS slowdown_times,
	(SELECT delta FROM phase_usage u WHERE u.run = r.id AND u.job = r.job AND u.what = 'page_ins'
		AND u.phase = 'measure') AS page_ins
FROM json_each(?1) c JOIN run_job r ON r.id = c.value
LEFT JOIN result v ON v.run = r.id AND v.job = r.job
GROUP BY r.id, r.job ORDER BY c.key, r.job
