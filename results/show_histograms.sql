-- SPDX-License-Identifier: GPL-2.0-or-later
-- The latencies of job ?2 of run ?1: one row a histogram. The value that a share of the values lies at or below
-- is as in base/hist.c; it is NULL with fewer than 10 values beyond it.

WITH up_to AS MATERIALIZED (
	SELECT name, low, high, sum(count) OVER (PARTITION BY name ORDER BY low) AS nr
	FROM bucket WHERE run = ?1 AND job = ?2),
asked (q) AS (VALUES (0.5), (0.9), (0.99), (0.999)),
quantile AS MATERIALIZED (
	SELECT h.name, q, (
		SELECT min(max((low + high) / 2, h.min), h.max) FROM up_to u
		WHERE u.name = h.name AND u.nr >= h.count * q ORDER BY low LIMIT 1) AS value
	FROM histogram h JOIN asked
	WHERE h.run = ?1 AND h.job = ?2 AND (1 - q) * h.count > 10 - 1e-6)
SELECT name, count, sum / count AS mean, min,
	(SELECT value FROM quantile t WHERE t.name = h.name AND q = 0.5) AS p50,
	(SELECT value FROM quantile t WHERE t.name = h.name AND q = 0.9) AS p90,
	(SELECT value FROM quantile t WHERE t.name = h.name AND q = 0.99) AS p99,
	(SELECT value FROM quantile t WHERE t.name = h.name AND q = 0.999) AS p99_9, max
FROM histogram h WHERE run = ?1 AND job = ?2 AND count ORDER BY name;
