#!/usr/bin/env bats
# How often whom may do what.
# bats file_tags=every-store

load helpers

# limited NAME: 429 with all that a client needs to do better.
limited() {
    assert_problem 429 rate-limited
    assert_header Retry-After '[1-9]*'
    assert_header RateLimit-Policy "\"$1\";q=*;w=*"
    assert_header RateLimit "\"$1\";r=0;t=$(header Retry-After)"
}

setup() {
    :
}

@test "a page that polls both endpoints in twenty tabs is not limited, and a tight loop is" {
    start_postbox --poll-rate 20
    codes() {
        local n
        for ((n = 0; n < $1; n++)); do printf '%s\n' next silent "url = \"$API\"" 'header = "X-User-ID: alice"' 'output = "/dev/null"' 'write-out = "%{http_code}\n"'; done |
            tail -n +2 | curl --config - | sort | uniq -c
    }
    [[ $(codes 40) == *' 40 200' ]]
    [[ $(codes 2000) == *' 429'* ]]
    as alice GET "$API"
    if [[ $CODE == 429 ]]; then limited polls; fi
    as bob GET "$API"
    assert_status 200
}

@test "sends are limited for each user, and waiting as long as told helps" {
    # Five requests fit between two tokens on a busy machine too.
    start_postbox --send-rate 0.1 --send-burst 3
    for n in 1 2 3; do send alice conv-1 "$n" bob; done
    post alice conv-1 '{"content": "4"}'
    limited sends
    as alice PUT "$API/conv-1/read"
    limited sends
    wait=$(header Retry-After)
    ((wait <= 10))
    send bob conv-1 'not limited'
    as alice GET "$API"
    assert_status 200
    may_send() {
        post alice conv-1 '{"content": "4"}'
        [[ $CODE == 201 ]]
    }
    SECONDS=0
    PATIENCE=30 await may_send
    ((SECONDS <= wait + 5))
    as bob GET "$API/conv-1/messages"
    assert_json '[.[].content] == ["1", "2", "3", "not limited", "4"]'
}

@test "opening conversations has a limit of its own, and writing to those that exist has not" {
    start_postbox --open-rate 0.2 --open-burst 3
    send alice @bob one
    send alice pair one bob
    send alice @bob two
    send alice @carol one
    post alice @dave '{"content": "one"}'
    limited openings
    [[ $(header Retry-After) == [1-5] ]]
    post alice other '{"content": "one", "receiverId": "dave"}'
    limited openings
    for n in 3 4 5; do send alice @bob "$n"; done
    send alice pair two bob
    as dave GET "$API"
    assert_json '. == []'
    send bob @dave one
    restart_postbox --open-rate 0.001 --open-burst 26
    ids=$(printf '"p%s",' {1..499})
    post alice crowd "{\"content\": \"one\", \"participantIds\": [${ids%,}]}"
    assert_status 201
    post alice @erin '{"content": "one"}'
    limited openings
    restart_postbox --open-rate 0
    for n in {1..70}; do send alice "more-$n" one bob; done
}

@test "a rate of 0 is no limit, and one next to 0 is a limit" {
    start_postbox --send-rate 1e-300 --send-burst 1000000
    send alice conv-1 'Hi' bob
    restart_postbox --send-rate 1e-12 --send-burst 1
    send alice conv-1 'Hi'
    post alice conv-1 '{"content": "again"}'
    limited sends
    restart_postbox
    send_many alice conv-1 1 100
}

@test "limits that are no numbers or out of range are refused" {
    prepare_database
    for option in --send-rate=-1 --open-rate=-1 --open-rate=inf --open-burst=0 --send-rate=nan --poll-rate=inf --send-burst=0 --max-connections=0 --max-header-bytes=1 \
        --request-timeout=0 --idle-timeout=0 --max-content-bytes=0 --max-answer-bytes=0 --max-answer-memory=65535; do
        postbox serve --port 0 --identity demo --database "$DATABASE" "$option"
        assert_equal "$EXIT" 64
        assert_one_line '*'
    done
}

