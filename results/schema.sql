-- SPDX-License-Identifier: GPL-2.0-or-later
-- The data model. Times ending in _ns are CLOCK_MONOTONIC; wall-clock times are labels only.
-- What is not known is NULL, never 0. Change it only together with SCHEMA_VERSION in store.c.

-- Lasting facts of one machine (kernel, CPUs, NUMA …) as a JSON object, keys sorted.
CREATE TABLE machine (
	id INTEGER PRIMARY KEY,
	facts TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,
	machine INTEGER NOT NULL REFERENCES machine,
	experiment TEXT,
	backend TEXT NOT NULL,
	backend_params TEXT NOT NULL,	-- JSON objects: equal parameters, equal text
	run_params TEXT NOT NULL,
	command TEXT,			-- as typed
	version TEXT,			-- git describe of fmbench
	repeat INTEGER NOT NULL,
	seed TEXT NOT NULL,		-- 64 bits unsigned: more than an INTEGER holds
	pid INTEGER NOT NULL,
	pid_start INTEGER NOT NULL,
	started TEXT NOT NULL,		-- wall clock
	begin_ns INTEGER NOT NULL,
	end_ns INTEGER,
	status TEXT NOT NULL CHECK (status IN ('started', 'ok', 'failed', 'untrusted')),
	reason TEXT,
	facts TEXT NOT NULL DEFAULT '{}' -- of this run's moment: swap areas, THP, backend's own
) STRICT;
CREATE INDEX run_by_experiment ON run (experiment);

