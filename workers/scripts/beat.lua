-- Say that a worker lives and prolong its leases. ARGV: lease in ms, worker, then two for each job: id, owner.
-- Returns the ids that somebody else owns or may own by now. A job that nobody knows (Redis was wiped) goes on, also
-- while it only waits again: whoever claims it then becomes its owner, and it is lost unless that is its runner.
local lease, worker = tonumber(ARGV[1]), ARGV[2]
redis.call('ZADD', WORKERS, NOW + lease, worker)
redis.call('ZREMRANGEBYSCORE', WORKERS, '-inf', NOW)
local lost = {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if redis.call('HGET', JOB .. id, 'owner') == ARGV[i + 1] then
    redis.call('ZADD', LEASED, NOW + lease, id)
  elseif redis.call('HEXISTS', JOB .. id, 'started') == 1 then
    lost[#lost + 1] = id
  end
end
return lost
