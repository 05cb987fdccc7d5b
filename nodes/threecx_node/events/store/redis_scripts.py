"""The scripts that Redis runs as a whole for the store of events.

Keys begin with `threecx:events:`. Of each feed:

    FEED:meta           the name of the journal, the number of its newest event, the highest number that was dropped
                        (`gone`), and the current day and week with the times at which they began
    FEED:log            the events, a stream whose IDs are their numbers
    FEED:days           day → number of its first event
    FEED:ids:WEEK       digests of the IDs that came in a week
    FEED:cursors        source → cursor
    FEED:lease          the token of the process that runs the feed
    FEED:announced      process → types that its readers read, and until when

and of all feeds together, and of each subscription:

    feeds               all feeds that have a journal
    subscriptions       IDs in the order of their creation
    version             changes with the subscriptions
    key-check           shows whether the key for secrets is the same
    subscription:ID     the subscription, a hash
    subscription:ID:pending     numbers of events
    subscription:ID:tries       number → attempts and the time of the next one, where one has failed
    subscription:ID:attempts    results, the newest first

No key but the lease ends by itself: Redis may evict those that do.
"""

from __future__ import annotations

# ARGV[1] is the prefix of all keys, ARGV[2] the feed.
_OPEN = """
local prefix, feed = ARGV[1], ARGV[1] .. 'feed:' .. ARGV[2]
local meta, log = feed .. ':meta', feed .. ':log'
local clock = redis.call('time')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000

local function text(number) return string.format('%.0f', number) end

-- Numbers are times, so that none comes again, not even where Redis was restarted with an older state.
local function next_number(newest)
  return math.max(newest + 1, tonumber(clock[1]) * 1000000 + tonumber(clock[2]))
end

local function open_journal(name)
  if redis.call('exists', meta) == 1 then return end
  -- New, or evicted.
  local first = 0
  if redis.call('exists', log) == 1 then
    local info = redis.call('xinfo', 'stream', log)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then
        first = math.max(first, tonumber(string.match(info[i + 1], '^%d+')))
      end
    end
  end
  first = text(next_number(first))
  redis.call('hset', meta, 'journal', name, 'newest', first, 'gone', first, 'day', 0, 'day_began', now,
    'week', math.floor(now / 604800), 'week_began', now)
  redis.call('sadd', prefix .. 'feeds', ARGV[2])
end
"""

# ARGV: name of a new journal
OPEN_JOURNAL = (
    _OPEN
    + """
open_journal(ARGV[3])
return redis.call('hmget', meta, 'journal', 'newest')
"""
)

