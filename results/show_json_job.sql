-- SPDX-License-Identifier: GPL-2.0-or-later
-- Job ?2 of run ?1: its memory while it was measured, and the run it is measured against.

SELECT j.job, j.name, s.workload, s.ratio, s.peak_bytes, s.limit_bytes, s.local_bytes, s.far_bytes,
	s.measure_s, s.major_faults, s.major_faults_per_s, s.page_ins, s.page_ins_per_s,
	b.baseline_run, b.age_s AS baseline_age_s
FROM job j JOIN run_summary s ON s.run = j.run AND s.job = j.job
LEFT JOIN baseline b ON b.run = j.run AND b.job = j.job
WHERE j.run = ?1 AND j.job = ?2;
