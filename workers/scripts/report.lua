-- Keep how far a job is, never lower than before, and tell it to whoever listens.
-- KEYS: evidence, what stands before a job's id, channel. ARGV: evidence, stage, progress, seconds left or ''.
local id = redis.call('HGET', KEYS[1], ARGV[2])
if not id then return 0 end
local job = KEYS[2] .. id
local before, centre = unpack(redis.call('HMGET', job, 'progress', 'centre'))
local progress = (before and tonumber(before) > tonumber(ARGV[3])) and before or ARGV[3]
redis.call('HSET', job, 'progress', progress, 'eta', ARGV[4])
redis.call('PUBLISH', KEYS[3], cjson.encode({
  centre_id = centre, evidence_id = ARGV[1], stage = ARGV[2], progress = tonumber(progress),
  eta_seconds = tonumber(ARGV[4]) or cjson.null,
}))
return 1
