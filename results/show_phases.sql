-- SPDX-License-Identifier: GPL-2.0-or-later
-- The phases of run ?1 in the order of time: name, began, took, local and far memory, page-ins.

SELECT p.name, (p.begin_ns - r.begin_ns) / 1e9, (p.end_ns - p.begin_ns) / 1e9,
	(SELECT mean FROM phase_delta d WHERE d.run = p.run AND d.phase = p.name
		AND d.collector = 'memory_usage' AND d.key = 'memory.current'),
	(SELECT mean FROM phase_delta d WHERE d.run = p.run AND d.phase = p.name
		AND d.collector = 'memory_usage' AND d.key = 'memory.swap.current'),
	(SELECT delta FROM phase_delta d WHERE d.run = p.run AND d.phase = p.name
		AND d.collector = 'memory_stat' AND d.key = 'pgmajfault'),
	(SELECT delta * 1e9 / (p.end_ns - p.begin_ns) FROM phase_delta d
		WHERE d.run = p.run AND d.phase = p.name
		AND d.collector = 'memory_stat' AND d.key = 'pgmajfault')
FROM phase p JOIN run r ON r.id = p.run WHERE p.run = ?1 ORDER BY p.begin_ns;
