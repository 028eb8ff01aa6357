-- SPDX-License-Identifier: GPL-2.0-or-later
-- What the programs of all figures build on: this one runs first, then plots/NAME.sql.
--
-- :run is the run that the user chose (0: none), :experiment a label, :job a job (NULL: any). A figure's
-- program makes three temporary tables, for which the views below are written:
--	axis (parameter)		the option that the x axis stands for, or 'none'
--	candidate (id, …)		the runs that the figure is about, sound or not
--	shown (id, series, name, …)	what is drawn, each row with the run that it comes from
-- Every SELECT of the program gives a data block; the one row of its view `variables` gives the
-- gnuplot variables. SQLite divides integers as C does: one side of a '/' must be real.

CREATE TEMP TABLE asked AS
SELECT *, status = 'ok' OR id = :run AS drawable FROM run_job
WHERE (:run = 0 OR id = :run) AND (:experiment IS NULL OR experiment = :experiment)
	AND (:job IS NULL OR job_name = :job);

-- As runs store it: a setting by its file, or by the short name that older databases have.
CREATE TEMP VIEW axis_key AS
SELECT parameter AS key, replace(parameter, 'set.vm.', '') AS short FROM axis;

-- Runs that differ in nothing but the option of the x axis share a cell.
CREATE TEMP VIEW sound AS
SELECT c.*, json_array(machine, workload, backend, backend_params,
		json_remove(workload_params, format('$."%s"', key)),
		json_remove(run_params, format('$."%s"', key), format('$."%s"', short))) AS cell
FROM candidate c JOIN axis_key WHERE drawable;

-- A note is good to know. A warning may have moved a number: it goes where the number goes.
CREATE TEMP VIEW flagged AS
SELECT run AS id, code FROM flag WHERE severity <> 'note';

-- --- curves: from point (id, cell, name, panel, x, y) -------------------------------------------

-- One series a name and cell. `shown` of a figure with curves.
CREATE TEMP VIEW numbered AS
SELECT *, dense_rank() OVER (ORDER BY name, cell) - 1 AS series FROM point WHERE y IS NOT NULL;

-- Medians with the range of the repeats, and how many of these runs are flagged.
CREATE TEMP VIEW curve AS
WITH ranked AS (
	SELECT panel, series, x, y, id IN (SELECT id FROM flagged) AS is_flagged,
		row_number() OVER (PARTITION BY panel, series, x ORDER BY y) AS i,
		count(*) OVER (PARTITION BY panel, series, x) AS n
	FROM shown)
SELECT panel, series, x, avg(CASE WHEN i IN ((n + 1) / 2, (n + 2) / 2) THEN y END) AS median,
	min(y) AS low, max(y) AS high, sum(is_flagged) AS flagged
FROM ranked GROUP BY panel, series, x;

-- --- the labels of the series -------------------------------------------------------------------

-- Two series of one name are told apart by the parameters that they differ in, but the one on the x axis,
-- cut where a column ends, and if need be by their first run.
CREATE TEMP VIEW label AS
WITH names AS (SELECT series, name, min(id) AS first FROM shown GROUP BY series),
params AS MATERIALIZED (
	SELECT n.series, n.name, p.whose, p.key, p.value, p.text
	FROM names n JOIN param p ON p.run = n.first AND p.job = 1 -- jobs of one run differ anyway
	WHERE p.key NOT IN (SELECT key FROM axis_key UNION SELECT short FROM axis_key)),
telling AS (
	SELECT series, group_concat(key || '=' || text, ' ') AS how FROM params p
	WHERE value IS NOT NULL AND EXISTS (
		SELECT 1 FROM params q WHERE q.name = p.name AND q.whose = p.whose
			AND q.key = p.key AND q.value IS NOT p.value)
	GROUP BY series),
whole AS (
	SELECT series, first, name || ifnull(', ' || how, '') AS label
	FROM names LEFT JOIN telling USING (series)),
told AS (
	SELECT series, first,
		CASE WHEN length(label) > 40 THEN substr(label, 1, 39) || '…' ELSE label END AS label
	FROM whole)
SELECT series, label || CASE WHEN (SELECT count(*) FROM told b WHERE b.label = a.label) > 1
	THEN ' (run ' || first || ' …)' ELSE '' END AS label
FROM told a;

-- With tabs between.
CREATE TEMP VIEW labels AS
WITH lines AS (SELECT label FROM label ORDER BY series)
SELECT (SELECT count(*) FROM lines) AS nr_series,
	(SELECT group_concat(label, char(9)) FROM lines) AS labels;

-- --- the caption --------------------------------------------------------------------------------

CREATE TEMP VIEW drawn AS
SELECT id, workload, status, reason,
	(SELECT facts ->> '$.lab' LIKE 'tcg%' FROM machine m WHERE m.id = c.machine) AS emulated
FROM candidate c WHERE id IN (SELECT id FROM shown);

-- "SHARED_CORES, NOT_STEADY (1)": the number where not all flagged runs have it.
CREATE TEMP VIEW flag_codes AS
WITH of_drawn AS (SELECT f.* FROM flagged f JOIN drawn USING (id)),
counted AS (
	SELECT code, count(*) AS n, (SELECT count(DISTINCT id) FROM of_drawn) AS nr_runs
	FROM of_drawn GROUP BY code ORDER BY n DESC, code)
SELECT group_concat(code || CASE WHEN n < nr_runs THEN ' (' || n || ')' ELSE '' END, ', ') AS codes,
	max(nr_runs) AS nr_runs
FROM counted;

-- Of a single run that is not sound: it is drawn, but never as if it were.
CREATE TEMP VIEW unsound AS
SELECT 'run ' || id || CASE status WHEN 'untrusted' THEN ' is not to be trusted'
	WHEN 'started' THEN ' has not ended' ELSE ' failed' END
	|| ifnull(': ' || substr(reason, 1, 160), '') AS text
FROM drawn WHERE status <> 'ok';

CREATE TEMP VIEW left_out AS
SELECT group_concat(n || ' ' || CASE status WHEN 'started' THEN 'unfinished' ELSE status END, ', ')
	AS text
FROM (SELECT status, count(*) AS n FROM candidate
	WHERE status <> 'ok' AND id NOT IN (SELECT id FROM shown)
	GROUP BY status ORDER BY status);

-- What to know of the runs behind the figure; '' where there is nothing.
CREATE TEMP VIEW caption AS
WITH nr AS (SELECT count(*) AS runs, sum(emulated) AS emulated FROM drawn),
part (ord, text) AS (
	SELECT 1, text FROM unsound
	UNION ALL
	SELECT 2, CASE runs WHEN 1 THEN 'flagged: ' || codes
		ELSE nr_runs || ' of ' || runs || ' runs flagged (×): ' || codes END
	FROM nr JOIN flag_codes
	UNION ALL
	SELECT 3, text || ' left out' FROM left_out
	UNION ALL
	SELECT 4, CASE WHEN emulated = runs THEN 'times under emulation'
		WHEN emulated > 0 THEN 'times of ' || emulated || ' of ' || runs || ' runs under emulation'
		END
	FROM nr)
SELECT ifnull((SELECT group_concat(text, '; ') FROM (SELECT text FROM part ORDER BY ord)), '')
	AS caption,
	(SELECT count(*) FROM unsound) AS unsound;

CREATE TEMP VIEW common AS SELECT * FROM labels JOIN caption;
