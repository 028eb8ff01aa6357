-- SPDX-License-Identifier: GPL-2.0-or-later
-- The phases of run ?1 in the order of time: name, began, took, local and far memory, page-ins (of job ?2).

WITH used AS MATERIALIZED (SELECT * FROM phase_usage WHERE run = ?1 AND job = ?2)
SELECT p.name, (p.begin_ns - r.begin_ns) / 1e9 AS begin_s, (p.end_ns - p.begin_ns) / 1e9 AS seconds,
	(SELECT mean FROM used u WHERE u.phase = p.name AND u.what = 'local') AS local_bytes,
	(SELECT mean FROM used u WHERE u.phase = p.name AND u.what = 'far') AS far_bytes,
	(SELECT delta FROM used u WHERE u.phase = p.name AND u.what = 'page_ins') AS page_ins,
	(SELECT delta * 1e9 / (p.end_ns - p.begin_ns) FROM used u
		WHERE u.phase = p.name AND u.what = 'page_ins') AS page_ins_per_s
FROM phase p JOIN run r ON r.id = p.run WHERE p.run = ?1 ORDER BY p.begin_ns;
