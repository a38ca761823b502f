-- Say that a worker lives and prolong its leases. ARGV: lease in ms, worker, then two for each job: id, owner.
-- Returns the ids that somebody else owns or may own by now. A job that nobody knows (Redis was wiped) goes on:
-- whoever claims it after it was pushed again becomes its owner, and then it is lost.
local lease, worker = tonumber(ARGV[1]), ARGV[2]
redis.call('ZADD', WORKERS, NOW + lease, worker)
redis.call('ZREMRANGEBYSCORE', WORKERS, '-inf', NOW)
local lost = {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if redis.call('HGET', JOB .. id, 'owner') == ARGV[i + 1] then
    redis.call('ZADD', LEASED, NOW + lease, id)
  elseif redis.call('EXISTS', JOB .. id) == 1 then
    lost[#lost + 1] = id
  end
end
return lost
