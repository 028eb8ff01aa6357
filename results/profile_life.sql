-- SPDX-License-Identifier: GPL-2.0-or-later
-- How long the runs of a profile took, one of which is ?1, or that run alone where it is of none: a row a
-- ratio, medians. The load, and the rest (measure, verify), in seconds, each with the CPU time of the job's
-- group in it; and the CPUs that it had.

WITH like AS (
	SELECT id, facts ->> '$.fit' = 'profile' AS of_profile, machine, experiment, backend, backend_params, workload, workload_params, run_params,
		CAST(seed AS INTEGER) - repeat AS seed
	FROM run_job WHERE id = ?1 AND job = 1),
run AS (
	SELECT r.id, r.ratio, r.facts ->> '$."placement.workload_cpus"' AS cpus
	FROM run_job r JOIN like l ON r.id = l.id
	UNION
	SELECT r.id, r.ratio, r.facts ->> '$."placement.workload_cpus"'
	FROM run_job r JOIN like l USING (machine, experiment, backend, backend_params, workload, workload_params,
		run_params)
	WHERE l.of_profile AND r.facts ->> '$.fit' = 'profile' AND r.status = 'ok'
		AND CAST(r.seed AS INTEGER) - r.repeat = l.seed),
part AS (
	SELECT r.id, p.name <> 'load' AS work, sum(p.end_ns - p.begin_ns) / 1e9 AS s,
		sum((SELECT delta FROM phase_delta d WHERE d.run = r.id AND d.job = 1 AND d.phase = p.name
			AND d.collector = 'cgroup_cpu' AND d.key = 'usage_usec')) / 1e6 AS cpu_s
	FROM run r JOIN phase p ON p.run = r.id
	WHERE p.name IN ('load', 'measure', 'verify') GROUP BY 1, 2)
SELECT r.ratio, ifnull(median(l.s), 0), ifnull(median(ifnull(l.cpu_s, l.s)), 0), median(w.s),
	median(ifnull(w.cpu_s, w.s)), max(r.cpus)
FROM run r JOIN part w ON w.id = r.id AND w.work LEFT JOIN part l ON l.id = r.id AND NOT l.work
GROUP BY r.ratio ORDER BY r.ratio
