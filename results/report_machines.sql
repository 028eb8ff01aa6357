-- SPDX-License-Identifier: GPL-2.0-or-later
-- The facts of the machines on which the runs ?1 (a JSON array) were made.

WITH mine AS (SELECT DISTINCT r.machine AS id FROM json_each(?1) c JOIN run r ON r.id = c.value)
SELECT CASE WHEN (SELECT count(*) FROM mine) > 1 THEN 'machine ' || id || ': ' ELSE '' END || name
	AS fact, value
FROM mine JOIN fact USING (id) WHERE whose = 'machine' ORDER BY id, key;
