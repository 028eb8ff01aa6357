-- SPDX-License-Identifier: GPL-2.0-or-later
-- After xput.sql: Fastswap over RDMA as published with Eden (repository eden-farmem/eden-all,
-- benchmarks/pgfault/data): thousands of faults per second, kernel 4.15, one socket at 2.2 GHz. No
-- figure was published for 6 cores with write-back.

WITH published (cores, noevict, clean, dirty) AS (VALUES
	(1, 164.758, 155.053, 107.307), (2, 282.688, 256.277, 135.121),
	(3, 405.042, 360.287, 173.749), (4, 520.933, 431.502, 204.702),
	(5, 627.663, 500.430, 236.109), (6, 731.869, 551.330, NULL),
	(7, 807.657, 586.871, 292.586), (8, 891.761, 622.134, 316.321),
	(9, 977.496, 665.379, 330.768), (10, 1044.668, 581.840, 281.331),
	(11, 1138.515, 472.668, 255.724), (12, 1192.601, 432.271, 247.422))
SELECT * FROM published;
