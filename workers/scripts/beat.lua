-- Say that a worker lives and what it lacks, and prolong its leases.
-- ARGV: lease in ms, worker, tools that it lacks with a comma after each, then two for each job: id, owner.
-- Returns the ids that somebody else owns or may own by now. A job that nobody knows (Redis was wiped) goes on, also
-- while it only waits again: whoever claims it then becomes its owner, and it is lost unless that is this worker.
local lease, worker = tonumber(ARGV[1]), ARGV[2]
local me = worker:match('^.*|')
redis.call('ZADD', WORKERS, NOW + lease, worker)
redis.call('ZREMRANGEBYSCORE', WORKERS, '-inf', NOW)
for tool in ARGV[3]:gmatch('([^,]+),') do redis.call('ZADD', LACKING, NOW + lease, me .. tool) end
redis.call('ZREMRANGEBYSCORE', LACKING, '-inf', NOW)
local lost = {}
for i = 4, #ARGV, 2 do
  local id = ARGV[i]
  local owner = redis.call('HGET', JOB .. id, 'owner')
  if owner == ARGV[i + 1] then
    redis.call('ZADD', LEASED, NOW + lease, id)
  elseif owner and owner:sub(1, #me) == me then
    -- Claimed a moment ago; the beat does not know it yet.
  elseif redis.call('HEXISTS', JOB .. id, 'started') == 1 then
    lost[#lost + 1] = id
  end
end
return lost
