-- SPDX-License-Identifier: GPL-2.0-or-later
-- One run over time: the chosen one, or the latest.

CREATE TEMP TABLE axis AS SELECT 'none' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked ORDER BY id DESC, job LIMIT 1;
CREATE TEMP TABLE shown AS SELECT *, 0 AS series, workload AS name FROM candidate;

CREATE TEMP TABLE metrics AS
WITH counted AS (
	SELECT what, metric FROM usage u JOIN shown ON u.run = shown.id AND u.job = shown.job)
SELECT (SELECT metric FROM counted WHERE what = 'page_ins') AS ins,
	(SELECT metric FROM counted WHERE what = 'page_outs') AS outs,
	(SELECT metric FROM counted WHERE what = 'local') AS near,
	(SELECT metric FROM counted WHERE what = 'far') AS far,
	(SELECT m.id FROM metric m JOIN shown USING (job)
		WHERE collector = 'progress' AND key = 'operations') AS ops,
	(SELECT m.id FROM metric m JOIN shown USING (job)
		WHERE collector = 'cgroup_cpu' AND key = 'usage_usec') AS cpu,
	(SELECT m.id FROM metric m JOIN shown USING (job)
		WHERE collector = 'pressure' AND key = 'some_total') AS stall;

-- At most some 200 points, what a column's width can show, each a mean over its time: marks at
-- phase boundaries lie so close to their neighbours that a rate between the two would be a spike.
CREATE TEMP TABLE bin AS
WITH span AS (
	SELECT min(end_ns) AS first_ns, max(100000000, (max(end_ns) - min(end_ns)) / 200) AS bin_ns
	FROM tick WHERE run = (SELECT id FROM shown))
SELECT t.run, max(t.tick) AS tick, max(t.end_ns) AS end_ns FROM tick t JOIN span
WHERE t.run = (SELECT id FROM shown) GROUP BY (t.end_ns - first_ns) / bin_ns;

-- Each metric's last value at or before the tick.
WITH held AS (
	SELECT (b.end_ns - shown.begin_ns) / 1e9 AS t_s,
		(SELECT value FROM sample s WHERE s.run = b.run AND s.metric = ins
			AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1) AS ins,
		(SELECT value FROM sample s WHERE s.run = b.run AND s.metric = outs
			AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1) AS outs,
		(SELECT value FROM sample s WHERE s.run = b.run AND s.metric = near
			AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1) AS near,
		(SELECT value FROM sample s WHERE s.run = b.run AND s.metric = far
			AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1) AS far,
		(SELECT value FROM sample s WHERE s.run = b.run AND s.metric = ops
			AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1) AS ops,
		(SELECT value FROM sample s WHERE s.run = b.run AND s.metric = cpu
			AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1) AS cpu,
		(SELECT value FROM sample s WHERE s.run = b.run AND s.metric = stall
			AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1) AS stall
	FROM bin b JOIN shown JOIN metrics),
-- Some programs tell their operations less often than they are read: from one change to the next.
step AS (SELECT t_s, ops, lag(ops) OVER (ORDER BY t_s) AS before FROM held),
told AS MATERIALIZED (
	SELECT t_s, (ops - lag(ops) OVER w) / (t_s - lag(t_s) OVER w) AS per_s
	FROM step WHERE ops IS NOT before WINDOW w AS (ORDER BY t_s))
SELECT t_s, (ins - lag(ins) OVER w) / (t_s - lag(t_s) OVER w) AS page_ins_per_s,
	(outs - lag(outs) OVER w) / (t_s - lag(t_s) OVER w) AS page_outs_per_s,
	near / 1048576.0 AS local_mib, far / 1048576.0 AS far_mib,
	(SELECT per_s FROM told t WHERE t.t_s >= held.t_s ORDER BY t.t_s LIMIT 1) AS ops_per_s,
	(cpu - lag(cpu) OVER w) / 1e6 / (t_s - lag(t_s) OVER w) AS cpus,
	(stall - lag(stall) OVER w) / 1e6 / (t_s - lag(t_s) OVER w) AS stalled
FROM held WINDOW w AS (ORDER BY t_s) ORDER BY t_s;

SELECT p.name AS phase, (p.begin_ns - shown.begin_ns) / 1e9 AS begin_s,
	(p.end_ns - shown.begin_ns) / 1e9 AS end_s
FROM shown JOIN phase p ON p.run = shown.id ORDER BY p.begin_ns;

-- A client that counts by seconds (workload kv) has a 99th percentile of each whole second in the window,
-- from when it began to count: as the warm-up did. In a co-run it began so long before the job's end as the window is.
CREATE TEMP TABLE second AS
WITH whole AS (
	SELECT (SELECT min(begin_ns) FROM phase WHERE run = shown.id AND name IN ('warmup', 'measure')) AS origin,
		(SELECT begin_ns FROM phase WHERE run = shown.id AND name = 'measure') AS begin, begin_ns,
		CAST(1e9 * ((SELECT sum(value) FROM result r WHERE r.run = shown.id AND r.job = shown.job
			AND r.name IN ('arrival', 'completion')) - (run_params ->> '$.duration')) AS INTEGER) AS later
	FROM shown),
phases AS (
	SELECT iif(later, begin + later, origin) AS origin, begin + ifnull(later, 0) AS begin, begin_ns
	FROM whole)
SELECT (origin + ((begin - origin + 999999999) / 1000000000 + substr(r.name, 16)) * 1000000000
		+ 500000000 - phases.begin_ns) / 1e9 AS t_s, r.value AS p99_us
FROM phases JOIN shown JOIN result r ON r.run = shown.id AND r.job = shown.job
WHERE r.name GLOB 'latency_p99_at.*';

SELECT t_s, p99_us FROM second ORDER BY t_s;

CREATE TEMP VIEW variables AS
SELECT common.*,
	(SELECT max(t.end_ns - shown.begin_ns) / 1e9 FROM tick t WHERE t.run = shown.id) AS end_s,
	limit_bytes / 1048576.0 AS limit_mib,
	-- A rate needs two points.
	(SELECT count(*) FROM bin b JOIN metrics WHERE EXISTS
		(SELECT 1 FROM sample s WHERE s.run = b.run AND s.metric = ops AND s.tick <= b.tick)) > 1
		AS has_ops,
	EXISTS (SELECT 1 FROM metrics JOIN sample s ON s.run = shown.id AND s.metric IN (cpu, stall))
		AS has_cpu,
	EXISTS (SELECT 1 FROM second) AS has_p99,
	EXISTS (SELECT 1 FROM metrics JOIN sample s ON s.run = shown.id AND s.metric = stall) AS has_stall
FROM common JOIN shown;
