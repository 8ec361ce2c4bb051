#!/usr/bin/env bats
# PUT /api/messages/conversations/{id}/read
# bats file_tags=every-store

load helpers

read_up_to() {
    as "$1" PUT "$API/$2/read" --header 'Content-Type: application/json' --data-raw "{\"upTo\": \"$3\"}"
}

@test "an empty body, an empty object and null mark everything so far" {
    send alice conv-1 'one' bob
    send alice conv-1 'two'
    as bob PUT "$API/conv-1/read"
    assert_status 200
    assert_header Content-Type 'application/json*'
    assert_json '. == {"conversationId": "conv-1", "readUpTo": "conv-1:2", "unread": 0}'
    send alice conv-1 'three'
    as bob PUT "$API/conv-1/read" --header 'Content-Type: application/json' --data-raw '{}'
    assert_status 200
    assert_json '. == {"conversationId": "conv-1", "readUpTo": "conv-1:3", "unread": 0}'
    send alice conv-1 'four'
    as bob PUT "$API/conv-1/read" --header 'Content-Type: application/json' --data-raw null
    assert_status 200
    assert_json '. == {"conversationId": "conv-1", "readUpTo": "conv-1:4", "unread": 0}'
}

@test "upTo marks up to one message" {
    send alice conv-1 'one' bob
    send_many alice conv-1 2 5
    read_up_to bob conv-1 conv-1:2
    assert_status 200
    assert_json '. == {"conversationId": "conv-1", "readUpTo": "conv-1:2", "unread": 3}'
    as bob GET "$API/conv-1/messages"
    assert_json 'map(.read) == [true, true, false, false, false]'
    as alice GET "$API/conv-1/messages"
    assert_json 'map(.read) == [true, true, false, false, false]'
}

@test "the marker only moves forward, and the answer says where it really is" {
    send alice conv-1 'one' bob
    send_many alice conv-1 2 5
    read_up_to bob conv-1 conv-1:4
    read_up_to bob conv-1 conv-1:2
    assert_status 200
    assert_json '.readUpTo == "conv-1:4" and .unread == 1'
    as bob GET "$API"
    assert_json '.[0].unread == 1'
}

@test "a mark that moves nothing changes no ETag" {
    send alice conv-1 'one' bob
    mark_read bob conv-1
    etags() {
        local user
        for user in alice bob; do
            as "$user" GET "$API"
            header ETag
            as "$user" GET "$API/conv-1/messages"
            header ETag
        done
    }
    before=$(etags)
    mark_read bob conv-1
    read_up_to bob conv-1 conv-1:1
    assert_status 200
    assert_equal "$(etags)" "$before"
}

@test "unread counts the messages of others after the marker" {
    send alice conv-1 'one' bob
    send bob conv-1 'two'
    send alice conv-1 'three'
    as bob GET "$API"
    assert_json '.[0].unread == 2'
    as alice GET "$API"
    assert_json '.[0].unread == 1'
    read_up_to bob conv-1 conv-1:1
    as bob GET "$API"
    assert_json '.[0].unread == 1'
    mark_read bob conv-1
    as bob GET "$API"
    assert_json '.[0].unread == 0'
    as alice GET "$API"
    assert_json '.[0].unread == 1'
}

@test "a conversation with only the caller's messages has nothing unread" {
    send alice conv-1 'one' bob
    as alice GET "$API"
    assert_json '.[0].unread == 0'
    mark_read alice conv-1
    assert_json '.unread == 0'
    as alice GET "$API/conv-1/messages"
    assert_json '.[0].read == false'
}

@test "a position that is not in this conversation is 422" {
    send alice conv-1 'one' bob
    send alice conv-2 'one' bob
    for position in conv-2:1 conv-1:2 conv-1:999999999999999999999 conv-1:0 conv-1:-1 conv-1: conv-1 nonsense ''; do
        read_up_to bob conv-1 "$position"
        assert_problem 422 invalid-read-position
    done
    as bob GET "$API"
    assert_json 'all(.unread == 1)'
}

@test "a body that is not JSON is 400" {
    send alice conv-1 'one' bob
    as bob PUT "$API/conv-1/read" --header 'Content-Type: application/json' --data-raw '{"upTo":'
    assert_problem 400 malformed-request
}

@test "strangers, and everybody for an unknown conversation, get 404, and nothing is opened" {
    send alice conv-1 'one' bob
    as carol PUT "$API/conv-1/read"
    assert_problem 404 conversation-not-found
    as alice PUT "$API/conv-2/read"
    assert_problem 404 conversation-not-found
    as alice PUT "$API/@dave/read"
    assert_problem 404 conversation-not-found
    as alice GET "$API"
    assert_json 'map(.id) == ["conv-1"]'
}

@test "a mark survives a restart" {
    send alice conv-1 'one' bob
    mark_read bob conv-1
    send alice conv-1 'two'
    restart_postbox
    as bob GET "$API/conv-1/messages"
    assert_json 'map(.read) == [true, false]'
    as bob GET "$API"
    assert_json '.[0].unread == 1'
}

@test "marks that race with sends never claim more than was there" {
    send alice conv-1 'one' bob
    race() {
        if (($1 % 2)); then
            send alice conv-1 "message $1"
        else
            mark_read bob conv-1
            assert_json '.unread == 0 or (.readUpTo | test("^conv-1:[0-9]+$"))'
        fi
    }
    twenty race
    mark_read bob conv-1
    assert_json '.readUpTo == "conv-1:11" and .unread == 0'
    as alice GET "$API/conv-1/messages"
    assert_json 'length == 11 and all(.read)'
}
