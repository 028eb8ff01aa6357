-- SPDX-License-Identifier: GPL-2.0-or-later
-- The result ?2 of run ?1 (NULL: its performance): ratio, what it cost, peak.
SELECT r.ratio, CASE v.better WHEN 'higher' THEN 1 / v.value ELSE v.value END, r.peak_bytes
FROM run_job r JOIN result v ON v.run = r.id AND v.job = r.job
WHERE r.id = ?1 AND r.status = 'ok' AND v.value > 0
	AND v.name = ifnull(?2, (SELECT name FROM performance p WHERE p.run = r.id AND p.job = r.job));
