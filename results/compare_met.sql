-- SPDX-License-Identifier: GPL-2.0-or-later
-- The runs that meet all terms of a selector (?1: JSON, see struct compare_side; [] for all runs): id,
-- status, and why they are not sound.

WITH met AS (
	SELECT DISTINCT p.run, t.key
	FROM json_each(?1) t
	JOIN run_property p ON (replace(replace(t.value ->> 0, '_', '-'), '.', '-') IN (p.dashed, p.bare))
		AND p.value IN (SELECT value FROM json_each(t.value, '$[1]')))
SELECT id, status, ifnull(reason,
	(SELECT group_concat(code, ', ') FROM flag WHERE run = id AND severity = 'fatal'))
FROM run
WHERE json_array_length(?1) = 0
	OR id IN (SELECT run FROM met GROUP BY run HAVING count(*) = json_array_length(?1))
ORDER BY id;
