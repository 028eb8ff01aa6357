-- SPDX-License-Identifier: GPL-2.0-or-later
-- The flags of the runs ?1 (a JSON array), a row a code. Runs are told as "1–3 7".

WITH flagged AS (
	SELECT f.* FROM json_each(?1) c JOIN flag f ON f.run = c.value),
numbered AS (
	SELECT *, run - row_number() OVER (PARTITION BY code, severity ORDER BY run) AS island
	FROM flagged),
stretch AS (
	SELECT code, severity, min(run) AS lo, max(run) AS hi FROM numbered
	GROUP BY code, severity, island)
SELECT severity, code AS flag, count(*) || ' of ' || json_array_length(?1) AS runs,
	(SELECT detail FROM flagged b WHERE b.code = a.code AND b.severity = a.severity
		ORDER BY run LIMIT 1) AS "what it says (the first run’s words)",
	(SELECT group_concat(CASE WHEN lo = hi THEN lo ELSE lo || '–' || hi END, ' ') FROM (
		SELECT * FROM stretch s WHERE s.code = a.code AND s.severity = a.severity ORDER BY lo))
	AS "which runs"
FROM flagged a GROUP BY severity, code
ORDER BY severity <> 'fatal', severity <> 'warning', code;
