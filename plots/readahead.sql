-- SPDX-License-Identifier: GPL-2.0-or-later
-- What read-ahead brings: thousands of pages per second, and touches that waited.

CREATE TEMP TABLE axis AS SELECT 'set.vm.page-cluster' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked WHERE workload = 'readahead';

CREATE TEMP TABLE point AS
WITH scan AS (
	SELECT r.id, r.cell, backend || ', ' || (workload_params ->> '$.pattern') AS name,
		(SELECT value FROM result WHERE run = r.id AND job = r.job AND name = 'page_cluster') AS x,
		(SELECT value FROM result WHERE run = r.id AND job = r.job AND name = 'pages') / 1e3 AS pages,
		(SELECT value FROM result WHERE run = r.id AND job = r.job AND name = 'major_share') AS major
	FROM sound r)
SELECT id, cell, name, 1 AS panel, x, pages AS y FROM scan
UNION ALL
SELECT id, cell, name, 2, x, major FROM scan;

CREATE TEMP TABLE shown AS SELECT * FROM numbered;

SELECT series, x, median, low, high, flagged FROM curve WHERE panel = 1 ORDER BY series, x;
SELECT series, x, median, low, high, flagged FROM curve WHERE panel = 2 ORDER BY series, x;

CREATE TEMP VIEW variables AS
SELECT *, 'thousand pages/s' AS upper_title, 'touches that waited' AS lower_title,
	'vm.page-cluster: up to 2ⁿ pages are read at once' AS x_title
FROM common;
