-- Take a turn at something that one process at a time should do, or keep one's own.
-- KEYS: turn. ARGV: worker, milliseconds.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
