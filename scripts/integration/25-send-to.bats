#!/usr/bin/env bats
# Sends whose body names the conversation or the recipient, as front ends do.
# bats file_tags=every-store

load helpers
load frontends

@test "conversationId names a conversation, and opens none" {
    send alice conv-1 'one' bob
    to bob '{"content": "two", "conversationId": "conv-1"}'
    assert_status 201
    assert_json '.id == "conv-1:2" and .senderId == "bob" and .receiverId == "alice" and .sent == true'
    for missing in '"conv-2"' '"@carol"' '"conv-2", "receiverId": "bob"' '"conv-2", "participantIds": ["bob"]' '"."'; do
        to alice "{\"content\": \"one\", \"conversationId\": $missing}"
        assert_problem 404 conversation-not-found
    done
    # Nor does it tell a stranger that there is one.
    to mallory '{"content": "let me in", "conversationId": "conv-1", "recipientId": "alice"}'
    assert_problem 404 conversation-not-found
    as alice GET "$API"
    assert_json 'map(.id) == ["conv-1"]'
    post alice @bob '{"content": "direct"}'
    id=$(json .conversationId)
    to bob '{"content": "to the alias", "conversationId": "@alice"}'
    assert_json '.conversationId == $id' --arg id "$id"
}

@test "recipientId and receiverId name a conversation of the caller's, or else a user" {
    send alice conv-1 'one' bob
    for member in recipientId receiverId; do
        to bob "{\"content\": \"two\", \"$member\": \"conv-1\"}"
        assert_status 201
        assert_json '.conversationId == "conv-1"'
        to alice "{\"content\": \"direct\", \"$member\": \"dana\"}"
        assert_status 201
        assert_json '.receiverId == "dana" and .conversationId != "dana"'
    done
    as dana GET "$API/@alice/messages"
    assert_contents direct direct
    # Somebody else's conversation is no conversation of the caller's.
    to mallory '{"content": "hello", "recipientId": "conv-1"}'
    assert_status 201
    assert_json '.conversationId != "conv-1" and .receiverId == "conv-1"'
}

@test "what the front end of another backend sends is taken as it is" {
    send alice conv-1 'one' bob
    to bob '{"senderId": "bob", "recipientId": "conv-1", "tenantId": "acme", "content": "two"}'
    assert_status 201
    assert_json '.id == "conv-1:2" and .content == "two" and .sent == true'
    to bob '{"senderId": "alice", "recipientId": "conv-1", "tenantId": "acme", "content": "two"}'
    assert_problem 403 sender-mismatch
}

@test "a group under another user's id does not get what is meant for that user" {
    post alice @bob '{"content": "We know each other."}'
    post mallory bob '{"content": "Hello, you two", "participantIds": ["alice", "bob"]}'
    assert_status 201
    for member in recipientId receiverId; do
        to alice "{\"content\": \"for bob alone\", \"$member\": \"bob\"}"
        assert_problem 422 ambiguous-recipient
        assert_json '.detail | contains("/api/messages/conversations/@bob/messages")'
    done
    as mallory GET "$API/bob/messages"
    assert_contents 'Hello, you two'
    # Each of the two can be meant.
    to alice '{"content": "for both", "conversationId": "bob"}'
    assert_json '.conversationId == "bob"'
    post alice @bob '{"content": "for bob alone"}'
    assert_json '.receiverId == "bob"'
}

@test "a group under another user's id does not get it either where that user is not in it, or known from nowhere else" {
    post alice elsewhere '{"content": "Hello", "participantIds": ["bob", "carol"]}'
    post mallory bob '{"content": "Hello, alice", "participantIds": ["alice", "eve"]}'
    to alice '{"content": "for bob", "recipientId": "bob"}'
    assert_problem 422 ambiguous-recipient
    post mallory dana '{"content": "Hello, you two", "participantIds": ["alice", "dana"]}'
    to alice '{"content": "for dana", "recipientId": "dana"}'
    assert_problem 422 ambiguous-recipient
    # To somebody who has nothing to do with a user of that name it is the conversation.
    to eve '{"content": "for the group", "recipientId": "bob"}'
    assert_status 201
    assert_json '.conversationId == "bob"'
}

@test "the direct conversation of the two may be called as one of them" {
    stop_postbox
    printf '%s\n' '{"kind": "conversation", "id": "bob", "participantIds": ["alice", "bob"], "direct": true}' >"$FOLDER/direct.jsonl"
    postbox import "$FOLDER/direct.jsonl" --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox
    to alice '{"content": "Hi", "recipientId": "bob"}'
    assert_status 201
    assert_json '.conversationId == "bob" and .receiverId == "bob"'
    # To bob, his own id can only be the conversation's.
    to bob '{"content": "Hi", "recipientId": "bob"}'
    assert_status 201
    assert_json '.conversationId == "bob" and .receiverId == "alice"'
}

@test "@bob as recipient is the direct conversation with bob, unless the caller knows a user of that very name" {
    to alice '{"content": "Hi", "recipientId": "@bob"}'
    assert_status 201
    assert_json '.receiverId == "bob"'
    to alice '{"content": "Hi", "receiverId": "bob"}'
    assert_json '.id | endswith(":2")'
    send alice conv-1 'Hi' @bob
    to alice '{"content": "Hi", "recipientId": "@bob"}'
    assert_problem 422 ambiguous-recipient
}

