-- SPDX-License-Identifier: GPL-2.0-or-later
-- The terms of a selector (?1: JSON, see struct compare_side) that no run meets: key, first value, how
-- many runs have the key, and the values that there are.

SELECT t.value ->> 0, t.value ->> 1 ->> 0, count(p.run), group_concat(DISTINCT p.value)
FROM json_each(?1) t
LEFT JOIN run_property p ON replace(replace(t.value ->> 0, '_', '-'), '.', '-') IN (p.dashed, p.bare)
GROUP BY t.key
HAVING NOT max(p.value IN (SELECT value FROM json_each(t.value, '$[1]'))) OR NOT count(p.run)
ORDER BY t.key;
