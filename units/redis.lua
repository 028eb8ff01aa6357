-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fills Redis for units/redis.ini. Arguments: test, bytes, seed.
local test, bytes = ARGV[1], tonumber(ARGV[2])
math.randomseed(tonumber(ARGV[3]))

-- What Lua leaves behind would be counted as the server's peak.
local function tidy(i)
	if i % 1000 == 0 then
		collectgarbage()
	end
end

local function text(chunks)
	local t = {}
	for i = 1, chunks do
		t[i] = string.format('%08x', math.random(0, 2147483647))
	end
	return table.concat(t)
end

if test == 'lrange_100' then
	for i = 0, math.floor(bytes / 8000) - 1 do
		local key = string.format('list:%012d', i)
		for _ = 1, 100 do
			redis.call('rpush', key, text(8))
		end
		tidy(i * 100)
	end
else
	for i = 0, math.floor(bytes / 640) - 1 do
		redis.call('set', string.format('key:%012d', i), text(64))
		tidy(i)
	end
end
return 'OK'
