"""What Redis does in one step, in Lua.

``KEYS`` are the names of one thing under each key of the ring, and at most one of them is there. The one that is there
is used, or else the first: so processes agree whose rings are a step of a rotation apart. redis-py asks once more if a
connection breaks before the answer: a lock or a write that the first request did counts as done by the second.
"""

_FIND = """
local found
for _, name in ipairs(KEYS) do
    if redis.call('EXISTS', name) == 1 then found = name break end
end
"""

_TOUCH = """
local function touch(name, used_at, life)
    local before = tonumber(redis.call('HGET', name, 'used_at') or '')
    if not before or before <= tonumber(used_at) then
        redis.call('HSET', name, 'used_at', used_at)
        redis.call('PEXPIRE', name, life)
    end
end
"""

PUT = """
redis.call('DEL', unpack(KEYS))
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
"""
"""The value, and its life in milliseconds."""

TAKE = f"""{_FIND}
if not found then return false end
local taken = {{redis.call('GET', found), redis.call('PTTL', found)}}
redis.call('DEL', found)
return taken
"""
"""Gives the value and the milliseconds that were left of its life."""

ATTEMPT = f"""{_FIND}
local name, most, window = found or KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', name, '-inf', now - window)
redis.call('ZREMRANGEBYSCORE', name, string.format('(%.0f', now), '+inf')
if redis.call('ZCARD', name) >= most then
    return redis.call('ZRANGE', name, 0, 0, 'WITHSCORES')[2] + window - now
end
redis.call('ZADD', name, now, ARGV[3])
redis.call('PEXPIRE', name, math.ceil(window / 1000))
return false
"""
"""The most, the window in microseconds and a random text; gives the microseconds until the next is free."""

LOCK = f"""{_FIND}
if found then return redis.call('GET', found) == ARGV[1] end
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
"""
"""The holder's random text, and the life in milliseconds; gives whether the holder has the lock."""

UNLOCK = f"""{_FIND}
if found and redis.call('GET', found) == ARGV[1] then redis.call('DEL', found) end
"""

READ = f"""{_FIND}
if not found then return false end
local read = redis.call('HMGET', found, 'used_at', 'session.version', 'tokens.version')
local is_first = found == KEYS[1]
if is_first and read[2] == ARGV[1] and read[3] == ARGV[2] then return read[1] end
for number, part in ipairs({{'session', 'tokens'}}) do
    local is_known = read[number + 1] == ARGV[number]
    read[number + 3] = not is_known and redis.call('HGET', found, part)
end
read[6] = is_first
return read
"""
"""The known versions of both parts; gives when it was used, the versions, the values of those not known, and whether it
has the first name.

If it has, and both are known, as at nearly every call, it gives only when the session was used: texts cost time.
"""

MOVE = f"""{_FIND}
if not found then return end
for at = 1, #ARGV, 3 do
    if (redis.call('HGET', found, ARGV[at] .. '.version') or '') ~= ARGV[at + 1] then return end
end
for at = 1, #ARGV, 3 do
    if ARGV[at + 2] ~= '' then redis.call('HSET', found, ARGV[at], ARGV[at + 2]) end
end
redis.call('RENAME', found, KEYS[1])
"""
"""Of each part its name, version and value as the first key seals it, or nothing if it stays as it is.

Gives the session its first name, unless a part has another version by now.
"""

MOVE_VALUE = f"""{_FIND}
if found and redis.call('GET', found) == ARGV[1] then
    redis.call('SET', found, ARGV[2], 'KEEPTTL')
    redis.call('RENAME', found, KEYS[1])
end
"""
"""A value as it is, and as the first key seals it."""

ELSEWHERE = b"elsewhere"
WRITE = f"""{_FIND}{_TOUCH}
if found and found ~= KEYS[1] then return '{ELSEWHERE.decode()}' end
local is_done, is_over = true, true
for at = 3, #ARGV, 4 do
    local version = found and redis.call('HGET', found, ARGV[at] .. '.version') or ''
    is_done = is_done and version == ARGV[at + 1]
    is_over = is_over and version == ARGV[at + 2]
end
if is_done or not is_over then return is_done end
for at = 3, #ARGV, 4 do
    redis.call('HSET', KEYS[1], ARGV[at] .. '.version', ARGV[at + 1], ARGV[at], ARGV[at + 3])
end
touch(KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return true
"""
"""When it was used, its life in milliseconds; then of each part its name, the versions new and old, and the value.

A session that doesn't have its first name is ``ELSEWHERE`` and has to be moved: what has one name is sealed by one key.
"""

REMOVE = f"""{_FIND}
if not found then return true end
for at = 1, #ARGV, 2 do
    if redis.call('HGET', found, ARGV[at] .. '.version') ~= ARGV[at + 1] then return false end
end
redis.call('DEL', found)
return true
"""
"""Of each part its name and version."""

TOUCH = f"""{_FIND}{_TOUCH}
if found then touch(found, ARGV[1], ARGV[2]) end
"""
"""When it was used, and its life in milliseconds."""
