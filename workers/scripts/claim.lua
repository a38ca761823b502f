-- Claim jobs: those that fell due and those whose worker vanished get ready first, then the fairest are leased.
-- ARGV: slots, lease in ms, owner, sweep (1: take from workers that vanished), deliveries after which a job runs
-- alone, longest back-off in ms, then the owners under which the caller runs jobs itself.
-- Returns four for each job: id, definition, deliveries, and 1 where the worker of the run before vanished.
local slots, lease, owner, sweep = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
local alone_after, longest = tonumber(ARGV[5]), tonumber(ARGV[6])
-- Bounds the work of one call: what is left over is done by the next one.
local AT_ONCE = 100

local own = {}
for i = 7, #ARGV do own[ARGV[i]] = true end

local function overdue(key)
  return redis.call('ZRANGEBYSCORE', key, '-inf', NOW, 'LIMIT', 0, AT_ONCE, 'WITHSCORES')
end

local due = overdue(DELAYED)
for i = 1, #due, 2 do
  redis.call('ZREM', DELAYED, due[i])
  make_ready(due[i], due[i + 1], false)
end

-- A delivery that ended with a lapsed lease counts: again at once the first time, then after 1, 2, 4... s.
local function deliver_again(id, lapsed)
  local deliveries = redis.call('HINCRBY', JOB .. id, 'deliveries', 1)
  redis.call('HSET', JOB .. id, 'vanished', 1)
  redis.call('HDEL', JOB .. id, 'owner')
  redis.call('ZREM', LEASED, id)
  if deliveries == 1 then
    make_ready(id, lapsed, true)
  else
    redis.call('ZADD', DELAYED, NOW + math.min(1000 * 2 ^ (deliveries - 2), longest), id)
  end
end

local lapsed = sweep and overdue(LEASED) or {}
for i = 1, #lapsed, 2 do
  local id = lapsed[i]
  local by = redis.call('HGET', JOB .. id, 'owner')
  if by and own[by] then
    redis.call('ZADD', LEASED, NOW + lease, id)
  elseif by then
    deliver_again(id, lapsed[i + 1])
  else
    redis.call('ZREM', LEASED, id)
  end
end

local function leave_line(id, centre, tag)
  redis.call('ZREM', LINE .. centre, id)
  redis.call('ZREM', READY, id)
  redis.call('SET', CLOCK, tag)
  if redis.call('EXISTS', LINE .. centre) == 1 then
    redis.call('ZADD', CENTRES, tag + 1, centre)
  else
    redis.call('ZREM', CENTRES, centre)
  end
end

local claimed = {}
while #claimed < slots * 4 do
  local first = redis.call('ZRANGE', CENTRES, 0, 0, 'WITHSCORES')
  local centre, tag = first[1], tonumber(first[2])
  if not centre then break end
  local id = redis.call('ZRANGE', LINE .. centre, 0, 0)[1] or ''
  local definition, deliveries = unpack(redis.call('HMGET', JOB .. id, 'definition', 'deliveries'))
  local alone = tonumber(deliveries or 0) >= alone_after
  if alone and #claimed > 0 then break end
  leave_line(id, centre, tag)
  if definition then
    redis.call('HSET', JOB .. id, 'owner', owner, 'claimed', NOW)
    redis.call('HSETNX', JOB .. id, 'started', NOW)
    redis.call('ZADD', LEASED, NOW + lease, id)
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = definition
    claimed[#claimed + 1] = tonumber(deliveries)
    claimed[#claimed + 1] = redis.call('HDEL', JOB .. id, 'vanished')
  end
  if alone then break end
end
return claimed
