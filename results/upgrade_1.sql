-- SPDX-License-Identifier: GPL-2.0-or-later
-- Format 1 to 2, after schema.sql has been run beside the old tables, each renamed to old_NAME: a run
-- had one job, whose columns stood in `run`. Commands and parameters could hold secrets.

INSERT INTO machine SELECT id, facts FROM old_machine;
INSERT INTO run (id, uuid, machine, experiment, backend, backend_params, run_params, command,
	version, repeat, seed, pid, pid_start, started, begin_ns, end_ns, status, reason, facts)
SELECT id, uuid, machine, experiment, backend, hide_secrets(backend_params), run_params,
	hide_secrets(command), version, repeat, seed, pid, pid_start, started, begin_ns, end_ns,
	status, reason, facts
FROM old_run;
INSERT INTO job (run, job, name, workload, workload_params, ratio, peak_bytes, limit_bytes)
SELECT id, 1, workload, workload, hide_secrets(workload_params), ratio, peak_bytes, limit_bytes FROM old_run;
INSERT INTO phase SELECT run, name, begin_ns, end_ns FROM old_phase;
INSERT INTO result (run, job, ord, name, unit, better, value)
SELECT run, 1, ord, name, unit, better, value FROM old_result;
INSERT INTO flag (run, job, code, severity, detail) SELECT run, 1, code, severity, detail FROM old_flag;
INSERT INTO histogram (run, job, name, count, sum, min, max)
SELECT run, 1, name, count, sum, min, max FROM old_histogram;
INSERT INTO bucket (run, job, name, low, high, count)
SELECT run, 1, name, low, high, count FROM old_bucket;
INSERT INTO artifact SELECT run, name, path FROM old_artifact;
INSERT INTO metric (id, job, collector, key, unit, counter)
SELECT id, collector IN ('cgroup_cpu', 'memory_events', 'memory_stat', 'memory_usage', 'pressure',
	'reclaimer'), collector, key, unit, counter
FROM old_metric;
INSERT INTO tick SELECT run, tick, begin_ns, end_ns, late_ns FROM old_tick;
INSERT INTO sample SELECT run, metric, tick, value FROM old_sample;
INSERT INTO incoming SELECT run, tick, metric, value FROM old_incoming;

-- What format 1 took for the use of memory. Its far page-ins were major faults.
INSERT INTO usage (run, job, what, metric)
SELECT r.id, 1, u.column1, m.id
FROM run r
JOIN (VALUES ('local', 'memory_usage', 'memory.current'), ('far', 'memory_usage', 'memory.swap.current'),
	('page_ins', 'memory_stat', 'pgmajfault'), ('page_outs', 'vmstat', 'pswpout')) u
JOIN metric m ON m.collector = u.column2 AND m.key = u.column3
WHERE EXISTS (SELECT 1 FROM sample s WHERE s.run = r.id AND s.metric = m.id);
