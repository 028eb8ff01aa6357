-- SPDX-License-Identifier: GPL-2.0-or-later
-- The rows of a group's table, from its runs ?1 (a JSON array): backend, ratio and repeats are a row. A
-- backend is named with its parameters where the group has it with several.

WITH chosen AS (SELECT r.* FROM json_each(?1) c JOIN run r ON r.id = c.value)
SELECT backend, CASE WHEN (SELECT count(DISTINCT backend_params) FROM chosen b
		WHERE b.backend = a.backend) > 1 THEN hide_secrets(backend_params) END,
	ratio, count(*), json_group_array(id)
FROM chosen a GROUP BY backend, backend_params, ratio
ORDER BY backend, backend_params, ratio DESC;
