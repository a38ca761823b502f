-- What every script of a queue begins with: its keys (workers/keys.py, QueueKeys), the time, how a job gets ready.
--
-- Fairness is start-time fair queuing over centres (Goyal, Vin, Cheng: "Start-time Fair Queueing", 1996), every job
-- weighing the same: CENTRES holds each centre with ready jobs under the virtual time at which it is served next,
-- the lowest first; serving one sets CLOCK to its time and puts the centre one later. A centre that was away comes
-- back at CLOCK + 1: neither punished for what it had before, nor rewarded for having waited.
local CENTRES, CLOCK, READY, DELAYED, LEASED, WORKERS, LACKING, DOORBELL, LINE, JOB, EVIDENCE = unpack(KEYS)

local function milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local NOW = milliseconds()

-- `since`: from when on it waits; `next_in_line`: its centre was served for it already, so it need not wait again.
local function make_ready(id, since, next_in_line)
  local centre, pushed = unpack(redis.call('HMGET', JOB .. id, 'centre', 'pushed'))
  if not centre then return end
  redis.call('ZADD', LINE .. centre, pushed, id)
  redis.call('ZADD', READY, since, id)
  local clock = tonumber(redis.call('GET', CLOCK) or 0)
  if next_in_line then
    redis.call('ZADD', CENTRES, 'LT', clock, centre)
  else
    redis.call('ZADD', CENTRES, 'NX', clock + 1, centre)
  end
end
