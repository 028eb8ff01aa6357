-- SPDX-License-Identifier: GPL-2.0-or-later
-- Those of the runs ?1 (a JSON array) that are not sound, and why: a row a reason. Runs are told as
-- "1–3 7".

WITH why AS (
	SELECT r.id, r.status, ifnull(r.reason, (SELECT group_concat(code, ', ') FROM flag f
		WHERE f.run = r.id AND severity = 'fatal')) AS why
	FROM json_each(?1) c JOIN run r ON r.id = c.value WHERE r.status <> 'ok'),
numbered AS (
	SELECT *, id - row_number() OVER (PARTITION BY status, why ORDER BY id) AS island FROM why),
stretch AS (
	SELECT status, why, min(id) AS lo, max(id) AS hi FROM numbered
	GROUP BY status, why, island)
SELECT (SELECT group_concat(CASE WHEN lo = hi THEN lo ELSE lo || '–' || hi END, ' ') FROM (
		SELECT * FROM stretch s WHERE s.status = w.status AND s.why IS w.why ORDER BY lo))
	AS runs, count(*) AS "how many", status, why
FROM why w GROUP BY status, why ORDER BY min(id);
