-- List what runs in a queue. Returns three for each job: id, owner, ms since it was claimed.
local running = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASED, NOW, '+inf')) do
  local owner, claimed = unpack(redis.call('HMGET', JOB .. id, 'owner', 'claimed'))
  if owner then
    running[#running + 1] = id
    running[#running + 1] = owner
    running[#running + 1] = NOW - tonumber(claimed)
  end
end
return running
