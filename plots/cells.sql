-- SPDX-License-Identifier: GPL-2.0-or-later
-- Between head.sql and performed.sql: all runs.

CREATE TEMP TABLE axis AS SELECT 'none' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked;
