#!/usr/bin/env bats
# POST /api/messages/conversations/{id}/messages
# bats file_tags=every-store

load helpers

@test "a sent message is answered with 201 and itself" {
    post alice conv-1 '{"content": "Hello!", "receiverId": "bob"}'
    assert_status 201
    assert_header Content-Type 'application/json*'
    assert_json '.id == "conv-1:1" and .conversationId == "conv-1" and .senderId == "alice" and .receiverId == "bob"'
    assert_json '.content == "Hello!" and .sent == true and .read == false and (.timestamp | time)'
    assert_json 'has("clientMessageId") | not'
}

@test "the message that a sender is answered is the one all participants get" {
    send alice conv-1 'Hello!' bob
    cp "$BODY" "$BODY.sent"
    as alice GET "$API/conv-1/messages"
    assert_json '.[0] == $sent[0]' --slurpfile sent "$BODY.sent"
}

@test "plain text can be sent to a conversation that is there" {
    send alice conv-1 'Hi' bob
    as bob POST "$API/conv-1/messages" --header 'Content-Type: text/plain; charset=utf-8' --data-raw '{"content": "as it is"}'
    assert_status 201
    assert_json '.content == "{\"content\": \"as it is\"}"'
}

@test "a media type may have parameters and any case" {
    as alice POST "$API/conv-1/messages" --header 'Content-Type: Application/JSON; charset=UTF-8' \
        --data-raw '{"content": "Hi", "receiverId": "bob"}'
    assert_status 201
}

@test "a first message opens the conversation under the id that the app chose" {
    send alice application-99 'Hi' bob
    as bob GET "$API"
    assert_json '.[0].id == "application-99"'
}

@test "recipientId is another name for receiverId" {
    post alice conv-1 '{"content": "Hi", "recipientId": "bob"}'
    assert_status 201
    assert_json '.receiverId == "bob"'
}

@test "a front end that names the receiver every time goes on in the same conversation" {
    send alice conv-1 'one' bob
    send alice conv-1 'two' bob
    send bob conv-1 'three' alice
    as bob GET "$API/conv-1/messages"
    assert_contents one two three
}

@test "members that mean nothing here are ignored" {
    post alice conv-1 '{"content": "Hi", "receiverId": "bob", "senderId": "alice", "tenantId": "t", "type": ["x", {"y": null}]}'
    assert_status 201
}

@test "a senderId that is not the caller is refused, and opens nothing" {
    post alice conv-1 '{"content": "Hi", "receiverId": "bob", "senderId": "bob"}'
    assert_problem 403 sender-mismatch
    as alice GET "$API"
    assert_json '. == []'
}

@test "an unknown conversation without receivers is 404" {
    post alice conv-1 '{"content": "Hi"}'
    assert_problem 404 conversation-not-found
}

@test "a stranger gets 404, even one who names a receiver" {
    send alice conv-1 'Hi' bob
    post carol conv-1 '{"content": "Hi"}'
    assert_problem 404 conversation-not-found
    post carol conv-1 '{"content": "Hi", "receiverId": "bob"}'
    assert_problem 404 conversation-not-found
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "empty, blank or missing content, and content with U+0000, is refused" {
    send alice conv-1 'Hi' bob
    for body in '{"content": ""}' '{"content": " \t\r\n "}' '{}' '{"content": null}' '{"content": 5}' \
        '{"content": "a\u0000b"}'; do
        post alice conv-1 "$body"
        assert_problem 422 invalid-message
    done
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-raw '   '
    assert_problem 422 invalid-message
    printf 'a\0b' | as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary @-
    assert_problem 422 invalid-message
    as alice GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "a refused first message opens nothing" {
    post alice conv-1 '{"content": " ", "receiverId": "bob"}'
    assert_problem 422 invalid-message
    as bob GET "$API"
    assert_json '. == []'
}

@test "a message that is not JSON, or not UTF-8, is 400" {
    send alice conv-1 'Hi' bob
    for body in '{"content": ' 'Hello' '{"content": "a"} {' '{content: "a"}'; do
        post alice conv-1 "$body"
        assert_problem 400 malformed-request
    done
    printf '{"content": "\xff\xfe"}' >"$BODY.bad"
    post alice conv-1 "@$BODY.bad"
    assert_problem 400 malformed-request
    printf 'overlong \xc0\xaf' >"$BODY.bad"
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-binary "@$BODY.bad"
    assert_problem 400 malformed-request
    as alice GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "a message in another media type is 415" {
    send alice conv-1 'Hi' bob
    for type in application/xml application/x-www-form-urlencoded text/html 'multipart/form-data; boundary=x'; do
        as alice POST "$API/conv-1/messages" --header "Content-Type: $type" --data-raw 'Hi'
        assert_problem 415 unsupported-media-type
    done
}

@test "content of 16 KiB is taken, one byte more is 413, in JSON as in plain text" {
    exact=$(printf '%16384s' x)
    send alice conv-1 "$exact" bob
    post alice conv-1 "{\"content\": \"x$exact\"}"
    assert_problem 413 content-too-large
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-raw "$exact"
    assert_status 201
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --data-raw "x$exact"
    assert_problem 413 content-too-large
}

@test "the size of content is that of its UTF-8" {
    send alice conv-1 'Hi' bob
    wide=$(printf '€%.0s' {1..5461})
    send alice conv-1 "$wide"
    post alice conv-1 "{\"content\": \"${wide}ab\"}"
    assert_problem 413 content-too-large
}

@test "the size of content does not count how JSON escapes it" {
    escaped=$(printf '\\u0061%.0s' {1..16384})
    printf '{"content": "%s", "receiverId": "bob"}' "$escaped" >"$BODY.large"
    post alice conv-1 "@$BODY.large"
    assert_status 201
    assert_json '.content | length == 16384'
}

@test "a body of megabytes is refused, and the connection's next user is not bothered" {
    send alice conv-1 'Hi' bob
    head -c 5000000 /dev/zero | tr '\0' x >"$BODY.large"
    post alice conv-1 "@$BODY.large"
    assert_problem 413 content-too-large
    post alice conv-1 "@$BODY.large" --header 'Transfer-Encoding: chunked'
    assert_problem 413 content-too-large
    as alice GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "sending does not move the sender's read marker" {
    send alice conv-1 'one' bob
    send bob conv-1 'two'
    as bob GET "$API"
    assert_json '.[0].unread == 1'
    as alice GET "$API/conv-1/messages"
    assert_json '.[0].read == false'
}

@test "an operator can keep users from opening conversations" {
    stop_postbox
    postbox conversations open --participants alice,bob --id conv-1 --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox --opening operator
    send alice conv-1 'Hi'
    post alice conv-2 '{"content": "Hi", "receiverId": "bob"}'
    assert_problem 403 opening-forbidden
    post alice @carol '{"content": "Hi"}'
    assert_problem 403 opening-forbidden
    as alice GET "$API"
    assert_json 'map(.id) == ["conv-1"]'
}

@test "a conversation id chosen by the app may not look like an alias" {
    post alice '@carol' '{"content": "Hi", "receiverId": "bob"}'
    [[ $CODE == 4* ]] || [[ $(json .conversationId) != @* ]]
    as alice GET "$API"
    assert_json 'all(.id | startswith("@") | not)'
}
