-- Tell what live workers say they lack. KEYS: the sets of all queues. Returns for each: `<worker>|<tool>` of each.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local said = {}
for i, key in ipairs(KEYS) do said[i] = redis.call('ZRANGEBYSCORE', key, now, '+inf') end
return said