@test "a user named beside the recipient has to take part, and nothing is opened otherwise" {
    send alice conv-1 'one' bob
    to alice '{"content": "two", "conversationId": "conv-1", "recipientId": "bob", "receiverId": "conv-1"}'
    assert_status 201
    to alice '{"content": "two", "recipientId": "conv-1", "receiverId": "bob"}'
    assert_status 201
    for names in '"conversationId": "conv-1", "recipientId": "carol"' '"recipientId": "carol", "receiverId": "dave"' \
        '"recipientId": "carol", "participantIds": ["dave"]' '"recipientId": "conv-1", "receiverId": "carol"'; do
        to alice "{\"content\": \"to whom?\", $names}"
        assert_problem 422 invalid-message
    done
    post alice @carol '{"content": "to whom?", "receiverId": "dave"}'
    assert_problem 422 invalid-message
    as alice GET "$API"
    assert_json 'map(.id) == ["conv-1"]'
}

@test "a message to nobody is refused, and so is a body that has no place for a name" {
    for names in '' ', "recipientId": ""' ', "receiverId": null' ', "conversationId": ""' ', "participantIds": ["bob"]'; do
        to alice "{\"content\": \"to whom?\"$names}"
        assert_problem 422 invalid-message
        assert_json '.detail | contains("recipientId")'
    done
    as alice POST "$ORIGIN/api/messages/send" --header 'Content-Type: text/plain' --data-raw 'Hi'
    assert_problem 415 unsupported-media-type
    to alice '{"content": " ", "recipientId": "bob"}'
    assert_problem 422 invalid-message
    to alice '{"content": "Dear me", "recipientId": "alice"}'
    assert_problem 422 invalid-message
    to alice '{'
    assert_problem 400 malformed-request
}

@test "/send gives a retry its first answer, and obeys --opening operator" {
    body='{"content": "Hi", "recipientId": "bob", "clientMessageId": "once"}'
    to alice "$body"
    assert_status 201
    first=$(cat "$BODY")
    to alice "$body"
    assert_status 201
    assert_header Idempotency-Replayed true
    assert_equal "$(cat "$BODY")" "$first"
    to alice '{"content": "Ho", "recipientId": "bob"}' --header 'Idempotency-Key: once'
    assert_problem 422 idempotency-conflict
    restart_postbox --opening operator
    to alice '{"content": "Hi", "recipientId": "carol"}'
    assert_problem 403 opening-forbidden
    to alice '{"content": "Hi", "conversationId": "conv-9"}'
    assert_problem 404 conversation-not-found
    to alice '{"content": "Hi", "recipientId": "bob"}'
    assert_status 201
}

@test "a retry to /send gets its first answer also where its recipient has become ambiguous since" {
    to alice '{"content": "for bob", "recipientId": "bob", "clientMessageId": "once"}'
    first=$(cat "$BODY")
    post mallory bob '{"content": "Hello, you two", "participantIds": ["alice", "bob"]}'
    to alice '{"content": "for bob", "recipientId": "bob", "clientMessageId": "once"}'
    assert_status 201
    assert_header Idempotency-Replayed true
    assert_equal "$(cat "$BODY")" "$first"
    to alice '{"content": "other", "recipientId": "bob", "clientMessageId": "once"}'
    assert_problem 422 idempotency-conflict
    to alice '{"content": "for bob", "recipientId": "bob", "clientMessageId": "twice"}'
    assert_problem 422 ambiguous-recipient
    # The same for a conversation under the id of a user whom the sender came to know after the first try.
    post mallory dana '{"content": "Hello", "participantIds": ["alice", "eve"]}'
    to alice '{"content": "for the group", "recipientId": "dana", "clientMessageId": "once"}'
    assert_json '.conversationId == "dana"'
    post dana @alice '{"content": "Hello"}'
    to alice '{"content": "for the group", "recipientId": "dana", "clientMessageId": "once"}'
    assert_status 201
    assert_json '.conversationId == "dana"'
    assert_header Idempotency-Replayed true
}

@test "/send is limited as other sends and openings are" {
    restart_postbox --send-rate 0.01 --send-burst 2 --open-rate 0.01 --open-burst 1
    to alice '{"content": "Hi", "recipientId": "bob"}'
    assert_status 201
    to alice '{"content": "Hi", "recipientId": "carol"}'
    assert_problem 429 rate-limited
    to alice '{"content": "Hi", "recipientId": "bob"}'
    assert_problem 429 rate-limited
}

@test "20 first messages to /send at the same time make one direct conversation" {
    first_message() {
        if (($1 % 2)); then
            to alice "{\"content\": \"$1\", \"recipientId\": \"bob\"}"
        else
            to bob "{\"content\": \"$1\", \"receiverId\": \"alice\"}"
        fi
        assert_status 201
    }
    twenty first_message
    as alice GET "$API"
    assert_json 'length == 1 and .[0].unread == 10'
}

@test "/send takes POST only" {
    for method in GET HEAD PUT PATCH DELETE; do
        as alice "$method" "$ORIGIN/api/messages/send"
        assert_equal "$CODE" 405
        assert_header Allow 'POST, OPTIONS'
    done
}

@test "the conversation itself is no wrong receiver" {
    send alice conv-1 'one' bob
    for member in recipientId receiverId; do
        post bob conv-1 "{\"content\": \"two\", \"$member\": \"conv-1\"}"
        assert_status 201
        assert_json '.receiverId == "alice"'
    done
    post alice @bob '{"content": "Hi"}'
    id=$(json .conversationId)
    for name in @bob "$id" bob; do
        post alice @bob "{\"content\": \"Hi\", \"recipientId\": \"$name\"}"
        assert_status 201
    done
    post alice conv-1 '{"content": "two", "recipientId": "conv-2"}'
    assert_problem 422 invalid-message
}
