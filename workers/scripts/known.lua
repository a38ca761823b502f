-- Tell which jobs are known. KEYS: the jobs. Returns 1 or 0 for each.
local known = {}
for i, key in ipairs(KEYS) do known[i] = redis.call('EXISTS', key) end
return known
