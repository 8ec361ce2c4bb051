#!/usr/bin/env bats
# Connections: keep-alive, slow senders, and stopping while somebody is being served.
# bats file_tags=every-store

load helpers

# reuses URL [curl arguments]: two requests in one call must share a connection.
reuses() {
    curl --silent --verbose --max-time 10 --header 'X-User-ID: alice' --output /dev/null "${@:2}" "$1" \
        --output /dev/null "$1" 2>"$BODY"
    grep -q 'Re-using existing connection' "$BODY" || fail "a new connection for each request: $*" "$(cat "$BODY")"
}

# Descriptor 4 is a connection with part of a request of 100 bytes of content on it.
half_a_request() {
    exec 4<>"/dev/tcp/127.0.0.1/$PORT"
    printf '%s\r\n' "POST /api/messages/conversations/conv-1/messages HTTP/1.1" 'Host: localhost' 'X-User-ID: alice' \
        'Content-Type: text/plain' 'Content-Length: 100' '' >&4
    printf '%50s' first >&4
}

# Everything that still comes in over descriptor 4.
rest() {
    timeout 15 cat <&4 || true
}

@test "a connection is used again, whatever the answer was" {
    send alice conv-1 'Hi' bob
    reuses "$API"
    reuses "$API/conv-1/messages"
    as alice GET "$API"
    reuses "$API" --header "If-None-Match: $(header ETag)"
    reuses "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-raw 'Hi'
    reuses "$API/conv-1/read" --request PUT
    reuses "$API/conv-2/messages"
    reuses "$API" --request DELETE
    reuses "$API" --head
    reuses "$ORIGIN/ws"
}

@test "HEAD and 304 send no body, on the wire" {
    send alice conv-1 'Hi' bob
    as alice GET "$API"
    for request in 'HEAD /api/messages/conversations HTTP/1.1' \
        $'GET /api/messages/conversations HTTP/1.1\r\nIf-None-Match: '"$(header ETag)"; do
        exec 4<>"/dev/tcp/127.0.0.1/$PORT"
        printf '%s\r\n' "$request" 'Host: localhost' 'X-User-ID: alice' 'Connection: close' '' >&4
        rest >"$BODY"
        exec 4>&-
        assert_equal "$(tail -c 4 "$BODY" | od -An -tx1)" ' 0d 0a 0d 0a'
    done
}

@test "two requests sent in one go are both answered" {
    exec 4<>"/dev/tcp/127.0.0.1/$PORT"
    printf '%s\r\n' 'GET /healthz HTTP/1.1' 'Host: localhost' '' \
        'GET /api/messages/conversations HTTP/1.1' 'Host: localhost' 'X-User-ID: alice' 'Connection: close' '' >&4
    rest >"$BODY"
    exec 4>&-
    assert_equal "$(grep -o 'HTTP/1.1 200' "$BODY" | wc -l)" 2
}

@test "more polling clients than there are threads are all served" {
    send alice conv-1 'Hi' bob
    poll() {
        for _ in {1..10}; do
            as bob GET "$API/conv-1/messages"
            assert_contents Hi
        done
    }
    twenty poll
}

@test "a slow sender does not keep others from being served" {
    send alice conv-1 'Hi' bob
    half_a_request
    as bob GET "$API/conv-1/messages" --max-time 2
    assert_contents Hi
    send bob conv-1 'Hi'
    printf '%50s' last >&4
    read -r -t 10 -u 4 answer
    exec 4>&-
    [[ $answer == 'HTTP/1.1 201'* ]]
    as bob GET "$API/conv-1/messages"
    assert_json 'length == 3'
}

@test "a client that gives up halfway leaves no message" {
    send alice conv-1 'Hi' bob
    half_a_request
    exec 4>&-
    as alice GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "a request that is coming in at SIGTERM is stored and acknowledged, or neither" {
    send alice conv-1 'Hi' bob
    half_a_request
    kill -TERM "$SERVER"
    printf '%50s' last >&4 || true
    rest >"$BODY.rest"
    exec 4>&-
    stopped_within 12 "$SERVER"
    wait "$SERVER"
    stored=$(query 'SELECT count(*) FROM messages')
    if grep -q '^HTTP/1.1 201' "$BODY.rest"; then
        assert_equal "$stored" 2
    else
        assert_equal "$stored" 1
    fi
}

@test "a sender that never finishes does not hold up a stop for longer than 10 s" {
    send alice conv-1 'Hi' bob
    half_a_request
    kill -TERM "$SERVER"
    stopped_within 12 "$SERVER" || fail 'still running after 12 s'
    wait "$SERVER"
    exec 4>&-
}

@test "idle connections do not hold up a stop" {
    exec 4<>"/dev/tcp/127.0.0.1/$PORT"
    kill -TERM "$SERVER"
    stopped_within 5 "$SERVER" || fail 'still running after 5 s'
    wait "$SERVER"
    exec 4>&-
}

@test "a connection is not accepted once the server is stopping" {
    half_a_request
    kill -TERM "$SERVER"
    refused() {
        ! curl --silent --max-time 2 --output /dev/null "$ORIGIN/healthz"
    }
    await refused
    exec 4>&-
}
