-- SPDX-License-Identifier: GPL-2.0-or-later
-- The settings when the runs ?1 (a JSON array) were made. Of one that was not the same in all runs the
-- three commonest values.

WITH kinds AS (
	SELECT f.key, name, f.value, count(*) AS n
	FROM json_each(?1) c JOIN fact f ON f.whose = 'run' AND f.id = c.value GROUP BY f.key, f.value),
ranked AS (SELECT *, row_number() OVER (PARTITION BY key ORDER BY n DESC) AS i FROM kinds)
SELECT name AS setting, CASE WHEN max(n) = json_array_length(?1) THEN value ELSE
	group_concat(CASE WHEN i <= 3 THEN value || ' (' || n || ')' END, '; ')
	|| CASE WHEN count(*) > 3 THEN '; ' || (count(*) - 3) || ' more' ELSE '' END END
	AS "value (in how many runs, where not in all)"
FROM ranked GROUP BY key ORDER BY key;
