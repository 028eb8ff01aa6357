-- SPDX-License-Identifier: GPL-2.0-or-later
-- Thousands of faults per second over cores.

CREATE TEMP TABLE axis AS SELECT 'threads' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked WHERE workload IN ('fault_throughput', 'uffd');

CREATE TEMP TABLE point AS
SELECT r.id, r.cell, 1 AS panel,
	(SELECT value FROM result WHERE run = r.id AND job = r.job AND name = 'threads') AS x,
	(SELECT value FROM result WHERE run = r.id AND job = r.job AND name = 'faults') / 1e3 AS y,
	CASE workload WHEN 'uffd' THEN 'userfaultfd, ' || (workload_params ->> '$.handler')
		ELSE backend END
	|| ', ' || (workload_params ->> '$.mode')
	|| CASE WHEN workload_params ->> '$.mode' = 'noevict'
			AND workload_params ->> '$.access' <> 'read'
		THEN ', ' || (workload_params ->> '$.access') ELSE '' END AS name
FROM sound r;

CREATE TEMP TABLE shown AS SELECT * FROM numbered;

SELECT series, x, median, low, high, flagged FROM curve ORDER BY series, x;

CREATE TEMP VIEW variables AS SELECT * FROM common;
