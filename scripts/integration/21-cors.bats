#!/usr/bin/env bats
# Pages of other origins.
# bats file_tags=every-store

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
    assert_equal "$(header Access-Control-Allow-Origin)" "$1"
    assert_header Access-Control-Allow-Credentials true
    varies
    # The browser has those of the 200, and a shorter list would take their place.
    [[ $CODE != 304 ]] || { assert_header Access-Control-Expose-Headers '' && return; }
    for name in ETag Link X-Cursor X-Poll-Interval Idempotency-Replayed Retry-After RateLimit RateLimit-Policy; do
        [[ ", $(header Access-Control-Expose-Headers)," == *", $name,"* ]] || fail "$name is not exposed:" "$(answer)"
    done
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
    # What browsers send along where a script has set the condition: the script sees the 304 and must be able to read it.
    from "$origin" alice GET "$API" --header "If-None-Match: $(header ETag)" --header 'Cache-Control: no-cache'
    assert_status 304
    [[ $check == closed ]] || assert_header Access-Control-Expose-Headers '*X-Poll-Interval*'
    for call in "400 GET $API?limit=0" "404 GET $API/none/messages" "404 GET $ORIGIN/nowhere" "404 GET $ORIGIN/ws" \
        "404 GET $ORIGIN/api/messages/nothing" "405 DELETE $API" "410 GET $API?since=aaaaaaaa.1" "200 GET $ORIGIN/healthz" "204 OPTIONS $API"; do
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
    # What comes behind the field that is too large is not read any more.
    as alice GET "$API" --header "Origin: $origin" --header "X-Filler: $(printf '%8900s' '' | tr ' ' x)"
    assert_problem 431 head-too-large
    "$check" "$origin"
}

