-- SPDX-License-Identifier: GPL-2.0-or-later
-- One co-run over time: the chosen one, or the latest that went to its end.

CREATE TEMP TABLE axis AS SELECT 'none' AS parameter;
CREATE TEMP TABLE candidate AS
SELECT * FROM asked WHERE run_params ->> '$.policy' IS NOT NULL
ORDER BY status NOT IN ('ok', 'untrusted'), id DESC, job LIMIT 1;
CREATE TEMP TABLE shown AS SELECT *, 0 AS series, run_params ->> '$.policy' AS name FROM candidate;

CREATE TEMP TABLE bar AS
SELECT j.job, j.name, j.peak_bytes, a.value AS arrival_s, a.value + q.value AS start_s,
	a.value + k.value AS end_s, row_number() OVER (ORDER BY j.job) - 1 AS place
FROM shown JOIN main.job j ON j.run = shown.id
JOIN result a ON a.run = j.run AND a.job = j.job AND a.name = 'arrival'
JOIN result q ON q.run = j.run AND q.job = j.job AND q.name = 'queueing'
JOIN result k ON k.run = j.run AND k.job = j.job AND k.name = 'completion';

-- From one limit to the next.
CREATE TEMP TABLE segment AS
WITH origin AS (SELECT p.begin_ns FROM phase p JOIN shown ON p.run = shown.id WHERE p.name = 'measure'),
moved AS (
	SELECT b.job, b.place, b.peak_bytes, b.start_s, b.end_s, s.value AS bytes,
		(t.end_ns - o.begin_ns) / 1e9 AS at_s
	FROM shown JOIN bar b JOIN origin o
	JOIN metric m ON m.job = b.job AND m.collector = 'limit' AND m.key = 'bytes'
	JOIN sample s ON s.run = shown.id AND s.metric = m.id
	JOIN tick t ON t.run = s.run AND t.tick = s.tick),
until AS (
	SELECT *, lead(at_s, 1, end_s) OVER (PARTITION BY job ORDER BY at_s) AS next_s FROM moved)
SELECT job, place, max(at_s, start_s) AS from_s, min(next_s, end_s) AS to_s,
	bytes / 1048576.0 AS limit_mib, min(1.0, 1.0 * bytes / peak_bytes) AS ratio
FROM until WHERE bytes > 0 AND next_s > start_s AND at_s < end_s;

INSERT INTO segment
SELECT job, place, start_s, end_s, peak_bytes / 1048576.0, 1 FROM bar
WHERE job NOT IN (SELECT job FROM segment);

SELECT place, name, arrival_s, start_s, end_s FROM bar ORDER BY place;

SELECT place, from_s, to_s, ratio, limit_mib FROM segment ORDER BY place, from_s;

-- Local memory of all jobs, at most some 200 points.
WITH span AS (
	SELECT min(end_ns) AS first_ns, max(100000000, (max(end_ns) - min(end_ns)) / 200) AS bin_ns
	FROM tick WHERE run = (SELECT id FROM shown)),
bin AS (
	SELECT max(t.tick) AS tick, max(t.end_ns) AS end_ns FROM tick t JOIN span
	WHERE t.run = (SELECT id FROM shown) GROUP BY (t.end_ns - first_ns) / bin_ns)
SELECT (b.end_ns - p.begin_ns) / 1e9 AS t_s,
	sum((SELECT value FROM sample s WHERE s.run = shown.id AND s.metric = u.metric AND s.tick <= b.tick
		ORDER BY s.tick DESC LIMIT 1)) / 1048576.0 AS local_mib
FROM shown JOIN bin b JOIN usage u ON u.run = shown.id AND u.what = 'local'
JOIN phase p ON p.run = shown.id AND p.name = 'measure'
WHERE b.end_ns >= p.begin_ns AND b.end_ns <= p.end_ns GROUP BY b.tick ORDER BY t_s;

CREATE TEMP VIEW variables AS
SELECT common.*, (SELECT count(*) FROM bar) AS nr_jobs, (SELECT max(end_s) FROM bar) AS end_s,
	(SELECT max(length(name)) FROM bar) AS name_chars,
	(run_params ->> '$.local') / 1048576.0 AS local_mib,
	(SELECT max(limit_mib) FROM segment) AS limit_top,
	'policy ' || (run_params ->> '$.policy') AS policy
FROM common JOIN shown;
