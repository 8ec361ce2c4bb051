#!/usr/bin/env bats
# GET /api/messages/conversations/{id}/messages
# bats file_tags=every-store

load helpers

@test "messages come oldest first, numbered from 1, with exactly the members of the contract" {
    send alice conv-1 'Hello!' bob
    send bob conv-1 'Hello, Alice'
    as bob GET "$API/conv-1/messages"
    assert_status 200
    assert_header Content-Type 'application/json*'
    assert_json 'map(.id) == ["conv-1:1", "conv-1:2"]'
    assert_json 'all(keys == (["id", "conversationId", "senderId", "receiverId", "content", "timestamp", "read", "sent"] | sort))'
    assert_json 'all(.conversationId == "conv-1" and (.timestamp | time))'
    assert_json '.[0] | .senderId == "alice" and .receiverId == "bob" and .content == "Hello!" and .sent == false and .read == false'
    assert_json '.[1] | .senderId == "bob" and .receiverId == "alice" and .sent == true and .read == false'
}

@test "sent and read are as the caller sees them" {
    send alice conv-1 'one' bob
    mark_read bob conv-1
    as alice GET "$API/conv-1/messages"
    assert_json '.[0] | .sent == true and .read == true'
    as bob GET "$API/conv-1/messages"
    assert_json '.[0] | .sent == false and .read == true'
}

@test "every answer carries what a poller needs" {
    send alice conv-1 'Hi' bob
    as alice GET "$API/conv-1/messages"
    assert_header ETag '"?*"'
    assert_header Cache-Control 'private, no-cache'
    assert_equal "$(header Vary | tr ',' '\n' | grep -ciE '^ *x-user-id *$')" 1
    assert_header X-Poll-Interval 10
    [[ $(header X-Cursor) =~ ^[0-9a-z]+\.[a-z2-7]{10}\.1\.0\.0$ ]]
    [[ $(header ETag) =~ ^\"[A-Za-z0-9_-]{9}p?\"$ ]]
    [[ $(header Link) == "<?since=$(header X-Cursor)>; rel=\"next\"" ]]
    assert_equal "$(link prev)" ''
}

@test "a matching If-None-Match gets 304 without a body, and with the same headers but for Link" {
    send alice conv-1 'Hi' bob
    as bob GET "$API/conv-1/messages"
    before=$(polling_headers)
    etag=$(header ETag)
    for match in "$etag" "W/$etag" "\"other\", $etag" "\"a,b\" , W/\"c\",$etag" '*'; do
        as bob GET "$API/conv-1/messages" --header "If-None-Match: $match"
        [[ ! -s $BODY ]]
        assert_unchanged "$before"
    done
}

@test "an If-None-Match that does not match gets the whole answer" {
    send alice conv-1 'Hi' bob
    as bob GET "$API/conv-1/messages"
    etag=$(header ETag)
    for other in '"other"' "${etag//\"/}" "\"x${etag#?}" "$(tr '[:lower:]' '[:upper:]' <<<"$etag")" 'W/*' '""' 'nonsense'; do
        as bob GET "$API/conv-1/messages" --header "If-None-Match: $other"
        assert_contents Hi
    done
}

@test "HEAD answers like GET, without the body" {
    send alice conv-1 'Hi' bob
    for url in "$API" "$API/conv-1/messages"; do
        as bob GET "$url"
        before=$(polling_headers)
        type=$(header Content-Type) length=$(header Content-Length) etag=$(header ETag)
        as bob HEAD "$url"
        assert_status 200
        assert_equal "$(polling_headers)" "$before"
        assert_header Content-Type "$type"
        assert_header Content-Length "$length"
        as bob HEAD "$url" --header "If-None-Match: $etag"
        assert_status 304
    done
}

@test "a message, and a mark that flips a read, each change the ETag" {
    send alice conv-1 'one' bob
    as alice GET "$API/conv-1/messages"
    first=$(header ETag)
    send bob conv-1 'two'
    as alice GET "$API/conv-1/messages" --header "If-None-Match: $first"
    assert_status 200
    second=$(header ETag)
    mark_read bob conv-1
    as alice GET "$API/conv-1/messages" --header "If-None-Match: $second"
    assert_status 200
    [[ $(header ETag) != "$first" && $(header ETag) != "$second" ]]
}

@test "two viewers with different views get different ETags" {
    send alice conv-1 'one' bob
    as alice GET "$API/conv-1/messages"
    etag=$(header ETag)
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $etag"
    assert_status 200
    [[ $(header ETag) != "$etag" ]]
}

@test "two queries with different answers get different ETags" {
    send alice conv-1 'one' bob
    send alice conv-1 'two'
    as alice GET "$API/conv-1/messages"
    etag=$(header ETag)
    as alice GET "$API/conv-1/messages?limit=1" --header "If-None-Match: $etag"
    assert_contents two
    as alice GET "$API?messages=1"
    etag=$(header ETag)
    as alice GET "$API?messages=2" --header "If-None-Match: $etag"
    assert_status 200
}

@test "a conversation of others and one that does not exist are the same 404" {
    send alice conv-1 'Hi' bob
    as carol GET "$API/conv-1/messages"
    assert_problem 404 conversation-not-found
    sed 's/conv-1/conv-X/g' "$BODY" >"$BODY.others"
    others=$(header Content-Type)
    as carol GET "$API/conv-2/messages"
    assert_problem 404 conversation-not-found
    sed 's/conv-2/conv-X/g' "$BODY" | cmp - "$BODY.others"
    assert_header Content-Type "$others"
}

@test "GET never opens a conversation" {
    as alice GET "$API/conv-1/messages"
    assert_problem 404 conversation-not-found
    as alice GET "$API/@bob/messages"
    assert_problem 404 conversation-not-found
    as alice GET "$API"
    assert_json '. == []'
}