# preflight METHOD URL [curl arguments]: what a browser asks before a page of the allowed origin may send that.
preflight() {
    request OPTIONS "$2" --header "Origin: $APP" --header "Access-Control-Request-Method: $1" "${@:3}"
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

@test "a preflight is answered at every path, whatever the query, and allows every method" {
    for path in /api/messages /api/messages/ /api/messages/nothing /api/messages/a/b/c '/api/messages?limit=1000' \
        /api/messages/conversations '/api/messages/conversations?limit=1000' '/api/messages/conversations?limit=x&limit=y' \
        '/api/messages/conversations?since=1&before=2' '/api/messages/conversations?userId=%FF' /api/messages/conversations/ \
        /api/messages/conversations/conv-1 /api/messages/conversations/conv-1/messages /api/messages/conversations/conv-1/read \
        '/api/messages/conversations/conv-1/messages?since=nonsense&messages=1000' /api/messages/conversations/conv-1/nothing \
        /api/messages/conversations/%FF/messages /api/messages/conversations/%00/read /api/messages/conversations//messages \
        /api/messages/conversations/a/b/messages /api/messages/conversations/../../etc /api/messages/send \
        /ws /ws/ /ws/info '/ws/info?t=1733049000000' /ws/123/abc/xhr_streaming /ws/a/b/c/d /healthz /nowhere /; do
        for method in GET HEAD POST PUT PATCH DELETE patch PROPFIND; do
            preflight "$method" "$ORIGIN$path"
            assert_status 204
            allowed "$APP"
            [[ ", $(header Access-Control-Allow-Methods)," == *", $method,"* ]] || fail "$method $path:" "$(answer)"
            [[ ! -s $BODY ]] || fail "$(answer)"
        done
        preflight POST "$ORIGIN$path" --header 'Access-Control-Request-Headers: authorization,content-type,x-user-id,x-tenant-id'
        assert_header Access-Control-Allow-Headers authorization,content-type,x-user-id,x-tenant-id
        request OPTIONS "$ORIGIN$path" --header 'Origin: https://evil.example' --header 'Access-Control-Request-Method: POST'
        assert_status 204
        closed
        request OPTIONS "$ORIGIN$path"
        assert_status 204
        assert_header Access-Control-Allow-Methods ''
        [[ ", $(header Allow)," == *', OPTIONS,'* ]] || fail "$(answer)"
    done
}

@test "a preflight's method and fields cannot break its answer" {
    preflight 'A, B' "$API" --header 'Access-Control-Request-Headers: x:y'
    assert_status 204
    assert_header Access-Control-Allow-Methods 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
    assert_header Access-Control-Allow-Headers ''
    preflight "$(printf '%2000s' '' | tr ' ' X)" "$API"
    [[ $CODE == 204 || $CODE == 431 ]] || fail "$(answer)"
}

@test "a body in a content coding is refused before it is read, and the answer says what would be taken" {
    send alice conv-1 'Hi' bob
    printf '{"content": "zipped"}' | gzip >"$FOLDER/zipped"
    for call in "POST $API/conv-1/messages" "POST $API/@bob/messages" "PUT $API/conv-1/read"; do
        for coding in gzip br 'identity, deflate' 'GZIP'; do
            # shellcheck disable=SC2086
            from "$APP" alice $call --header 'Content-Type: application/json' --header "Content-Encoding: $coding" \
                --data-binary "@$FOLDER/zipped"
            assert_problem 415 unsupported-media-type
            assert_header Accept-Encoding identity
            assert_json '.detail | contains("Content-Encoding")'
            allowed "$APP"
        done
    done
    from "$APP" alice PUT "$API/conv-1/read" --header 'Content-Encoding: gzip'
    assert_problem 415 unsupported-media-type
    # Only the head is sent: the answer does not wait for the rest.
    printf '%s\r\n' "POST /api/messages/conversations/conv-1/messages HTTP/1.1" 'Host: localhost' 'X-User-ID: alice' \
        'Content-Type: application/json' 'Content-Encoding: gzip' 'Content-Length: 1000' '' >"$FOLDER/head"
    assert_equal "$(python3 "$BATS_TEST_DIRNAME/hostile.py" raw "$PORT" <"$FOLDER/head")" '415 unsupported-media-type'
    as alice GET "$API/conv-1/messages"
    assert_contents Hi
    restart_postbox
    for coding in identity Identity ''; do
        post alice conv-1 '{"content": "as it is"}' --header "Content-Encoding: $coding"
        assert_status 201
    done
    as alice GET "$API" --header 'Content-Encoding: gzip'
    assert_status 200
}

@test "* allows every page, but none with cookies" {
    restart_postbox --cors-origin '*'
    from https://any.example alice GET "$API"
    assert_header Access-Control-Allow-Origin '\*'
    assert_header Access-Control-Allow-Credentials ''
    varies
}

@test "in demo identity pages of the machine itself may read and write, whatever their port, and no others" {
    restart_postbox
    for origin in http://localhost:4200 http://localhost http://localhost:65535 https://localhost:3000 http://app.localhost:8100 \
        http://127.0.0.1:5173 https://127.9.9.9 'http://[::1]:4200'; do
        from "$origin" alice GET "$API"
        assert_status 200
        allowed "$origin"
        from "$origin" alice POST "$API/@bob/messages" --json '{"content": "Hi"}' --header 'Sec-Fetch-Site: cross-site'
        assert_status 201
        allowed "$origin"
        request OPTIONS "$API/@bob/messages" --header "Origin: $origin" --header 'Access-Control-Request-Method: POST' \
            --header 'Access-Control-Request-Headers: x-user-id,content-type'
        assert_status 204
        allowed "$origin"
    done
    for origin in https://evil.example http://localhost.evil.example http://127.0.0.1.evil.example null http://10.0.0.1:4200 \
        http://localhost:80 'http://localhost@evil.example' http://localhost:x 'http://[::2]' capacitor://localhost; do
        from "$origin" alice GET "$API"
        assert_status 200
        closed
        from "$origin" alice POST "$API/@bob/messages" --json '{"content": "Hi"}'
        assert_problem 403 cross-site
    done
    restart_postbox --cors-origin capacitor://localhost --cors-origin "$APP"
    for origin in http://localhost:4200 capacitor://localhost "$APP"; do
        from "$origin" alice POST "$API/@bob/messages" --json '{"content": "Hi"}'
        assert_status 201
        allowed "$origin"
    done
}

@test "the log tells once of each origin whose pages are refused, with the flag that would allow it" {
    restart_postbox --identity gateway
    for _ in 1 2 3; do
        for origin in https://one.example https://two.example:8443 null 'https://three.example/' "https://\$(reboot)"; do
            from "$origin" alice GET "$API"
            request OPTIONS "$API" --header "Origin: $origin" --header 'Access-Control-Request-Method: GET'
        done
        from https://four.example alice POST "$API/@bob/messages" --json '{"content": "Hi"}'
        assert_problem 403 cross-site
        # The site's own pages are not told of, nor is a WebSocket, whose page goes on to poll.
        from "$ORIGIN" alice POST "$API/@bob/messages" --json '{"content": "Hi"}'
        assert_status 201
        from "$ORIGIN" alice GET "$API"
        from https://five.example alice GET "$ORIGIN/ws"
    done
    stop_postbox
    grep -v ' notice ' "$ERR" >"$FOLDER/log"
    for origin in https://one.example https://two.example:8443 https://four.example; do
        assert_equal "$(grep -cF "allow_with=\"--cors-origin $origin\" origin=$origin" "$FOLDER/log")" 1
    done
    assert_equal "$(grep -cF "allow_with=\"--cors-origin '*'\" origin=null" "$FOLDER/log")" 1
    assert_equal "$(wc -l <"$FOLDER/log")" 4
    start_postbox --identity gateway --cors-origin https://one.example
    from https://one.example alice GET "$API"
    allowed https://one.example
    stop_postbox
    [[ ! -s $ERR ]] || fail "$(cat "$ERR")"
}

