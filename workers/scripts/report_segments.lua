-- Keep how far segments of a stage are, none lower than before, and tell how far the stage is with all of them.
-- KEYS: evidence, what stands before a job's id, channel. ARGV: evidence, stage, centre, how long this is kept in s,
-- then two for each segment: number, share of the stage that is done.
-- The sum stands where a stage's only job would keep its progress, so that whoever asks need not know. A job for the
-- whole stage, where there is one, speaks for it.
local holder = ARGV[1] .. ':' .. ARGV[2] .. ':segments'
local key = KEYS[2] .. holder
local now = redis.call('TIME')
local NOW = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local FIRST_GUESS = 0.02

local known = redis.call('HGET', KEYS[1], ARGV[2])
if known and known ~= holder and redis.call('EXISTS', KEYS[2] .. known) == 1 then return 0 end
if known ~= holder then redis.call('DEL', key) end

for i = 5, #ARGV, 2 do
  local field = 'segment:' .. ARGV[i]
  local before = redis.call('HGET', key, field)
  if not before or tonumber(before) < tonumber(ARGV[i + 1]) then redis.call('HSET', key, field, ARGV[i + 1]) end
end
local done = 0
local fields = redis.call('HGETALL', key)
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 8) == 'segment:' then done = done + tonumber(fields[i + 1]) end
end
done = math.min(0.99, done)

redis.call('HSETNX', key, 'started', NOW)
redis.call('HSETNX', key, 'base', done)
local started, base = unpack(redis.call('HMGET', key, 'started', 'base'))
local gained, eta = done - tonumber(base), ''
if gained >= FIRST_GUESS then eta = (NOW - tonumber(started)) / 1000 * (1 - done) / gained end
redis.call('HSET', key, 'owner', 'segments', 'centre', ARGV[3], 'progress', done, 'eta', eta)
redis.call('EXPIRE', key, ARGV[4])
redis.call('HSET', KEYS[1], ARGV[2], holder)
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', KEYS[3], cjson.encode({
  centre_id = ARGV[3], evidence_id = ARGV[1], stage = ARGV[2], progress = done,
  eta_seconds = tonumber(eta) or cjson.null,
}))
return 1
