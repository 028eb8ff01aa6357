-- SPDX-License-Identifier: GPL-2.0-or-later
-- Warnings and fatal flags of the sides ?1 (JSON: [["A", [runs]], …]): code, "4 of 7 runs of A, 0 of 7 of
-- B", and one run's sentence.

WITH side AS (
	SELECT s.key AS ord, s.value ->> 0 AS name, json_array_length(s.value, '$[1]') AS nr, r.value AS run
	FROM json_each(?1) s, json_each(s.value, '$[1]') r),
counted AS (
	SELECT f.code, side.ord, side.name, side.nr, count(DISTINCT side.run) AS flagged, min(f.detail) AS detail
	FROM side JOIN flag f USING (run) WHERE f.severity <> 'note' GROUP BY f.code, side.ord)
SELECT code, (
		SELECT group_concat(ifnull(c.flagged, 0) || ' of ' || s.nr || iif(s.ord, ' of ', ' runs of ')
			|| s.name, ', ')
		FROM (SELECT DISTINCT ord, name, nr FROM side ORDER BY ord) s
		LEFT JOIN counted c ON c.code = o.code AND c.ord = s.ord),
	ifnull(min(detail), '')
FROM counted o GROUP BY code ORDER BY code;
