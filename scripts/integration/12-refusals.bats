#!/usr/bin/env bats
# What is not there or not allowed, and OPTIONS.
# bats file_tags=every-store

load helpers

# allows METHOD…: Allow names exactly these.
allows() {
    assert_equal "$(header Allow | tr -d ' ' | tr ',' '\n' | sort | xargs)" "$(printf '%s\n' "$@" | sort | xargs)"
}

@test "a method that a path does not have is 405, and Allow names those it has" {
    send alice conv-1 'Hi' bob
    for method in POST PUT PATCH DELETE; do
        as alice "$method" "$API"
        assert_problem 405 method-not-allowed
        allows GET HEAD OPTIONS
    done
    for method in PUT PATCH DELETE TRACE; do
        as alice "$method" "$API/conv-1/messages"
        assert_problem 405 method-not-allowed
        allows GET HEAD POST OPTIONS
    done
    for method in GET DELETE; do
        as alice "$method" "$API/conv-1/read"
        assert_problem 405 method-not-allowed
        allows PUT POST PATCH OPTIONS
    done
    as alice HEAD "$API/conv-1/read"
    assert_status 405
    allows PUT POST PATCH OPTIONS
}

@test "a method is told by its exact name" {
    as alice get "$API"
    assert_problem 405 method-not-allowed
    as alice GETS "$API"
    assert_problem 405 method-not-allowed
}

@test "OPTIONS answers 204 with Allow, to anybody" {
    request OPTIONS "$API"
    assert_status 204
    allows GET HEAD OPTIONS
    request OPTIONS "$API/conv-1/messages"
    assert_status 204
    allows GET HEAD POST OPTIONS
    request OPTIONS "$API/conv-1/read"
    assert_status 204
    allows PUT POST PATCH OPTIONS
    # As for any other conversation, also where none can have this id.
    request OPTIONS "$API/%FF/read"
    assert_status 204
    allows PUT POST PATCH OPTIONS
    [[ ! -s $BODY ]]
    for path in /nothing /api/messages /api/messages/conversations/conv-1/message; do
        request OPTIONS "$ORIGIN$path?limit=1000"
        assert_status 204
        allows OPTIONS
    done
}

@test "a path that is not there is 404" {
    for path in /nothing /api /api/messages /api/messages/ /api/messages/conversation \
        /api/messages/conversations/conv-1/message /api/messages/sends /api/messages/send/conv-1 \
        /api/messages/conversations/conv-1/messages/1 /API/messages/conversations \
        /api/messages/conversations/../conversations /api/../etc/passwd //api/messages/conversations; do
        as alice GET "$ORIGIN$path"
        assert_problem 404 not-found
    done
}

@test "a slash at the end of a path makes no other path" {
    post alice 'jobs%2F1' '{"content": "one", "receiverId": "bob"}'
    as alice POST "$API/jobs%2F1/messages/" --json '{"content": "two"}'
    assert_status 201
    for url in "$API" "$API/jobs%2F1/messages" "$API/@bob/messages" "$API?limit=1" "$API/jobs%2F1/messages?limit=1"; do
        [[ $url == *\?* ]] && slashed=${url/\?/\/?} || slashed=$url/
        as alice GET "$url"
        before=$CODE$(polling_headers)$(cat "$BODY")
        as alice GET "$slashed"
        assert_equal "$CODE$(polling_headers)$(cat "$BODY")" "$before"
        [[ $CODE == 200 ]] || continue
        tag=$(header ETag) next=$(link next)
        for _ in 1 2; do
            as alice GET "$slashed" --header "If-None-Match: $tag"
            assert_status 304
        done
        assert_equal "${next%%\?*}" "${slashed%%\?*}"
        as alice GET "$next"
        assert_status 200
        assert_json '. == []'
    done
    assert_equal "$CODE" 200
    as alice GET "$API/jobs%2F1/messages/?limit=1"
    as alice GET "$(link prev)"
    assert_contents one
    as bob PUT "$API/jobs%2F1/read/"
    assert_status 200
    assert_json '.unread == 0'
    request GET "$ORIGIN/healthz/"
    assert_status 200
    as alice DELETE "$API/"
    assert_problem 405 method-not-allowed
    for path in // /api/messages/conversations// /api/messages/conversations//messages// /healthz//; do
        as alice GET "$ORIGIN$path"
        assert_problem 404 not-found
    done
}

@test "/ws and below is a 404 that says polling only, and names the four endpoints" {
    for path in /ws /ws/ /ws/info /ws/123/abc/websocket '/ws?token=x'; do
        request GET "$ORIGIN$path"
        assert_problem 404 polling-only
        for endpoint in 'GET /api/messages/conversations' 'GET /api/messages/conversations/{id}/messages' \
            'POST /api/messages/conversations/{id}/messages' 'PUT /api/messages/conversations/{id}/read'; do
            assert_json 'tostring | gsub(" +"; " ") | contains($path)' --arg path "${endpoint#* }"
        done
    done
    request POST "$ORIGIN/ws/123/abc/xhr_send" --data-raw '[]'
    assert_problem 404 polling-only
    request GET "$ORIGIN/wsx"
    assert_problem 404 not-found
}

@test "a WebSocket handshake on /ws is answered at once" {
    request GET "$ORIGIN/ws" --http1.1 --max-time 2 --header 'Connection: Upgrade' --header 'Upgrade: websocket' \
        --header 'Sec-WebSocket-Version: 13' --header 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    assert_problem 404 polling-only
}

@test "an unknown query parameter is ignored" {
    send alice conv-1 'Hi' bob
    as alice GET "$API?_=1733049000000&tenantId=t"
    assert_status 200
    as alice GET "$API/conv-1/messages?_=1733049000000"
    assert_contents Hi
}

@test "an error is never to be stored, and says what is wrong in words" {
    for url in "$API/conv-1/messages" "$API?limit=0" "$ORIGIN/ws"; do
        as alice GET "$url"
        assert_json '.title | length > 3'
        [[ $(header Cache-Control) == *no-* ]] || fail "$(answer)"
        assert_header ETag ''
    done
}

@test "HEAD of something that is not there has the status and no body" {
    as alice HEAD "$API/conv-1/messages"
    assert_status 404
    assert_header Content-Type 'application/problem+json*'
}