@test "an address that fails too often to say who it is has to wait, unless it is a proxy's" {
    start_postbox --trusted-proxy 192.0.2.1
    attempts() {
        local n
        for ((n = 0; n < 100; n++)); do printf '%s\n' next silent "url = \"$API\"" 'output = "/dev/null"' 'write-out = "%{http_code}\n"'; done |
            tail -n +2 | curl --config - | sort | uniq -c
    }
    [[ $(attempts) == *' 401'*' 429'* ]]
    request GET "$API"
    assert_problem 429 rate-limited
    as alice GET "$API"
    assert_status 200
    restart_postbox
    [[ $(attempts) == *' 100 401' ]]
}

@test "a connection beyond the most of one address waits or is closed, and others go on" {
    start_postbox --loops 2 --trusted-proxy 192.0.2.1 --max-connections-per-address 3
    for number in 5 6 7; do eval "exec $number<>/dev/tcp/127.0.0.1/$PORT"; done
    healthy() { curl --silent --max-time 2 --output /dev/null "$ORIGIN/healthz"; }
    if healthy; then fail 'a fourth connection is served'; fi
    exec 5>&-
    await healthy
    exec 6>&- 7>&-
}

@test "a request that does not come in within its time is answered 408 or cut" {
    start_postbox --request-timeout 0.5
    exec 4<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ' >&4
    timeout 10 cat <&4 >"$BODY" || fail 'the connection is still open after 10 s'
    exec 4>&-
    [[ ! -s $BODY ]] || grep -q '^HTTP/1.1 408' "$BODY" || fail "$(cat "$BODY")"
}

@test "a connection that is idle for too long is closed" {
    start_postbox --idle-timeout 1
    exec 4<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' >&4
    timeout 10 cat <&4 >"$BODY" || fail 'the connection is still open after 10 s'
    exec 4>&-
    grep -q '^HTTP/1.1 200' "$BODY"
}

# names FIRST LAST: alice polls over one connection, each time as somebody called otherwise; prints how often each status came.
names() {
    local n
    for ((n = $1; n <= $2; n++)); do
        ((n == $1)) || echo next
        printf '%s\n' silent "url = \"$API\"" 'header = "X-User-ID: alice"' "header = \"X-User-Name: Alice $n\"" 'output = "/dev/null"' \
            'write-out = "%{http_code}\n"'
    done | curl --config - | sort | uniq -c | xargs
}

@test "who is over a limit has no name stored, and nobody has more than two in a minute" {
    start_postbox --identity gateway --poll-rate 0.001 --poll-burst 6 --send-rate 0
    send bob conv-1 'Hi' alice
    written() {
        if on_postgres; then query "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"; else stat -c %s "$DATABASE-wal"; fi
    }
    size=$(written)
    assert_equal "$(names 1 300)" '6 200 294 429'
    as bob GET "$API"
    assert_json '.[0].name == "Alice 2"'
    size=$(($(written) - size))
    ((size < 100000)) || fail "$size bytes for names"
}

@test "two sessions with different names do not take turns" {
    start_postbox --identity gateway
    send bob conv-1 'Hi' alice
    for name in Al Alice; do as alice GET "$API" --header "X-User-Name: $name"; done
    as bob GET "$API"
    assert_json '.[0].name == "Alice"'
    tag=$(header ETag)
    for _ in {1..50}; do
        for name in Al Alice; do as alice GET "$API" --header "X-User-Name: $name"; done
    done
    as bob GET "$API" --header "If-None-Match: $tag"
    assert_status 304
}

# send_large BYTES: more than fits the arguments of a command.
send_large() {
    send alice conv-1 'Hi' bob
    head -c "$1" /dev/zero | tr '\0' x >"$FOLDER/large"
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary "@$FOLDER/large"
    assert_status 201
}

@test "a large answer costs one token more for each 64 KiB, to HEAD too" {
    start_postbox --max-content-bytes 400000
    send_large 300000
    for method in GET HEAD; do
        restart_postbox --max-content-bytes 400000 --poll-rate 0.001 --poll-burst 11
        # Each costs five.
        for _ in 1 2 3; do
            as bob "$method" "$API/conv-1/messages"
            assert_status 200
        done
        as bob "$method" "$API/conv-1/messages"
        assert_status 429
        as alice GET "$API?messages=0"
        assert_status 200
    done
}

