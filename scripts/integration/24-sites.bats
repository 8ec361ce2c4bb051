#!/usr/bin/env bats
# What pages of other sites can have a browser do: nothing.
# bats file_tags=every-store

load helpers

# Each test starts what it needs.
setup() {
    :
}

EVIL=https://evil.example

# write [curl arguments]: as a form of any page can send it, with what says who is asking beside it.
write() {
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-raw 'Hi' "$@"
}

# write_passes, write_is_foreign [curl arguments]
write_passes() {
    write "$@"
    assert_status 201
}

write_is_foreign() {
    write "$@"
    assert_problem 403 cross-site
    assert_json '.detail | contains("--cors-origin")'
    as alice PUT "$API/conv-1/read" "$@"
    assert_problem 403 cross-site
}

# raw LINE…: the status and problem of what a request with exactly these lines gets.
raw() {
    printf '%s\r\n' "$@" '' | python3 "$BATS_TEST_DIRNAME/hostile.py" raw "$PORT"
}

@test "in demo identity only names and addresses of this machine are answered, at every path" {
    start_postbox --identity demo --admin 127.0.0.1:0
    admin=$(sed -n 's|^postbox: metrics on \(.*\)/metrics$|\1|p' "$OUT")
    for url in "$API" "$API/conv-1/messages" "$ORIGIN/" "$ORIGIN/openapi.yaml" "$ORIGIN/openapi.json" "$ORIGIN/healthz" \
        "$ORIGIN/readyz" "$ORIGIN/ws" "$ORIGIN/nowhere" "$admin/metrics" "$admin/healthz" "$admin/readyz"; do
        for method in GET OPTIONS POST; do
            as alice "$method" "$url" --header 'Host: postbox.evil.example:8080'
            assert_problem 421 misdirected-request
        done
        assert_json '.detail | contains("postbox.evil.example:8080")'
    done
    for host in localhost "LOCALHOST:$PORT" app.localhost:1 localhost. 127.0.0.1 127.9.9.9:80 '[::1]' "[::1]:$PORT"; do
        as alice GET "$API" --header "Host: $host"
        assert_status 200
    done
    request GET "$admin/metrics"
    assert_status 200
}

@test "in demo identity a poll that is given its last answer again is asked for its host, too" {
    start_postbox --identity demo
    as alice GET "$API"
    tag=$(header ETag)
    for _ in 1 2; do
        as alice GET "$API" --header "If-None-Match: $tag"
        assert_status 304
    done
    as alice GET "$API" --header "If-None-Match: $tag" --header 'Host: evil.example'
    assert_problem 421 misdirected-request
}

@test "in demo identity no form of a request hides its host" {
    start_postbox --identity demo
    get='/api/messages/conversations HTTP/1.1'
    for target in "GET http://evil.example$get" "GET HTTP://evil.example$get" "GET https://evil.example$get" \
        "GET http://localhost@evil.example$get" "GET http://evil.example:80$get" "GET http://localhost.evil.example$get"; do
        assert_equal "$(raw "$target" 'Host: localhost' 'X-User-ID: alice')" '421 misdirected-request'
    done
    assert_equal "$(raw "GET http://localhost$get" 'Host: localhost' 'X-User-ID: alice')" 200
    for host in evil.example localhost.evil.example 127.0.0.1.evil.example 0.0.0.0 10.0.0.1 '[::]' localhost:x 2130706433; do
        status=$(raw "GET $get" "Host: $host" 'X-User-ID: alice')
        [[ $status == '421 misdirected-request' || $status == '400 malformed-request' ]] || fail "$host: $status"
    done
    assert_equal "$(raw 'GET /api/messages/conversations HTTP/1.0' 'X-User-ID: alice')" '421 misdirected-request'
    assert_equal "$(raw 'GET /api/messages/conversations HTTP/1.0' 'Host: evil.example' 'X-User-ID: alice')" '421 misdirected-request'
}

@test "in other identities the operator's own names are answered" {
    start_postbox --identity gateway
    as alice GET "$API" --header 'Host: chat.example'
    assert_status 200
}

