#!/usr/bin/env bats
# What an operator reads on standard error.
# bats file_tags=every-store

load helpers

# Each test chooses its own options.
setup() { :; }

# logged PATTERN: waits for such a line.
logged() {
    await grep -qE -- "$1" "$ERR"
}

# entries FILTER: what the filter gives for the lines of a JSON log.
entries() {
    jq -c "$1" "$ERR"
}

@test "without anything to say the log is empty, also for callers who are wrong" {
    start_postbox
    send alice conv-1 'Hi' bob
    as carol GET "$API/conv-1/messages"
    assert_status 404
    stop_postbox
    [[ ! -s $ERR ]] || fail "the log has: $(cat "$ERR")"
}

@test "every answer names its request: as the client did, or anew; only a shared 304 does not make one up" {
    start_postbox
    send alice conv-1 'Hi' bob
    made=$(header X-Request-Id)
    [[ $made =~ ^[0-9a-f]{16}$ ]] || fail "not made up: '$made'"
    as alice GET "$API"
    [[ $(header X-Request-Id) != "$made" ]]
    tag=$(header ETag)
    as alice GET "$API" --header "If-None-Match: $tag"
    assert_status 304
    assert_header X-Request-Id ''
    for url in "$API" "$API/conv-1/messages" "$API?limit=0" "$API/none/messages" "$ORIGIN/healthz" "$ORIGIN/readyz" \
        "$ORIGIN/openapi.yaml" "$ORIGIN/ws" "$ORIGIN/nothing"; do
        as alice GET "$url" --header 'X-Request-Id: web-7.1' --header "If-None-Match: $tag"
        assert_header X-Request-Id web-7.1
        as alice GET "$url" --header 'X-Request-Id: a b'
        [[ $(header X-Request-Id) != 'a b' ]]
    done
    as alice GET "$API" --header 'X-Request-Id: web-8' --header "If-None-Match: $tag"
    assert_status 304
    assert_header X-Request-Id web-8
    as alice DELETE "$API" --header 'X-Request-Id: web-9'
    assert_problem 405 method-not-allowed
    assert_header X-Request-Id web-9
}

@test "pages of other origins may read the name, and send one" {
    start_postbox
    request OPTIONS "$API" --header 'Origin: http://localhost:4200' --header 'Access-Control-Request-Method: GET' \
        --header 'Access-Control-Request-Headers: x-request-id'
    assert_header Access-Control-Allow-Headers x-request-id
    assert_header Access-Control-Expose-Headers '*X-Request-Id*'
}

@test "the access log has a line for each request, and nothing of who asks or what is said" {
    start_postbox --access-log --log-format json
    post alice @bob '{"content": "the-content"}' --header 'X-Request-Id: web-1'
    as alice GET "$API?userId=alice-query&token=query-token" --header 'X-Request-Id: web-2'
    tag=$(header ETag) size=$(wc -c <"$BODY")
    request GET "$API" --header 'X-User-ID: alice' --header 'Authorization: Bearer header-token'
    as alice GET "$API" --header 'X-Request-Id: web-3' --header "If-None-Match: $tag"
    as alice HEAD "$API"
    request GET "$ORIGIN/nothing?userId=alice-query"
    stop_postbox
    assert_equal "$(entries 'select(.request_id == "web-1") | [.level, .message, .method, .path, .status, .endpoint, .outcome]')" \
        '["info","request","POST","/api/messages/conversations/@/messages",201,"send","stored"]'
    assert_equal "$(entries 'select(.request_id == "web-2") | [.method, .path, .status, .bytes, .outcome, .peer]')" \
        "[\"GET\",\"/api/messages/conversations\",200,$size,\"full\",\"127.0.0.1\"]"
    assert_equal "$(entries 'select(.request_id == "web-3") | [.status, .bytes, .outcome]')" '[304,0,"not_modified"]'
    assert_equal "$(entries 'select(.method == "HEAD") | [.status, .bytes]')" '[200,0]'
    assert_equal "$(entries 'select(.status == 404) | [.path, .endpoint, .outcome]')" '["/nothing","other","not_found"]'
    assert_equal "$(jq -s 'length' "$ERR")" 6
    assert_equal "$(jq -s '[.[] | .seconds | numbers | select(. >= 0 and . < 20)] | length' "$ERR")" 6
    # One person is one number, which is no name.
    assert_equal "$(jq -s '[.[] | .user | strings] | unique | length' "$ERR")" 1
    assert_lacks 'alice|bob|the-content|token' "$ERR"
}

@test "a share of requests is in the access log" {
    start_postbox --access-log --access-log-sample 0.1
    send_many alice @bob 1 100
    stop_postbox
    assert_equal "$(grep -c ' info request ' "$ERR")" 10
}