# ARGV: name of a new journal, token, version, number of the last event that the caller has appended ('' for none),
# days, weeks, most events, cursor source, cursor; then for each event digest, document, and the IDs of its
# subscriptions with commas between them.
APPEND = (
    _OPEN
    + """
local token = ARGV[4]
if token ~= '' and redis.call('get', feed .. ':lease') ~= token then return {'lease'} end
if (redis.call('get', prefix .. 'version') or '0') ~= ARGV[5] then return {'version'} end
open_journal(ARGV[3])
if ARGV[6] ~= '' and tonumber(ARGV[6]) > tonumber(redis.call('hget', meta, 'gone'))
  and #redis.call('xrange', log, ARGV[6] .. '-0', ARGV[6] .. '-0') == 0 then return {'lost'} end
local days, weeks, most = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local function count_period(name, seconds)
  local number = tonumber(redis.call('hget', meta, name))
  local began = tonumber(redis.call('hget', meta, name .. '_began'))
  local is_new = now - began >= seconds
  if is_new then
    number = number + 1
    redis.call('hset', meta, name, number)
  end
  if is_new or now < began then redis.call('hset', meta, name .. '_began', now) end
  return number, is_new
end

local day, is_new_day = count_period('day', 86400)
local week = count_period('week', 604800)
if is_new_day then
  redis.call('hset', feed .. ':days', day, text(tonumber(redis.call('hget', meta, 'newest')) + 1))
  redis.call('hdel', feed .. ':days', day - days - 1)
end

local function is_seen(digest)
  for each = week, week - weeks, -1 do
    if redis.call('sismember', feed .. ':ids:' .. each, digest) == 1 then return true end
  end
  return false
end

local answer = {'ok', redis.call('hget', meta, 'journal')}
local newest = tonumber(redis.call('hget', meta, 'newest'))
-- The first writes are such that Redis refuses the script while its memory is full.
for i = 12, #ARGV, 3 do
  if not is_seen(ARGV[i]) then
    newest = next_number(newest)
    local number = text(newest)
    redis.call('hset', meta, 'newest', number)
    redis.call('xadd', log, number .. '-0', 'd', ARGV[i + 1], 'a', string.format('%.6f', now))
    redis.call('sadd', feed .. ':ids:' .. week, ARGV[i])
    for id in string.gmatch(ARGV[i + 2], '[^,]+') do
      redis.call('zadd', prefix .. 'subscription:' .. id .. ':pending', number, number)
    end
    answer[#answer + 1] = (i - 12) / 3
    answer[#answer + 1] = number
  end
end
if ARGV[10] ~= '' then redis.call('hset', feed .. ':cursors', ARGV[10], ARGV[11]) end
redis.call('del', feed .. ':ids:' .. (week - weeks - 1), feed .. ':ids:' .. (week - weeks - 2))

-- Drop what is too old or too much, few events at a time: Redis does nothing else meanwhile.
local before = tonumber(redis.call('hget', feed .. ':days', day - days) or '0')
local excess = redis.call('xlen', log) - most
local dropped, last = {}, nil
for _, entry in ipairs(redis.call('xrange', log, '-', '+', 'COUNT', #ARGV > 11 and 200 or 1000)) do
  local number = tonumber(string.match(entry[1], '^%d+'))
  if number >= before and #dropped >= excess then break end
  dropped[#dropped + 1], last = entry[1], number
end
if last then
  redis.call('xdel', log, unpack(dropped))
  redis.call('hset', meta, 'gone', text(last))
  for _, id in ipairs(redis.call('zrange', prefix .. 'subscriptions', 0, -1)) do
    local name = prefix .. 'subscription:' .. id
    if redis.call('hget', name, 'feed') == ARGV[2] then
      local lost = redis.call('zrangebyscore', name .. ':pending', '-inf', text(last))
      for _, number in ipairs(lost) do redis.call('hdel', name .. ':tries', number) end
      redis.call('zremrangebyscore', name .. ':pending', '-inf', text(last))
      if #lost > 0 then redis.call('hincrby', name, 'dropped', #lost) end
    end
  end
end
return answer
"""
)

# ARGV: prefix, ID, version, key check ('' to keep it), feed, public, sealed
ADD = """
local name = ARGV[1] .. 'subscription:' .. ARGV[2]
if redis.call('exists', name) == 1 then return 0 end
local last = redis.call('zrange', ARGV[1] .. 'subscriptions', -1, -1, 'WITHSCORES')
redis.call('hset', name, 'feed', ARGV[5], 'public', ARGV[6], 'sealed', ARGV[7], 'state', 'active', 'reason', '',
  'delivered', 0, 'failed', 0, 'dropped', 0)
redis.call('zadd', ARGV[1] .. 'subscriptions', tonumber(last[2] or '0') + 1, ARGV[2])
if ARGV[4] ~= '' then redis.call('set', ARGV[1] .. 'key-check', ARGV[4]) end
redis.call('set', ARGV[1] .. 'version', ARGV[3])
return 1
"""

# ARGV: prefix, ID, version
REMOVE = """
local name = ARGV[1] .. 'subscription:' .. ARGV[2]
local removed = redis.call('del', name)
redis.call('del', name .. ':pending', name .. ':tries', name .. ':attempts')
redis.call('zrem', ARGV[1] .. 'subscriptions', ARGV[2])
redis.call('set', ARGV[1] .. 'version', ARGV[3])
return removed
"""

