#!/usr/bin/env bats
# Pages of other origins.

load helpers

APP=https://app.example

setup() {
    start_postbox --cors-origin "$APP" --cors-origin https://other.example --send-rate 0.001 --send-burst 2
}

from() {
    local origin=$1
    shift
    as "$@" --header "Origin: $origin"
}

# allowed ORIGIN: the last answer may be read by a page of it, with cookies.
allowed() {
    assert_header Access-Control-Allow-Origin "$1"
    assert_header Access-Control-Allow-Credentials true
    for name in ETag Link X-Cursor X-Poll-Interval Idempotency-Replayed Retry-After RateLimit RateLimit-Policy; do
        [[ ", $(header Access-Control-Expose-Headers)," == *", $name,"* ]] || fail "$name is not exposed:" "$(answer)"
    done
    varies
}

varies() {
    [[ "$(header Vary)," == *'Origin,'* ]] || fail "$(answer)"
}

closed() {
    assert_lacks '^[Aa]ccess-[Cc]ontrol-' "$HEADERS"
    varies
}

# each CHECK ORIGIN STATUSES: the check holds for every kind of answer; the statuses are those of three sends.
each() {
    local check=$1 origin=$2
    from "$origin" alice GET "$API"
    assert_status 200
    "$check" "$origin"
    from "$origin" alice GET "$API" --header "If-None-Match: $(header ETag)"
    assert_status 304
    "$check" "$origin"
    for call in "400 GET $API?limit=0" "404 GET $API/none/messages" "404 GET $ORIGIN/nowhere" "404 GET $ORIGIN/ws" \
        "405 DELETE $API" "410 GET $API?since=aaaaaaaa.1" "200 GET $ORIGIN/healthz" "204 OPTIONS $API"; do
        # shellcheck disable=SC2086
        from "$origin" alice ${call#* }
        assert_status "${call%% *}"
        "$check" "$origin"
    done
    request GET "$API" --header "Origin: $origin"
    assert_status 401
    "$check" "$origin"
    for status in $3; do
        from "$origin" "user of $origin" POST "$API/conv-${#origin}/messages" --json '{"content": "Hi", "receiverId": "bob"}'
        assert_status "$status"
        "$check" "$origin"
    done
    from "$origin" alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary @<(printf '%300000s' x)
    assert_status 413
    "$check" "$origin"
}

@test "every answer can be read by a page of an allowed origin" {
    each allowed "$APP" '201 201 429'
    each allowed https://other.example '201 201 429'
}

@test "no answer can be read by a page of another origin" {
    each closed https://evil.example '403 403 403'
    each closed null '403 403 403'
    each closed "$APP.evil.example" '403 403 403'
}

@test "a preflight says what may be sent, without credentials" {
    request OPTIONS "$API/conv-1/messages" --header "Origin: $APP" --header 'Access-Control-Request-Method: POST' \
        --header 'Access-Control-Request-Headers: authorization,content-type,idempotency-key'
    assert_status 204
    allowed "$APP"
    assert_header Access-Control-Allow-Methods '*POST*'
    assert_header Access-Control-Allow-Headers 'authorization,content-type,idempotency-key'
    assert_header Access-Control-Max-Age '[1-9]*'
    request OPTIONS "$API/conv-1/messages" --header 'Origin: https://evil.example' --header 'Access-Control-Request-Method: POST'
    assert_status 204
    closed
}

@test "* allows every page, but none with cookies" {
    restart_postbox --cors-origin '*'
    from https://any.example alice GET "$API"
    assert_header Access-Control-Allow-Origin '\*'
    assert_header Access-Control-Allow-Credentials ''
    varies
}

@test "in demo identity the origin of a front end under development is allowed, and no other" {
    restart_postbox
    from http://localhost:4200 alice GET "$API"
    assert_header Access-Control-Allow-Origin http://localhost:4200
    from http://localhost:4201 alice GET "$API"
    closed
}

@test "in other identities no origin is allowed unless it is named" {
    restart_postbox --identity gateway
    from http://localhost:4200 alice GET "$API"
    assert_status 200
    closed
}
