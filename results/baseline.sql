-- SPDX-License-Identifier: GPL-2.0-or-later
-- Which runs belong together. These views are a connection's own (store_open() makes them), so that
-- a database of an older fmbench has them, too.

-- Runs of one repeat are made beside each other: what drifts falls on all of them alike. Where there
-- is no experiment, a repeat is one of the process that made it.
CREATE TEMP VIEW block AS
SELECT id AS run,
	CASE WHEN experiment IS NOT NULL THEN json_array(experiment, seed, repeat)
	ELSE json_array(machine, pid, pid_start, repeat) END AS block
FROM main.run;

-- A run that is about to be made asks for its baseline, too: it stands here, and its number is 0.
CREATE TEMP TABLE prospect (
	machine INTEGER NOT NULL,
	experiment TEXT,
	workload TEXT NOT NULL,
	workload_params TEXT NOT NULL,
	run_params TEXT NOT NULL,
	version TEXT,
	backend TEXT NOT NULL,
	backend_params TEXT NOT NULL,
	started TEXT NOT NULL,
	facts TEXT NOT NULL
);

-- The one rule for the run at ratio 1 that a job is measured against (baseline_run; NULL: none fits).
-- A baseline has one job, numbered 1, which shares the other job's `kind`: workload and parameters, the
-- machine's facts and settings that move results, the version of fmbench and those of the workload's
-- programs (facts WORKLOAD.*_version). Without a limit nothing is far: the backend, and options of a
-- run that speak of far pages or of other jobs only, need not be the same. A co-run is no baseline. Of several: the same experiment's, the same
-- block's, the same backend's, the nearest in time.
CREATE TEMP VIEW baseline AS
WITH asked AS (
	SELECT id AS run, job, machine, experiment, workload, workload_params, run_params, version,
		backend, backend_params, started, facts,
		ratio = 1 AND limit_bytes IS NULL AND status = 'ok'
			AND run_params ->> '$.policy' IS NULL
			AND NOT EXISTS (SELECT 1 FROM main.job j WHERE j.run = id AND j.job > 1) AS is_base
	FROM main.run_job WHERE ratio IS NOT NULL
	UNION ALL
	SELECT 0, 1, machine, experiment, workload, workload_params, run_params, version,
		backend, backend_params, started, facts, 0
	FROM temp.prospect),
known AS MATERIALIZED (
	SELECT run, job, is_base, experiment, backend || backend_params AS backend,
		unixepoch(started) AS at_s, (SELECT b.block FROM block b WHERE b.run = a.run) AS block,
		json_array(workload, workload_params, version,
			json_remove(run_params, '$."set.vm.page-cluster"', '$."reclaim-headroom"',
				'$."reclaim-step"', '$.policy', '$.local', '$."limit-step"', '$.mix',
				'$."pressure-target"', '$.schedule', '$.program',
				'$."limit-at"'),
			json_extract(m.facts, '$.host', '$.arch', '$.kernel', '$.kernel_build', '$.cpu',
				'$.cpus', '$.numa_nodes', '$.lab'),
			json_extract(a.facts, '$.thp', '$.thp_defrag', '$.mglru', '$.swappiness',
				'$.numa_balancing', '$.ksm', '$.governor', '$.no_turbo', '$.boost',
				'$.smt', '$.pti'),
			(SELECT json_group_array(key || ' ' || value) FROM (SELECT key, value
				FROM json_each(a.facts) WHERE key GLOB workload || '.*_version'
				ORDER BY key))) AS kind
	FROM asked a JOIN main.machine m ON m.id = a.machine),
ranked AS (
	SELECT a.run, a.job, b.run AS baseline_run, abs(b.at_s - a.at_s) AS age_s,
		row_number() OVER (PARTITION BY a.run, a.job ORDER BY b.run = a.run DESC,
			ifnull(b.experiment = a.experiment, 0) DESC, ifnull(b.block = a.block, 0) DESC,
			b.backend = a.backend DESC, abs(b.at_s - a.at_s), abs(b.run - a.run)) AS place
	FROM known a LEFT JOIN known b
	  ON b.is_base AND b.kind = a.kind)
SELECT run, job, baseline_run, age_s FROM ranked WHERE place = 1;
