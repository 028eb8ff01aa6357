-- SPDX-License-Identifier: GPL-2.0-or-later
-- The phases of runs ?1 (a JSON array of ids) cut into periods of ?2 ns: edge has a row for each with
-- the readings at or before its two ends, where they are not the same. rates.c adds the columns.

WITH RECURSIVE period(nr, run, phase, begin_ns, until_ns, end_ns) AS (
	SELECT c.key, p.run, p.name, p.begin_ns, min(p.begin_ns + ?2, p.end_ns), p.end_ns
	FROM json_each(?1) c JOIN phase p ON p.run = c.value
	UNION ALL
	SELECT nr, run, phase, until_ns, min(until_ns + ?2, end_ns), end_ns
	FROM period WHERE until_ns < end_ns),
reading AS MATERIALIZED (
	SELECT nr, run, phase,
		(SELECT t.tick FROM tick t WHERE t.run = p.run AND t.end_ns <= p.begin_ns
		 ORDER BY t.end_ns DESC LIMIT 1) AS first,
		(SELECT t.tick FROM tick t WHERE t.run = p.run AND t.end_ns <= p.until_ns
		 ORDER BY t.end_ns DESC LIMIT 1) AS last
	FROM period p),
edge AS MATERIALIZED (
	SELECT i.nr, i.run, (l.end_ns - r.begin_ns) / 1e9 AS t_s, i.phase,
		(l.end_ns - f.end_ns) / 1e9 AS seconds, i.first, i.last
	FROM reading i JOIN run r ON r.id = i.run
	JOIN tick f ON f.run = i.run AND f.tick = i.first
	JOIN tick l ON l.run = i.run AND l.tick = i.last
	WHERE l.end_ns > f.end_ns)
