-- Sends the requests of a file in turn, each thread its own share, and counts what comes back.
-- The file: a line "STATUS LENGTH" before the bytes of each request; "#COUNTER########" in them becomes unique.
-- Arguments: that file, and one for the answers worth checking ("SIZE\n" before each).

local placeholder = "#COUNTER########"
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

local prepared, expected, spans, etags = {}, {}, {}, {}
local at, step = 0, 1
local sent, answers = 0, 0
local kept
issued, got, foreign = {}, {}, 0

function init(args)
    local file = assert(io.open(args[1], "rb"))
    step = tonumber(args[3])
    kept = assert(io.open(args[2] .. "." .. number, "wb"))
    for line in file:lines() do
        local status, length = line:match("^(%d+) (%d+)$")
        local text = file:read(tonumber(length))
        prepared[#prepared + 1] = text
        expected[#expected + 1] = tonumber(status)
        local first, last = text:find(placeholder, 1, true)
        spans[#spans + 1] = first and { text:sub(1, first - 1), text:sub(last + 1) } or false
        local tag = text:match("If%-None%-Match: ([^\r]*)")
        if tag then etags[tag] = true end
    end
    file:close()
    at = number
end

function request()
    local index = at % #prepared + 1
    at = at + step
    local status = expected[index]
    issued[status] = (issued[status] or 0) + 1
    local span = spans[index]
    if not span then return prepared[index] end
    sent = sent + 1
    return span[1] .. string.format("%03d-%012d", number, sent) .. span[2]
end

function response(status, headers, body)
    got[status] = (got[status] or 0) + 1
    answers = answers + 1
    if status == 304 then
        if not etags[headers["ETag"]] then foreign = foreign + 1 end
    elseif status == 201 or answers % 499 == 1 then
        kept:write(#body, "\n", body)
    end
end

-- Each thread has a Lua of its own, and none runs after the last answer: what it keeps is flushed when it is closed.
function done(summary, latency)
    local statuses, expectation, strangers = {}, {}, 0
    for _, thread in ipairs(threads) do
        for status, count in pairs(thread:get("got")) do statuses[status] = (statuses[status] or 0) + count end
        for status, count in pairs(thread:get("issued")) do
            expectation[status] = (expectation[status] or 0) + count
        end
        strangers = strangers + thread:get("foreign")
    end
    local function list(counts)
        local parts = {}
        for status, count in pairs(counts) do parts[#parts + 1] = string.format('"%d":%d', status, count) end
        return "{" .. table.concat(parts, ",") .. "}"
    end
    local errors = summary.errors
    io.write(string.format(
        '\nRESULT {"requests":%d,"seconds":%.6f,"p50":%d,"p99":%d,"errors":%d,"foreign":%d,"got":%s,"issued":%s}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.timeout, strangers, list(statuses), list(expectation)))
end
