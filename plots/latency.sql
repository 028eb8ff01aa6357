-- SPDX-License-Identifier: GPL-2.0-or-later
-- Between head.sql and performed.sql: the runs whose far memory has a latency that was asked for.

CREATE TEMP TABLE axis AS SELECT 'latency' AS parameter;
CREATE TEMP TABLE candidate AS
SELECT * FROM asked WHERE ratio > 0 AND ratio < 1 AND backend = 'delay';
