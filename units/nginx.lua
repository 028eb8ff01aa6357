-- SPDX-License-Identifier: GPL-2.0-or-later
-- wrk's requests for units/nginx.ini: a random one of so many files.
local files

function init(args)
	files = tonumber(args[1])
end

function request()
	return wrk.format('GET', string.format('/f%05d', math.random(0, files - 1)))
end

function done(summary, latency)
	local e = summary.errors

	io.write(string.format('errors: %d\n', e.connect + e.read + e.write + e.status + e.timeout))
	io.write(string.format('p99: %.0f\n', latency:percentile(99)))
end
