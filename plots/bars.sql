-- SPDX-License-Identifier: GPL-2.0-or-later
-- Cells side by side: a bar a backend, a group of bars for whatever else tells cells apart.

-- Parameters that differ: of a workload among its runs, of a backend among its runs.
CREATE TEMP TABLE told AS
WITH given AS (
	SELECT p.run, p.job, p.whose, p.key, p.value, p.text,
		CASE p.whose WHEN 'workload' THEN s.workload WHEN 'backend' THEN s.backend ELSE '' END AS owner
	FROM scaled s JOIN param p ON p.run = s.id AND p.job = s.job),
differ AS (
	SELECT whose, owner, key FROM given GROUP BY 1, 2, 3 HAVING count(DISTINCT ifnull(value, '')) > 1)
SELECT run, job, whose = 'backend' AS of_backend, group_concat(key || '=' || text, ' ') AS how
FROM given JOIN differ USING (whose, owner, key) WHERE value IS NOT NULL GROUP BY 1, 2, 3;

CREATE TEMP TABLE shown AS
WITH named AS (
	SELECT s.*, s.backend || ifnull(' ' || (SELECT how FROM told
			WHERE run = s.id AND job = s.job AND of_backend), '') AS name,
		ltrim(CASE WHEN (SELECT count(DISTINCT workload) FROM scaled) > 1
				OR s.ratio IS NULL AND NOT EXISTS (SELECT 1 FROM told WHERE NOT of_backend)
			THEN s.workload ELSE '' END
			|| ifnull(' ' || nullif(printf('%g', s.ratio), '0'), '')
			|| ifnull(' ' || (SELECT group_concat(how, ' ') FROM told
				WHERE run = s.id AND job = s.job AND NOT of_backend), '')) AS category_text
	FROM scaled s)
SELECT *, dense_rank() OVER (ORDER BY name) - 1 AS series,
	dense_rank() OVER (ORDER BY workload, category_text <> '', ratio DESC, category_text, alike) - 1
		AS category
FROM named;

SELECT series, category, median(y) AS median, ifnull(median_low(y), median(y)) AS low,
	ifnull(median_high(y), median(y)) AS high, sum(id IN (SELECT id FROM flagged)) AS flagged,
	count(*) AS runs
FROM shown GROUP BY series, category ORDER BY series, category;

SELECT category, category_text AS label FROM shown GROUP BY category ORDER BY category;

CREATE TEMP VIEW variables AS
SELECT (SELECT max(series) + 1 FROM shown) AS nr_series,
	(SELECT group_concat(name, char(9)) FROM (SELECT DISTINCT name FROM shown ORDER BY series)) AS labels,
	(SELECT max(category) + 1 FROM shown) AS nr_categories,
	(SELECT max(length(category_text)) FROM shown) AS label_chars,
	(SELECT max(1 + length(category_text) - length(replace(category_text, ' ', ''))) FROM shown)
		AS label_words,
	(SELECT max(length(value)) FROM (SELECT DISTINCT category_text FROM shown),
		json_each('[' || replace(json_quote(category_text), ' ', '","') || ']')) AS word_chars,
	CASE WHEN (SELECT count(DISTINCT ratio) FROM shown) AND (SELECT count(DISTINCT workload) FROM shown) = 1
		THEN 'local memory / peak' ELSE '' END AS x_label,
	(SELECT unsound FROM caption) AS unsound, y_axis.*
FROM y_axis;