-- The programs of a run, each under a limit of its own; most runs have one. Jobs are numbered from 1
-- within their run. Elsewhere job 0 means the run or the machine as a whole.
CREATE TABLE job (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	job INTEGER NOT NULL CHECK (job >= 1),
	name TEXT NOT NULL,
	workload TEXT NOT NULL,
	workload_params TEXT NOT NULL,	-- a JSON object, as those of run
	ratio REAL,			-- NULL: the workload sets its limit itself
	peak_bytes INTEGER,
	limit_bytes INTEGER,		-- NULL: no limit
	PRIMARY KEY (run, job),
	UNIQUE (run, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_by_workload ON job (workload, ratio);

CREATE TABLE phase (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	name TEXT NOT NULL,
	begin_ns INTEGER NOT NULL,
	end_ns INTEGER NOT NULL,
	PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

-- Phase `measure`, and the others, in the order of `ord`; the first one that has a better
-- direction is the job's performance. What one thread of several measured is named NAME.THREAD.
CREATE TABLE result (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	job INTEGER NOT NULL,
	ord INTEGER NOT NULL,
	name TEXT NOT NULL,
	unit TEXT NOT NULL,
	better TEXT CHECK (better IN ('higher', 'lower')), -- NULL: neither
	value REAL,
	PRIMARY KEY (run, job, ord),
	UNIQUE (run, job, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE flag (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	job INTEGER NOT NULL, -- 0: of the run as a whole
	code TEXT NOT NULL,
	severity TEXT NOT NULL CHECK (severity IN ('note', 'warning', 'fatal')),
	detail TEXT,
	PRIMARY KEY (run, job, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE histogram (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	job INTEGER NOT NULL,
	name TEXT NOT NULL,
	count INTEGER NOT NULL,
	sum REAL NOT NULL,
	min INTEGER,	-- NULL while empty
	max INTEGER,
	PRIMARY KEY (run, job, name)
) STRICT, WITHOUT ROWID;

-- Buckets that are not empty; low and high are inclusive.
CREATE TABLE bucket (
	run INTEGER NOT NULL,
	job INTEGER NOT NULL,
	name TEXT NOT NULL,
	low INTEGER NOT NULL,
	high INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (run, job, name, low),
	FOREIGN KEY (run, job, name) REFERENCES histogram ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE artifact (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	name TEXT NOT NULL,
	path TEXT NOT NULL,		-- relative to the database's directory
	PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
	id INTEGER PRIMARY KEY,
	job INTEGER NOT NULL, -- 0: of the machine or the backend
	collector TEXT NOT NULL,
	key TEXT NOT NULL,
	unit TEXT NOT NULL,
	counter INTEGER NOT NULL, -- 1: only grows, 0: a level
	UNIQUE (job, collector, key)
) STRICT;

-- Which metric counts a job's pages: as the run's backend says (backend.h), of what was sampled.
CREATE TABLE usage (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	job INTEGER NOT NULL,
	what TEXT NOT NULL CHECK (what IN ('local', 'far', 'page_ins', 'page_outs')),
	metric INTEGER NOT NULL REFERENCES metric,
	PRIMARY KEY (run, job, what)
) STRICT, WITHOUT ROWID;

-- One reading of all collectors. It counts from end_ns on, when its last value was read.
CREATE TABLE tick (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	tick INTEGER NOT NULL,
	begin_ns INTEGER NOT NULL,
	end_ns INTEGER NOT NULL,
	late_ns INTEGER NOT NULL,
	PRIMARY KEY (run, tick)
) STRICT, WITHOUT ROWID;
CREATE INDEX tick_by_time ON tick (run, end_ns, tick);

-- Stored only when it changed: a value stands until the next row of its metric.
CREATE TABLE sample (
	run INTEGER NOT NULL,
	metric INTEGER NOT NULL REFERENCES metric,
	tick INTEGER NOT NULL,
	value ANY NOT NULL, -- INTEGER; REAL where it exceeds 2^63
	PRIMARY KEY (run, metric, tick),
	FOREIGN KEY (run, tick) REFERENCES tick ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Samples of a run that goes on, in the order of their arrival: a tick is one page, not one for each
-- metric. They move to `sample` as soon as something is asked of the run, or when it ends.
CREATE TABLE incoming (
	run INTEGER NOT NULL,
	tick INTEGER NOT NULL,
	metric INTEGER NOT NULL,
	value ANY NOT NULL,
	PRIMARY KEY (run, tick, metric)
) STRICT, WITHOUT ROWID;

-- The views are written so that SQLite can flatten them into the query that asks (no GROUP BY or
-- window at their top): `WHERE run = …` then reaches the primary keys, and columns nobody asks
-- for cost nothing.

-- A phase and the last readings at or before its two ends; both NULL unless a reading lies within or
-- at its end. within: was anything read between the ends?
CREATE VIEW phase_edge AS
SELECT run, name AS phase, begin_ns, end_ns,
	(SELECT tick FROM tick t WHERE t.run = p.run AND t.end_ns <= p.begin_ns
	 ORDER BY t.end_ns DESC LIMIT 1) AS first_tick,
	(SELECT tick FROM tick t
	 WHERE t.run = p.run AND t.end_ns > p.begin_ns AND t.end_ns <= p.end_ns
	 ORDER BY t.end_ns DESC LIMIT 1) AS last_tick,
	EXISTS (SELECT 1 FROM tick t
		WHERE t.run = p.run AND t.end_ns > p.begin_ns AND t.end_ns < p.end_ns) AS within
FROM phase p;

-- Counters: delta. Gauges: time-weighted mean, min and max. NULL where the run had the metric but
-- the phase was not sampled; a delta also where there is no reading before the phase, a mean where
-- there are readings at the phase's two ends only.
CREATE VIEW phase_delta AS
SELECT p.run, p.phase, m.job, m.collector, m.key, m.unit, m.id AS metric,
	CASE WHEN m.counter AND p.last_tick IS NOT NULL THEN
		(SELECT value FROM sample s
		 WHERE s.run = p.run AND s.metric = m.id AND s.tick <= p.last_tick
		 ORDER BY s.tick DESC LIMIT 1) -
		(SELECT value FROM sample s
		 WHERE s.run = p.run AND s.metric = m.id AND s.tick <= p.first_tick
		 ORDER BY s.tick DESC LIMIT 1)
	END AS delta,
	CASE WHEN NOT m.counter AND p.within THEN
		(SELECT sum(1.0 * value * (until_ns - from_ns)) / sum(until_ns - from_ns)
		 FROM (SELECT s.value, max(t.end_ns, p.begin_ns) AS from_ns,
				lead(t.end_ns, 1, p.end_ns) OVER (ORDER BY s.tick) AS until_ns
		       FROM sample s JOIN tick t ON t.run = s.run AND t.tick = s.tick
		       WHERE s.run = p.run AND s.metric = m.id AND s.tick <= p.last_tick
			 AND s.tick >= ifnull((SELECT b.tick FROM sample b
				WHERE b.run = p.run AND b.metric = m.id AND b.tick <= p.first_tick
				ORDER BY b.tick DESC LIMIT 1), 0)))
	END AS mean,
	CASE WHEN NOT m.counter THEN
		(SELECT min(value) FROM sample s
		 WHERE s.run = p.run AND s.metric = m.id AND s.tick <= p.last_tick
		   AND s.tick >= ifnull((SELECT b.tick FROM sample b
			WHERE b.run = p.run AND b.metric = m.id AND b.tick <= p.first_tick
			ORDER BY b.tick DESC LIMIT 1), 0))
	END AS min,
	CASE WHEN NOT m.counter THEN
		(SELECT max(value) FROM sample s
		 WHERE s.run = p.run AND s.metric = m.id AND s.tick <= p.last_tick
		   AND s.tick >= ifnull((SELECT b.tick FROM sample b
			WHERE b.run = p.run AND b.metric = m.id AND b.tick <= p.first_tick
			ORDER BY b.tick DESC LIMIT 1), 0))
	END AS max
FROM phase_edge p CROSS JOIN metric m
WHERE EXISTS (SELECT 1 FROM sample s WHERE s.run = p.run AND s.metric = m.id);

-- Each counter's growth per second since the reading before.
CREATE VIEW rate AS
SELECT t.run, t.tick, t.end_ns, m.job, m.collector, m.key, m.unit,
	((SELECT value FROM sample s WHERE s.run = t.run AND s.metric = m.id AND s.tick <= t.tick
	  ORDER BY s.tick DESC LIMIT 1) -
	 (SELECT value FROM sample s WHERE s.run = t.run AND s.metric = m.id AND s.tick <= b.tick
	  ORDER BY s.tick DESC LIMIT 1)) * 1e9 / (t.end_ns - b.end_ns) AS per_s
FROM metric m CROSS JOIN tick t CROSS JOIN tick b
WHERE m.counter AND b.run = t.run
  AND b.tick = (SELECT max(tick) FROM tick x WHERE x.run = t.run AND x.tick < t.tick)
  AND EXISTS (SELECT 1 FROM sample s WHERE s.run = t.run AND s.metric = m.id);

-- The one result that stands for a job.
CREATE VIEW performance AS
SELECT run, job, name, unit, better, value FROM result r
WHERE ord = (SELECT min(ord) FROM result x WHERE x.run = r.run AND x.job = r.job
	AND x.better IS NOT NULL);

-- A run and one of its jobs, in one row; id is the run's.
CREATE VIEW run_job AS
SELECT r.*, j.job, j.name AS job_name, j.workload, j.workload_params, j.ratio, j.peak_bytes,
	j.limit_bytes
FROM run r JOIN job j ON j.run = r.id;

-- Jobs that differ in nothing but ratio and backend share a cell: these may be compared.
CREATE VIEW alike AS
SELECT id AS run, job, json_array(machine, workload, workload_params, run_params) AS cell
FROM run_job;

-- How a job's memory was used within a phase: `what` as in usage.
CREATE VIEW phase_usage AS
SELECT u.run, u.job, u.what, d.phase, d.collector, d.key, d.unit, d.delta, d.mean, d.min, d.max
FROM usage u JOIN phase_delta d ON d.run = u.run AND d.metric = u.metric;

-- One row a job, over the measure phase. Flags are the job's and the run's.
CREATE VIEW run_summary AS
SELECT r.id AS run, r.uuid, r.started, r.experiment, r.job, r.workload, r.backend, r.ratio, r.repeat, r.status, r.peak_bytes, r.limit_bytes,
	CAST(round((SELECT mean FROM phase_usage u WHERE u.run = r.id AND u.job = r.job
		AND u.what = 'local' AND u.phase = 'measure')) AS INTEGER) AS local_bytes,
	CAST(round((SELECT mean FROM phase_usage u WHERE u.run = r.id AND u.job = r.job
		AND u.what = 'far' AND u.phase = 'measure')) AS INTEGER) AS far_bytes,
	(SELECT (end_ns - begin_ns) / 1e9 FROM phase WHERE run = r.id AND name = 'measure')
		AS measure_s,
	(SELECT delta FROM phase_delta d WHERE d.run = r.id AND d.job = r.job AND d.phase = 'measure'
		AND d.collector = 'memory_stat' AND d.key = 'pgmajfault') AS major_faults,
	(SELECT delta * 1e9 / (p.end_ns - p.begin_ns) FROM phase_delta d
		JOIN phase p ON p.run = d.run AND p.name = d.phase
		WHERE d.run = r.id AND d.job = r.job AND d.phase = 'measure'
		AND d.collector = 'memory_stat' AND d.key = 'pgmajfault') AS major_faults_per_s,
	(SELECT delta FROM phase_usage u WHERE u.run = r.id AND u.job = r.job
		AND u.what = 'page_ins' AND u.phase = 'measure') AS page_ins,
	(SELECT delta * 1e9 / (p.end_ns - p.begin_ns) FROM phase_usage u
		JOIN phase p ON p.run = u.run AND p.name = u.phase
		WHERE u.run = r.id AND u.job = r.job AND u.what = 'page_ins'
		AND u.phase = 'measure') AS page_ins_per_s,
	ifnull((SELECT group_concat(code, ' ') FROM (SELECT DISTINCT code FROM flag
		WHERE run = r.id AND job IN (0, r.job) ORDER BY code)), '') AS flags
FROM run_job r;
