-- SPDX-License-Identifier: GPL-2.0-or-later
-- "12 runs of quicksort on zram, made from … to … UTC: 11 ok, 1 failed." Of the runs ?1 (a JSON array).

WITH chosen AS (SELECT r.* FROM json_each(?1) c JOIN run_job r ON r.id = c.value)
SELECT count(DISTINCT id) || CASE count(DISTINCT id) WHEN 1 THEN ' run of ' ELSE ' runs of ' END
	|| (SELECT group_concat(workload, ', ') FROM (SELECT DISTINCT workload FROM chosen))
	|| ' on '
	|| (SELECT group_concat(backend, ', ') FROM (SELECT DISTINCT backend FROM chosen))
	|| ', made from ' || substr(replace(min(started), 'T', ' '), 1, 16)
	|| ' to ' || substr(replace(max(started), 'T', ' '), 1, 16) || ' UTC: '
	|| (SELECT group_concat(n || ' ' || status, ', ') FROM (
		SELECT status, count(DISTINCT id) AS n FROM chosen GROUP BY status ORDER BY n DESC))
	|| '.'
FROM chosen;
