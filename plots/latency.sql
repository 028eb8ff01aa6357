-- SPDX-License-Identifier: GPL-2.0-or-later
-- Between head.sql and performed.sql: the runs whose far memory has a latency that was asked for, with it in
-- microseconds: backend delay's option, or that of the pager's pool `delay` (10 µs unless it says).

CREATE TEMP TABLE axis AS SELECT 'latency' AS parameter;
CREATE TEMP TABLE candidate AS
WITH far AS (
	SELECT *, backend_params ->> '$.pool' AS pool FROM asked
	WHERE ratio > 0 AND ratio < 1 AND (backend = 'delay'
		OR backend = 'pager' AND (backend_params ->> '$.pool' = 'delay'
			OR backend_params ->> '$.pool' LIKE 'delay:%'))),
worded AS (
	SELECT *, CASE WHEN instr(options, ',latency=') = 0 THEN '10us'
		ELSE substr(options, instr(options, ',latency=') + 9) END AS rest
	FROM (SELECT *, replace(pool, ':', ',') AS options FROM far)),
told AS (
	SELECT *, substr(rest, 1, instr(rest || ',', ',') - 1) AS word FROM worded)
SELECT *, CASE backend WHEN 'delay' THEN (backend_params ->> '$.latency') * 1e6
	ELSE CAST(word AS REAL) * CASE ltrim(word, '0123456789.') WHEN 'ns' THEN 1e-3 WHEN 'us' THEN 1
		WHEN 'ms' THEN 1e3 ELSE 1e6 END END AS latency_us
FROM told;

-- What a series is called, before what tells it from others of that name.
CREATE TEMP VIEW told_by AS
SELECT count(DISTINCT backend) > 1 AS backends FROM candidate WHERE drawable;
