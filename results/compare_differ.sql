-- SPDX-License-Identifier: GPL-2.0-or-later
-- What sides A (?1) and B (?2, JSON arrays of run ids) differ in, but for what the terms of both
-- selectors (?3, ?4: JSON, see struct compare_side) name: key, kinds on A and on B, their values. A side
-- of several kinds differs in itself, whatever is named.

WITH property AS MATERIALIZED (SELECT * FROM kind_property),
side AS (
	SELECT value AS run, 'A' AS side FROM json_each(?1)
	UNION ALL
	SELECT value, 'B' FROM json_each(?2)),
-- A limit that comes from a peak that was measured anew is the same limit; so is a co-run's share of peaks.
seen AS (
	SELECT DISTINCT source, key, dashed, bare, side,
		CASE WHEN p.key IN ('limit', 'local')
			THEN ifnull((SELECT min(o.value) FROM property o JOIN side USING (run)
				WHERE o.key = p.key AND o.value * iif(p.key = 'limit', 1.05, 1.01) >= p.value), p.value)
			ELSE p.value END AS value
	FROM property p JOIN side USING (run)
	ORDER BY value),
kinds AS (
	SELECT source, key, dashed, bare, sum(side = 'A') AS nr_a, sum(side = 'B') AS nr_b,
		group_concat(CASE side WHEN 'A' THEN substr(value, 1, 40) END, ', ') AS a,
		group_concat(CASE side WHEN 'B' THEN substr(value, 1, 40) END, ', ') AS b,
		count(DISTINCT value) AS nr
	FROM seen GROUP BY source, key),
-- A fact that only one side has says nothing: it comes with its backend or with the kernel. Any other
-- key that a side lacks is a difference.
differing AS (
	SELECT *, nr_a > 1 OR nr_b > 1 AS mixed FROM kinds
	WHERE nr > 1 AND (source <> 'fact' OR nr_a AND nr_b OR nr_a > 1 OR nr_b > 1)
		OR nr_a <> nr_b AND source <> 'fact')
SELECT key, nr_a, nr_b, ifnull(a, 'none'), ifnull(b, 'none') FROM differing p
WHERE NOT (NOT mixed
	AND EXISTS (SELECT 1 FROM json_each(?3) t
		WHERE replace(replace(t.value ->> 0, '_', '-'), '.', '-') IN (p.dashed, p.bare))
	AND EXISTS (SELECT 1 FROM json_each(?4) t
		WHERE replace(replace(t.value ->> 0, '_', '-'), '.', '-') IN (p.dashed, p.bare)))
	AND NOT EXISTS (SELECT 1 FROM differing o WHERE o.key <> p.key AND o.mixed >= p.mixed AND (
		o.key IN (SELECT parent FROM follows f WHERE p.key GLOB f.key)
		OR o.key IN ('workload', 'backend') AND o.key = p.source
		-- Other parameters, another machine have another peak. Another backend has not.
		OR p.key = 'limit' AND (o.key IN ('ratio', 'workload')
			OR o.source IN ('workload', 'machine'))))
ORDER BY source <> 'run', source = 'fact', p.key;