@test "in gateway and demo identity a page of another site cannot write" {
    for identity in gateway demo; do
        start_postbox --identity "$identity" --cors-origin '*' --cors-origin https://app.example
        post alice conv-1 '{"content": "from a server", "receiverId": "bob"}'
        assert_status 201
        write_is_foreign --header "Origin: $EVIL"
        assert_json ".detail | contains(\"--cors-origin $EVIL\")"
        # A page that may read what it gets is told.
        assert_header Access-Control-Allow-Origin '\*'
        for fields in 'Origin: null' 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' "Origin: $EVIL, $ORIGIN" \
            "Origin: https://127.0.0.1:$PORT.evil.example"; do
            write_is_foreign --header "$fields"
        done
        # Only in demo are all pages of this machine the site's own.
        for origin in http://127.0.0.1:1 "http://localhost:$PORT"; do
            if [[ $identity == demo ]]; then
                write --header "Origin: $origin" --header 'Idempotency-Key: local'
                assert_status 201
            else
                write_is_foreign --header "Origin: $origin"
            fi
        done
        write_is_foreign --header "Origin: $ORIGIN" --header "Origin: $EVIL"
        write_is_foreign --header 'Sec-Fetch-Site: cross-site' --header "Origin: $EVIL"
        write_is_foreign --header 'Sec-Fetch-Site: same-origin' --header 'Sec-Fetch-Site: cross-site'
        write_passes
        write_passes --header "Origin: $ORIGIN"
        write_passes --header "Origin: $ORIGIN" --header 'Sec-Fetch-Site: same-origin'
        write_passes --header 'Sec-Fetch-Site: none'
        write_passes --header 'Origin: https://app.example' --header 'Sec-Fetch-Site: cross-site'
        as bob GET "$API/conv-1/messages" --header "Origin: $EVIL" --header 'Sec-Fetch-Site: cross-site'
        [[ $identity == gateway ]] && passed=(Hi Hi Hi Hi Hi) || passed=(Hi Hi Hi Hi Hi Hi)
        assert_contents 'from a server' "${passed[@]}"
        stop_postbox
        remove_database
    done
}

@test "a page that may read everything cannot say itself which site it is of" {
    start_postbox --identity gateway --cors-origin '*'
    for field in x-forwarded-host X-Forwarded-Proto; do
        request OPTIONS "$API/conv-1/messages" --header "Origin: $EVIL" --header 'Access-Control-Request-Method: POST' \
            --header "Access-Control-Request-Headers: content-type,$field"
        assert_status 204
        assert_header Access-Control-Allow-Headers ''
    done
}

@test "a write from another site uses up no limit of the user's" {
    start_postbox --identity gateway --send-rate 0.001 --send-burst 1
    for _ in {1..5}; do write_is_foreign --header "Origin: $EVIL"; done
    post alice conv-1 '{"content": "Hi", "receiverId": "bob"}'
    assert_status 201
}

@test "behind a proxy the site is the one that the proxy was asked for" {
    start_postbox --identity gateway
    post alice conv-1 '{"content": "Hi", "receiverId": "bob"}'
    write_passes --header 'Host: chat.example' --header 'Origin: https://chat.example'
    write_passes --header 'Host: chat.example:8443' --header 'Origin: https://chat.example:8443'
    write_passes --header 'X-Forwarded-Host: chat.example' --header 'Origin: https://chat.example'
    write_passes --header 'Host: chat.example' --header 'X-Forwarded-Proto: https' --header 'Origin: https://chat.example'
    write_is_foreign --header 'Host: chat.example' --header 'X-Forwarded-Proto: https' --header 'Origin: http://chat.example'
    write_is_foreign --header 'Host: chat.example' --header "Origin: $EVIL"
    write_is_foreign --header 'X-Forwarded-Host: chat.example' --header "Origin: $ORIGIN"
}

@test "with tokens, which no browser adds by itself, any page may write that has one" {
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret"
    token=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" '{"sub": "alice", "exp": "+60"}')
    request POST "$API/@bob/messages" --header "Authorization: Bearer $token" --header 'Content-Type: text/plain' --data-raw 'Hi' \
        --header "Origin: $EVIL" --header 'Sec-Fetch-Site: cross-site' --header 'Host: chat.example'
    assert_status 201
}
