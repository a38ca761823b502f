-- Tell how far the running stages of a piece of evidence are. KEYS: evidence, what stands before a job's id.
-- Returns four for each: stage, progress, seconds left or '', ms since 1970 at which it was first claimed.
local stages = {}
local known = redis.call('HGETALL', KEYS[1])
for i = 1, #known, 2 do
  local owner, progress, eta, started =
    unpack(redis.call('HMGET', KEYS[2] .. known[i + 1], 'owner', 'progress', 'eta', 'started'))
  if owner then
    for _, value in ipairs({known[i], progress or '0', eta or '', started}) do stages[#stages + 1] = value end
  end
end
return stages