@test "who does not read answers gets no more than a sixteenth of the memory for them, and nobody else waits" {
    start_postbox --max-content-bytes 1000000 --max-answer-memory 33554432
    send_large 1000000
    python3 "$BATS_TEST_DIRNAME/unread.py" "$PORT" bob /api/messages/conversations/conv-1/messages 40 >"$FOLDER/unread" 3>&- &
    reader=$!
    SERVERS+=("$reader")
    await grep -q unread "$FOLDER/unread"
    refused() {
        as bob GET "$API/conv-1/messages"
        [[ $CODE == 503 ]]
    }
    await refused
    assert_problem 503 overloaded
    assert_header Retry-After 5
    # A poll that finds nothing new takes no memory.
    as alice GET "$API/conv-1/messages"
    assert_status 200
    etag=$(header ETag)
    as alice GET "$API/conv-1/messages" --header "If-None-Match: $etag"
    assert_status 304
    as bob POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary "@$FOLDER/large"
    assert_problem 503 overloaded
    as alice GET "$API?messages=0"
    assert_json '.[0].lastMessage | length == 1000000'
    as alice GET "$API/conv-1/messages?since=2"
    assert_json '. == []'
    kill "$reader"
    served() {
        as bob GET "$API/conv-1/messages"
        [[ $CODE == 200 ]]
    }
    await served
}

STALLED=()

# stall USER COUNT: holds back as many request bodies of 160,000 bytes.
stall() {
    python3 "$BATS_TEST_DIRNAME/stalled.py" "$PORT" "$1" "$2" 160000 >"$FOLDER/stalled-$1" 3>&- &
    STALLED+=("$!")
    await grep -q stalled "$FOLDER/stalled-$1"
}

@test "who holds back request bodies gets no more than a sixteenth of the memory for them, and nobody else waits" {
    start_postbox
    send alice conv-1 'Hi' bob
    stall bob 30
    # Of those, 26 fit; the others are let go of.
    printf '%160000s' x >"$FOLDER/large"
    large_is_refused() {
        as bob POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary "@$FOLDER/large"
        [[ $CODE == 503 ]]
    }
    await large_is_refused
    assert_problem 503 overloaded
    assert_header Retry-After 1
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary "@$FOLDER/large"
    assert_problem 413 content-too-large
}

# mebibytes: of memory that the server has.
mebibytes() {
    awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$SERVER/status"
}

@test "what request bodies took goes back to the system within a minute" {
    start_postbox
    send alice conv-1 'Hi' bob
    rest=$(mebibytes)
    for user in {1..15}; do stall "user-$user" 25; done
    taken() { (($(mebibytes) > rest + 50)); }
    await taken
    kill "${STALLED[@]}"
    SECONDS=0
    until (($(mebibytes) < rest + 25)); do
        ((SECONDS < 60)) || fail "$(mebibytes) MiB after a minute, and $rest before"
        sleep 1
    done
}

@test "documents that anybody may fetch are limited for each address that is no trusted proxy" {
    start_postbox --trusted-proxy 192.0.2.1
    for path in /openapi.json /openapi.yaml /; do
        assert_equal "$(curl --silent --output /dev/null --write-out '%{http_code}\n' "$ORIGIN$path?n=[1-20]" | sort | uniq -c | xargs)" '20 200'
    done
    for path in /openapi.json /openapi.yaml /; do
        for _ in 1 2 3; do request GET "$ORIGIN$path"; done
        limited documents
    done
    request GET "$ORIGIN/healthz"
    assert_status 200
    restart_postbox
    assert_equal "$(curl --silent --output /dev/null --write-out '%{http_code}\n' "$ORIGIN/openapi.json?n=[1-100]" | sort | uniq -c | xargs)" '100 200'
}

@test "the sum of all bounds is logged at the start" {
    start_postbox --log-level info
    await grep -qE 'memory is bounded.*total_bytes=[1-9][0-9]+' "$ERR"
}
