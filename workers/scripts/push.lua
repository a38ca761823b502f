-- Take jobs in; one that is known already is left as it is. Returns how many were taken.
-- ARGV: six for each job: id, evidence, stage whose progress it reports or '', centre, delay in ms, definition.
local taken = 0
for i = 1, #ARGV, 6 do
  local id, evidence, stage, centre, delay, definition = unpack(ARGV, i, i + 5)
  if redis.call('EXISTS', JOB .. id) == 0 then
    redis.call('HSET', JOB .. id, 'evidence', evidence, 'stage', stage, 'centre', centre, 'definition', definition,
      'pushed', NOW, 'deliveries', 0)
    if stage ~= '' then redis.call('HSET', EVIDENCE .. evidence, stage, id) end
    if tonumber(delay) > 0 then
      redis.call('ZADD', DELAYED, NOW + tonumber(delay), id)
    else
      make_ready(id, NOW, false)
    end
    taken = taken + 1
  end
end
if taken > 0 then redis.call('PUBLISH', DOORBELL, '') end
return taken
