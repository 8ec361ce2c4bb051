-- Sends the requests of a file in turn, each thread its own share, and checks what comes back.
-- The file: a line "STATUS TAG LENGTH SIZE" before the LENGTH bytes of each request and the SIZE bytes of the body that must come
-- with that status and entity tag; the tag tells what the answer is to. A "-" in its place: a send, of which neither is known.
-- "#COUNTER########" in a request becomes unique.
-- Arguments: that file, one for the bodies of sends ("SIZE\n" before each), and the number of threads.

local placeholder = "#COUNTER########"
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

local prepared, tags, spans = {}, {}, {}
local statuses, bodies = {}, {}
local at, step = 0, 1
local sent = 0
local kept
-- By entity tag; all sends count as "-".
issued, got = {}, {}
wrong, example = 0, ""

function init(args)
    local file = assert(io.open(args[1], "rb"))
    step = tonumber(args[3])
    kept = assert(io.open(args[2] .. "." .. number, "wb"))
    for line in file:lines() do
        local status, tag, length, size = line:match("^(%d+) (%S+) (%d+) (%d+)$")
        local text = file:read(tonumber(length))
        prepared[#prepared + 1] = text
        tags[#tags + 1] = tag
        statuses[tag] = tonumber(status)
        bodies[tag] = size == "0" and "" or file:read(tonumber(size))
        local first, last = text:find(placeholder, 1, true)
        spans[#spans + 1] = first and { text:sub(1, first - 1), text:sub(last + 1) } or false
    end
    file:close()
    at = number
end

function request()
    local index = at % #prepared + 1
    at = at + step
    local tag = tags[index]
    issued[tag] = (issued[tag] or 0) + 1
    local span = spans[index]
    if not span then return prepared[index] end
    sent = sent + 1
    return span[1] .. string.format("%03d-%012d", number, sent) .. span[2]
end

function response(status, headers, body)
    local tag = status == 201 and "-" or headers["ETag"] or "none"
    if statuses[tag] ~= status or (tag ~= "-" and bodies[tag] ~= body) then
        wrong = wrong + 1
        example = status .. " with tag " .. tag .. " and " .. #body .. " bytes"
        return
    end
    got[tag] = (got[tag] or 0) + 1
    if status == 201 then kept:write(#body, "\n", body) end
end

-- Each thread has a Lua of its own, and none runs after the last answer: what it keeps is flushed when wrk ends.
function done(summary, latency)
    local balance, strangers, acknowledged, example = {}, 0, 0, ""
    for _, thread in ipairs(threads) do
        for tag, count in pairs(thread:get("issued")) do balance[tag] = (balance[tag] or 0) + count end
        for tag, count in pairs(thread:get("got")) do
            balance[tag] = (balance[tag] or 0) - count
            if tag == "-" then acknowledged = acknowledged + count end
        end
        strangers = strangers + thread:get("wrong")
        if thread:get("example") ~= "" then example = thread:get("example") end
    end
    local unanswered, surplus = 0, 0
    for _, count in pairs(balance) do
        if count > 0 then unanswered = unanswered + count else surplus = surplus - count end
    end
    local open_sends = math.max(balance["-"] or 0, 0)
    local errors = summary.errors
    io.write(string.format('\nRESULT {"requests":%d,"seconds":%.6f,"p50":%d,"p99":%d,"errors":%d,"wrong":%d,"example":"%s",',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.timeout, strangers, (example:gsub('"', "'"))))
    io.write(string.format('"unanswered":%d,"openSends":%d,"surplus":%d,"acknowledged":%d}\n',
        unanswered, open_sends, surplus, acknowledged))
end
