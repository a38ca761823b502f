-- Add to the totals, each batch of a process once: one whose answer was lost comes again.
-- KEYS: totals, last batch of the process. ARGV: batch, how long it is remembered in s, then two for each: field,
-- amount.
if redis.call('GET', KEYS[2]) == ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
return 1
