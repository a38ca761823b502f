-- Measure a queue without touching it. Returns ready, delayed, leased, age of the oldest ready job in ms, workers.
-- What is overdue counts as ready, although only a worker's next claim will move it.
local function overdue(key)
  return redis.call('ZCOUNT', key, '-inf', NOW)
end

local oldest = NOW
for _, key in ipairs({READY, DELAYED, LEASED}) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[2] then oldest = math.min(oldest, tonumber(first[2])) end
end
return {
  redis.call('ZCARD', READY) + overdue(DELAYED) + overdue(LEASED),
  redis.call('ZCARD', DELAYED) - overdue(DELAYED),
  redis.call('ZCARD', LEASED) - overdue(LEASED),
  NOW - oldest,
  redis.call('ZRANGEBYSCORE', WORKERS, NOW, '+inf'),
}
