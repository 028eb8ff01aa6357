-- SPDX-License-Identifier: GPL-2.0-or-later
-- Views of each connection, so that a database of an older fmbench has them, too.

-- The parameters of a job: whose they are (workload, backend, run), and their text for people.
CREATE TEMP VIEW param AS
SELECT run, job, whose, key, value,
	CASE WHEN type = 'true' THEN 'yes' WHEN type = 'false' THEN 'no'
		WHEN type = 'integer' AND value >= 1048576 AND value % 1048576 = 0
		THEN (value / 1048576) || 'M'
		WHEN type = 'integer' AND value >= 4096 AND value % 1024 = 0
		THEN (value / 1024) || 'K'
		WHEN length(value) > 24 THEN substr(value, 1, 24) || '…' ELSE value END AS text
FROM (
	SELECT r.id AS run, r.job, 'workload' AS whose, p.key, CASE WHEN p.type <> 'array' THEN p.value
		ELSE (SELECT group_concat(w.value, ' ') FROM json_each(p.value) w) END AS value, p.type
	FROM main.run_job r JOIN json_each(r.workload_params) p
	UNION ALL
	SELECT r.id, r.job, 'backend', p.key, p.value, p.type
	FROM main.run_job r JOIN json_each(r.backend_params) p
	UNION ALL
	SELECT r.id, r.job, 'run', p.key, p.value, p.type
	FROM main.run_job r JOIN json_each(r.run_params) p);

-- Facts with names and values for people. Whose they are: a machine's or a run's.
CREATE TEMP VIEW fact AS
SELECT whose, id, key, replace(replace(key, '_bytes', ''), '_', ' ') AS name,
	CASE WHEN key NOT GLOB '*_bytes' THEN value
		WHEN value + 0 >= 1 << 30 THEN printf('%.1f GiB', value / 1073741824.0)
		WHEN value + 0 >= 1 << 20 THEN printf('%.1f MiB', value / 1048576.0)
		ELSE value END AS value
FROM (
	SELECT 'machine' AS whose, m.id, j.key, j.value
	FROM main.machine m JOIN json_each(m.facts) j
	UNION ALL
	SELECT 'run', r.id, j.key, j.value FROM main.run r JOIN json_each(r.facts) j);

-- Everything that a run is known by, flags as 1 and 0. Labels tell runs of one kind apart and are
-- never compared. '_', '.' and '-' are the same in `dashed`; `bare` is a backend's key without its
-- name, parameter or fact, and the last part of a kernel setting's. A command is its words with blanks.
CREATE TEMP VIEW run_property AS
SELECT run, source, key, ifnull(value, 'null') AS value,
	replace(replace(key, '_', '-'), '.', '-') AS dashed,
	replace(CASE WHEN source = 'backend' THEN substr(key, instr(key, '.') + 1)
		WHEN source = 'fact' AND substr(key, 1, length(family)) = family
		THEN substr(key, length(family) + 1)
		WHEN key GLOB 'set.*' THEN replace(key, rtrim(key, replace(key, '.', '')), '') END,
		'_', '-') AS bare
FROM (
	SELECT r.id AS run, 'label' AS source, j.key, j.value, NULL AS family FROM main.run r,
		json_each(json_object('run', r.id, 'experiment', experiment, 'repeat', repeat,
			'version', version)) j
	UNION ALL
	SELECT r.id, 'run', j.key, j.value, NULL FROM main.run_job r,
		json_each(json_object('workload', workload, 'backend', backend, 'limit', limit_bytes,
			'ratio', iif(run_params ->> '$.policy' IS NULL, ratio, round(ratio, 3)))) j
	UNION ALL
	SELECT r.id, 'setting', j.key, j.value, NULL FROM main.run r, json_each(run_params) j
	UNION ALL
	SELECT r.id, 'workload', j.key, CASE WHEN j.type <> 'array' THEN j.value
		ELSE (SELECT group_concat(w.value, ' ') FROM json_each(j.value) w) END, NULL
	FROM main.run_job r, json_each(workload_params) j
	UNION ALL
	SELECT r.id, 'backend', r.backend || '.' || j.key, j.value, NULL
	FROM main.run r, json_each(backend_params) j
	UNION ALL
	SELECT r.id, 'machine', replace(j.key, 'host', 'machine'), j.value, NULL
	FROM main.run r JOIN main.machine m ON m.id = r.machine, json_each(m.facts) j
	UNION ALL
	SELECT r.id, 'fact', j.key, j.value,
		substr(r.backend, 1, instr(r.backend || '-', '-') - 1) || '_'
	FROM main.run r, json_each(r.facts) j);

-- What makes runs alike. Not what a run happens to find or makes to measure: other areas that are on,
-- devices and sizes, counters that were not there, which command made it, where a co-run's jobs found CPUs.
-- What several jobs have is one value, in their order.
CREATE TEMP VIEW kind_property AS
SELECT run, source, key, iif(count(*) = 1, max(value), group_concat(value, ' ')) AS value, dashed, bare
FROM run_property
WHERE source <> 'label'
	AND NOT (source = 'fact' AND (key GLOB 'swap_*' OR key GLOB '*_bytes' OR key GLOB 'missing.*'
		OR key IN ('peak_source', 'fit') OR key GLOB 'placement.*' AND
			(SELECT run_params ->> '$.policy' FROM main.run r WHERE r.id = run) IS NOT NULL))
GROUP BY run, source, key;

-- Keys (GLOB) that differ because another does: only that one has to be named.
CREATE TEMP VIEW follows AS
WITH pair (parent, key) AS (VALUES
	('kernel', 'kernel_build'), ('kernel', 'memory_bytes'), ('kernel', 'cmdline'),
	('machine', 'cmdline'), ('machine', 'arch'), ('machine', 'cpu'), ('machine', 'cpus'),
	('machine', 'memory_bytes'), ('machine', 'numa_nodes'), ('machine', 'placement.*'),
	('zram.algorithm', 'zram_algorithm'), ('fastswap-dram.inject', 'fastswap_inject'),
	('fastswap-rdma.inject', 'fastswap_inject'), ('fastswap-dram.latency', 'fastswap_latency'),
	('fastswap-rdma.latency', 'fastswap_latency'), ('fastswap-rdma.nq', 'rdma_queue_pairs'),
	('fastswap-rdma.far', 'rdma_server'), ('fastswap-rdma.grace', 'rdma_grace_ms'),
	('set.vm.swappiness', 'swappiness'), ('set.vm.page-cluster', 'page_cluster'),
	('set.vm.overcommit_memory', 'overcommit_memory'), ('set.mm.lru_gen.enabled', 'mglru'),
	('set.mm.transparent_hugepage.enabled', 'thp'),
	('set.mm.transparent_hugepage.defrag', 'thp_defrag'), ('set.mm.ksm.run', 'ksm'),
	('set.mm.swap.vma_ra_enabled', 'vma_readahead'),
	('policy', 'ratio'), ('policy', 'pressure-target'), ('policy', 'schedule'), ('policy', 'program'),
	('local', 'ratio'), ('set.kernel.numa_balancing', 'numa_balancing'),
	('set.kernel.randomize_va_space', 'aslr'))
SELECT parent, key FROM pair;