@test "SIGUSR1 turns debug on and off again" {
    start_postbox
    as alice GET "$API/before/messages"
    kill -USR1 "$SERVER"
    logged 'the log level has changed log_level=debug'
    as alice GET "$API/during/messages"
    logged ' debug request refused .* path=/api/messages/conversations/during/messages status=404 .* outcome=conversation_not_found'
    kill -USR1 "$SERVER"
    logged 'the log level has changed log_level=notice'
    as alice GET "$API/after/messages"
    stop_postbox
    assert_lacks 'before|after' "$ERR"
}

@test "a slow request is named with its time" {
    start_postbox --slow-request 0.2
    send alice conv-1 'Hi' bob
    hold_writes
    post alice conv-1 '{"content": "Late"}' --header 'X-Request-Id: late' &
    sleep 0.4
    release_writes
    wait "$!"
    logged ' warning slow request method=POST path=/api/messages/conversations/conv-1/messages status=201 bytes=[0-9]+ seconds=0\.[2-9][0-9]* .* request_id=late$'
    assert_lacks 'Late|alice' "$ERR"
}

@test "what the store says goes to the log under the request's name, and nothing of it to the caller" {
    start_postbox
    send alice conv-1 'Hi' bob
    hold_writes
    post alice conv-1 '{"content": "Never"}' --header 'X-Request-Id: lost'
    assert_problem 503 store-unavailable
    release_writes
    logged ' error .*(database is locked|lock timeout).* request_id=lost$'
    assert_lacks 'lock|SQL' "$BODY"
    assert_lacks 'Never|alice' "$ERR"
}

@test "not even at trace level does the log hold content, tokens, names or what a query says" {
    printf '%s' 'a-secret-of-more-than-thirty-two-bytes' >"$FOLDER/secret"
    start_postbox --identity jwt --jwt-secret-file "$FOLDER/secret" --log-level trace --access-log --slow-request 0.000001 \
        --slow-commit 0.000001 --log-format json
    token=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" \
        '{"sub": "somebody-special", "exp": "+60", "name": "Secret Name", "company": "Secret Company"}')
    bearer=(--header "Authorization: Bearer $token" --header 'Content-Type: application/json')
    request POST "$API/@other-person/messages" "${bearer[@]}" --data '{"content": "the-content", "clientMessageId": "the-key"}'
    assert_status 201
    request POST "$API/@other-person/messages" "${bearer[@]}" --data '{"content": "the-content'
    assert_status 400
    request POST "$API/@other-person/messages" "${bearer[@]}" --data '{"content": "the-content", "senderId": "other-person"}'
    assert_status 403
    request GET "$API?userId=other-person&since=the-cursor&access_token=the-token" "${bearer[@]}"
    assert_status 400
    request PUT "$API/@other-person/read" "${bearer[@]}"
    request GET "$API/@other-person/nothing" "${bearer[@]}"
    request GET "$API" --header "Authorization: Bearer ${token}x"
    assert_status 401
    request GET "$API" --header 'Authorization: Basic b3RoZXI6cGFzc3dvcmQ='
    request GET "$ORIGIN/nothing" "${bearer[@]}" --header 'Cookie: session=the-cookie'
    hold_writes
    request POST "$API/@other-person/messages" "${bearer[@]}" --data '{"content": "the-content"}'
    assert_status 503
    release_writes
    stop_postbox
    for message in serving request 'request refused' 'slow request' 'slow commit' stopping; do
        [[ -n $(entries "select(.message == \"$message\") | .time") ]] || fail "nothing says: $message"
    done
    assert_lacks 'eyJ|special|other-person|Secret|the-(content|key|cursor|token|cookie)|b3RoZXI|a-secret' "$ERR"
}

@test "a log that nobody reads holds nobody up" {
    mkfifo "$FOLDER/pipe"
    exec {reader}<>"$FOLDER/pipe"
    ERR=$FOLDER/pipe start_postbox --access-log
    # Several times what a pipe holds.
    codes=$(curl --silent --max-time 60 --output /dev/null --write-out '%{http_code}\n' --header 'X-User-ID: alice' "$API?n=[1-1500]")
    assert_equal "$(sort <<<"$codes" | uniq -c | xargs)" '1500 200'
    as alice GET "$API"
    assert_status 200
    stop_postbox
    assert_equal "$EXIT" 0
    exec {reader}<&-
    : >"$ERR"
}

@test "options that make no sense are refused" {
    for options in '--access-log-sample 2' '--access-log-sample -1' '--slow-request 9999' '--log-level loud' '--log-format xml'; do
        # shellcheck disable=SC2086
        postbox serve --port 0 --identity demo --database "$DATABASE" $options
        assert_equal "$EXIT" 64
        assert_one_line "postbox: *"
    done
}
