-- SPDX-License-Identifier: GPL-2.0-or-later
-- Run ?1 itself; what is an object of the database's is one of the answer's.

SELECT r.id AS run, uuid, status, reason, experiment, repeat, seed, command, version, started,
	(end_ns - begin_ns) / 1e9 AS seconds, backend, backend_params, run_params, r.facts, m.facts AS machine
FROM run r JOIN machine m ON m.id = r.machine WHERE r.id = ?1;
