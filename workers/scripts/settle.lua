-- End a run: only the owner may. ARGV: id, owner, delay in ms until it runs again (0: at once; -1: it is done).
-- Returns 1, or 0 when somebody else owns the job or nobody knows it.
local id, owner, delay = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('HGET', JOB .. id, 'owner') ~= owner then return 0 end
redis.call('ZREM', LEASED, id)
if delay < 0 then
  local evidence, stage = unpack(redis.call('HMGET', JOB .. id, 'evidence', 'stage'))
  redis.call('DEL', JOB .. id)
  if redis.call('HGET', EVIDENCE .. evidence, stage) == id then redis.call('HDEL', EVIDENCE .. evidence, stage) end
  return 1
end
redis.call('HDEL', JOB .. id, 'owner')
if delay > 0 then
  redis.call('ZADD', DELAYED, NOW + delay, id)
else
  make_ready(id, NOW, true)
  redis.call('PUBLISH', DOORBELL, '')
end
return 1
