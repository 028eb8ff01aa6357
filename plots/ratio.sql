-- SPDX-License-Identifier: GPL-2.0-or-later
-- Between head.sql and performed.sql: the runs that have a local ratio.

CREATE TEMP TABLE axis AS SELECT 'ratio' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked WHERE ratio > 0;
