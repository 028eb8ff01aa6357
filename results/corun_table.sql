-- SPDX-License-Identifier: GPL-2.0-or-later
-- The same for people: medians of the sound runs, a row a job and policy. Jobs of one section are one row.

WITH job AS (
	SELECT r.id, r.job, r.run_params ->> '$.policy' AS policy, c.key AS place,
		rtrim(rtrim(r.job_name, '0123456789'), '-') AS name,
		(SELECT delta FROM phase_usage u WHERE u.run = r.id AND u.job = r.job
			AND u.what = 'page_ins' AND u.phase = 'measure') AS page_ins
	FROM json_each(?1) c JOIN run_job r ON r.id = c.value
	WHERE r.status IN ('ok', 'untrusted')),
told AS (
	SELECT j.*, q.value AS queueing, e.value AS running, k.value AS completion, s.value AS slowdown
	FROM job j
	LEFT JOIN result q ON q.run = j.id AND q.job = j.job AND q.name = 'queueing'
	LEFT JOIN result e ON e.run = j.id AND e.job = j.job AND e.name = 'running'
	LEFT JOIN result k ON k.run = j.id AND k.job = j.job AND k.name = 'completion'
	LEFT JOIN result s ON s.run = j.id AND s.job = j.job AND s.name = 'slowdown')
SELECT name AS job, policy, count(*) AS nr, round(median(queueing), 2) AS "queueing s",
	round(median(running), 2) AS "running s", round(median(completion), 2) AS "completion s",
	round(median(slowdown), 3) AS slowdown, round(median_low(slowdown), 3) AS low,
	round(median_high(slowdown), 3) AS high, median(page_ins) AS "far page-ins"
FROM told GROUP BY name, policy ORDER BY name, min(place)
