-- SPDX-License-Identifier: GPL-2.0-or-later
-- The flags of run ?1, the worst first.

SELECT code, severity, job, detail FROM flag WHERE run = ?1
ORDER BY severity <> 'fatal', severity <> 'warning', code, job;
