#!/usr/bin/env bats
# A retry gets the first answer, and makes no second message.
# bats file_tags=every-store

load helpers

keyed() {
    post "$1" conv-1 "{\"content\": \"$2\", \"receiverId\": \"${4:-bob}\", \"clientMessageId\": \"$3\"}"
}

@test "clientMessageId is shown to everybody" {
    keyed alice Hi key-1
    assert_status 201
    assert_json '.clientMessageId == "key-1"'
    as bob GET "$API/conv-1/messages"
    assert_json '.[0].clientMessageId == "key-1"'
    as bob GET "$API"
    assert_json '.[0].messages[0].clientMessageId == "key-1"'
}

@test "a retry is answered as the first time, and says so" {
    keyed alice Hi key-1
    assert_status 201
    assert_header Idempotency-Replayed ''
    cp "$BODY" "$BODY.first"
    keyed alice Hi key-1
    assert_status 201
    assert_header Idempotency-Replayed true
    assert_json '. == $first[0]' --slurpfile first "$BODY.first"
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "the Idempotency-Key header is the same key, for JSON and plain text" {
    keyed alice Hi key-1
    post alice conv-1 '{"content": "Hi"}' --header 'Idempotency-Key: key-1'
    assert_status 201
    assert_header Idempotency-Replayed true
    as alice POST "$API/conv-1/messages" --header 'Content-Type: text/plain' --header 'Idempotency-Key: key-1' --data-raw Hi
    assert_status 201
    assert_header Idempotency-Replayed true
    assert_json '.id == "conv-1:1" and .clientMessageId == "key-1"'
}

@test "where header and member differ, the member wins" {
    post alice conv-1 '{"content": "Hi", "receiverId": "bob", "clientMessageId": "member"}' --header 'Idempotency-Key: header'
    assert_json '.clientMessageId == "member"'
}

@test "the same key with other content is refused, and changes nothing" {
    keyed alice Hi key-1
    keyed alice Ho key-1
    assert_problem 422 idempotency-conflict
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "the same words under another key, or under none, are another message" {
    keyed alice Hi key-1
    keyed alice Hi key-2
    send alice conv-1 Hi
    send alice conv-1 Hi
    as bob GET "$API/conv-1/messages"
    assert_contents Hi Hi Hi Hi
}

@test "the same key of another sender is another key" {
    keyed alice Hi key-1
    keyed bob Ho key-1 alice
    assert_status 201
    assert_header Idempotency-Replayed ''
    assert_json '.content == "Ho" and .senderId == "bob"'
}

@test "a key is known after a restart" {
    keyed alice Hi key-1
    restart_postbox
    keyed alice Hi key-1
    assert_status 201
    assert_header Idempotency-Replayed true
    assert_json '.id == "conv-1:1"'
}

@test "a retry to the alias finds the message that opened the conversation" {
    post alice @bob '{"content": "Hi", "clientMessageId": "key-1"}'
    id=$(json .id)
    post alice @bob '{"content": "Hi", "clientMessageId": "key-1"}'
    assert_status 201
    assert_header Idempotency-Replayed true
    assert_json '.id == $id' --arg id "$id"
}

@test "20 retries at the same time make one message, and all get it" {
    retry() {
        keyed alice Hi key-1
        assert_status 201
    }
    twenty retry
    jq -es 'all(.id == "conv-1:1" and .content == "Hi")' "$BODY".{1..20}
    assert_equal "$(cat "$HEADERS".{1..20} | grep -ciE '^Idempotency-Replayed: true')" 19
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
}