# ARGV: prefix, ID, version, state, reason, and 1 where all deliveries are to be due now
SET_STATE = """
local name = ARGV[1] .. 'subscription:' .. ARGV[2]
if redis.call('exists', name) == 0 then return end
redis.call('hset', name, 'state', ARGV[4], 'reason', ARGV[5])
if ARGV[6] == '1' then
  local clock = redis.call('time')
  redis.call('hset', name, 'resumed', clock[1] .. '.' .. string.format('%06d', tonumber(clock[2])))
  redis.call('del', name .. ':tries')
end
redis.call('set', ARGV[1] .. 'version', ARGV[3])
"""

# ARGV: prefix, ID, number after which to begin, limit. Returns number, document, time, tries, … , and then the name of
# the journal and the time at which the subscription was resumed.
PENDING = """
local name = ARGV[1] .. 'subscription:' .. ARGV[2]
local feed = redis.call('hget', name, 'feed')
if not feed then return {'', ''} end
local log = ARGV[1] .. 'feed:' .. feed .. ':log'
local after, limit, answer = ARGV[3], tonumber(ARGV[4]), {}
while #answer < limit * 4 do
  local numbers = redis.call('zrangebyscore', name .. ':pending', '(' .. after, '+inf', 'LIMIT', 0, limit)
  if #numbers == 0 then break end
  for _, number in ipairs(numbers) do
    after = number
    local entry = redis.call('xrange', log, number .. '-0', number .. '-0')[1]
    if not entry then
      -- Redis evicted it: it cannot be delivered any more.
      redis.call('zrem', name .. ':pending', number)
      redis.call('hincrby', name, 'dropped', 1)
    elseif #answer < limit * 4 then
      answer[#answer + 1] = number
      answer[#answer + 1] = entry[2][2]
      answer[#answer + 1] = entry[2][4]
      answer[#answer + 1] = redis.call('hget', name .. ':tries', number) or ''
    end
  end
end
answer[#answer + 1] = redis.call('hget', ARGV[1] .. 'feed:' .. feed .. ':meta', 'journal') or ''
answer[#answer + 1] = redis.call('hget', name, 'resumed') or ''
return answer
"""

# ARGV: prefix, attempts that are kept; then for each result ID, number, state, time of the next attempt, document
RECORD = """
for i = 3, #ARGV, 5 do
  local name, number, state = ARGV[1] .. 'subscription:' .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('zscore', name .. ':pending', number) then
    local tries = redis.call('hget', name .. ':tries', number) or '0 '
    local attempt = tonumber(string.match(tries, '^%d+')) + 1
    if state == 'retry' then
      redis.call('hset', name .. ':tries', number, attempt .. ' ' .. ARGV[i + 3])
    else
      redis.call('zrem', name .. ':pending', number)
      redis.call('hdel', name .. ':tries', number)
      redis.call('hincrby', name, state == 'delivered' and 'delivered' or 'failed', 1)
    end
    redis.call('lpush', name .. ':attempts', attempt .. ' ' .. ARGV[i + 4])
    redis.call('ltrim', name .. ':attempts', 0, tonumber(ARGV[2]) - 1)
  end
end
"""

# ARGV: prefix, feed, process, seconds, types with commas between them
ANNOUNCE = """
local clock = redis.call('time')
local name = ARGV[1] .. 'feed:' .. ARGV[2] .. ':announced'
redis.call('hset', name, ARGV[3], string.format('%.0f', clock[1] + ARGV[4]) .. ' ' .. ARGV[5])
"""

# ARGV: prefix, feed. Returns the types of all processes, and forgets those whose time has passed.
ANNOUNCED = """
local clock, answer = redis.call('time'), {}
local name = ARGV[1] .. 'feed:' .. ARGV[2] .. ':announced'
local found = redis.call('hgetall', name)
for i = 1, #found, 2 do
  local till, types = string.match(found[i + 1], '^(%S+) (.*)$')
  if tonumber(till) > tonumber(clock[1]) then
    answer[#answer + 1] = types
  else
    redis.call('hdel', name, found[i])
  end
end
return answer
"""

# KEYS: the lease. ARGV: token, milliseconds
RENEW = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2]) or 0"
RELEASE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0"