@test "an origin that no browser sends is refused at the start, with the one to use" {
    stop_postbox
    while IFS='|' read -r given right; do
        postbox serve --identity demo --port 0 --database "$DATABASE" --cors-origin "$given"
        assert_equal "$EXIT" 64
        assert_one_line 'postbox: --cors-origin "*" is no origin that browsers send: *'
        grep -qF -- "\"$given\"" "$ERR" || fail "$(cat "$ERR")"
        assert_equal "$(sed -n 's/.*; use //p' "$ERR")" "$right"
    done <<'END'
https://app.example:443|https://app.example
http://app.example:80|http://app.example
https://app.example/|https://app.example
https://app.example/path?query#fragment|https://app.example
https://user@app.example|https://app.example
https://APP.example|https://app.example
https://app.example:08443|https://app.example:8443
https://bücher.example|https://xn--bcher-kva.example
http://[0:0:0:0:0:0:0:1]:4200|http://[::1]:4200
http://127.1:4200|http://127.0.0.1:4200
localhost:4200|http://localhost:4200
app.example|https://app.example
https://*.example|
https://app.example:port|
https://app.example:70000|
https://app.example:0|
null|
https://|
ftp://app.example|
END
    POSTBOX_CORS_ORIGIN='https://app.example,https://*.example' postbox serve --identity demo --port 0 --database "$DATABASE"
    assert_equal "$EXIT" 64
    for origin in 'chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb' 'moz-extension://6ccf5b4c-0d8a-4d3c-9b5d-7f1f1f1f1f1f' \
        ionic://localhost tauri://localhost https://xn--bcher-kva.example http://app.example:443; do
        start_postbox --identity gateway --cors-origin "$origin"
        from "$origin" alice GET "$API"
        allowed "$origin"
        stop_postbox
    done
}

@test "in other identities no origin is allowed unless it is named" {
    restart_postbox --identity gateway
    from http://localhost:4200 alice GET "$API"
    assert_status 200
    closed
}
