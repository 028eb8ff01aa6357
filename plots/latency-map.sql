-- SPDX-License-Identifier: GPL-2.0-or-later
-- After head.sql, latency.sql and performed.sql: slowdown as a heat map, a row a workload, a column a latency of
-- far memory. The workload that suffers most is on top. Runs without a baseline are left out.

CREATE TEMP TABLE shown AS
SELECT m.*, m.workload || ', ratio ' || printf('%g', m.ratio)
		|| CASE WHEN backends THEN ', ' || m.backend ELSE '' END AS name,
	dense_rank() OVER (ORDER BY m.workload, m.ratio, m.backend, alike) - 1 AS series, latency_us,
	CASE WHEN m.better = 'higher' THEN base / m.value ELSE m.value / base END AS y
FROM measured m JOIN base USING (cell) JOIN candidate USING (id, job) JOIN told_by
WHERE m.better IS NOT NULL;

CREATE TEMP TABLE cell AS
WITH ranked AS (
	SELECT series, row_number() OVER (ORDER BY max(y) DESC, series) - 1 AS row FROM shown GROUP BY series)
SELECT row, series, latency_us, dense_rank() OVER (ORDER BY latency_us) - 1 AS col,
	median(y) AS slowdown, median_low(y) AS low, median_high(y) AS high, count(*) AS nr
FROM shown JOIN ranked USING (series) GROUP BY series, latency_us;

CREATE TEMP VIEW column_label AS
SELECT DISTINCT col, CASE WHEN latency_us = 0 THEN '0' WHEN latency_us < 1000 THEN printf('%g µs', latency_us)
	ELSE printf('%g ms', latency_us / 1000) END AS label FROM cell;

SELECT row, col, slowdown, low, high, nr FROM cell ORDER BY row, col;

SELECT DISTINCT row, label FROM cell JOIN label USING (series) ORDER BY row;

SELECT col, label FROM column_label ORDER BY col;

CREATE TEMP VIEW variables AS
SELECT nr_series, labels, common.unsound, (SELECT max(row) + 1 FROM cell) AS nr_rows,
	(SELECT max(col) + 1 FROM cell) AS nr_cols, (SELECT max(slowdown) FROM cell) AS most,
	(SELECT max(length(label)) FROM label) AS row_chars,
	(SELECT max(length(label)) FROM column_label) AS col_chars,
	caption || CASE caption WHEN '' THEN '' ELSE '; ' END || (SELECT text FROM relative) AS caption,
	'slowdown, far memory at a latency of …' AS heading
FROM common;
