-- SPDX-License-Identifier: GPL-2.0-or-later
-- The runs ?1 (a JSON array), a row a job, in the order in which they were made.

SELECT s.run, substr(replace(s.started, 'T', ' '), 1, 16) AS "started (UTC)", s.workload, s.backend,
	s.ratio, s.status, (r.end_ns - r.begin_ns) / 1e9 AS took, s.local_bytes AS local,
	s.far_bytes AS far, p.value AS performance,
	p.name || ', ' || replace(p.unit, 'per_s', '1/s') AS "of",
	s.page_ins_per_s AS "page-ins/s", s.flags
FROM json_each(?1) c JOIN run r ON r.id = c.value
JOIN run_summary s ON s.run = r.id
LEFT JOIN performance p ON p.run = r.id AND p.job = s.job
ORDER BY r.id, s.job;
