#!/usr/bin/env bats
# @{userId}: the direct conversation of two people.
# bats file_tags=every-store

load helpers

@test "the first message to @bob makes the conversation, and answers with its real id" {
    post alice @bob '{"content": "Hi"}'
    assert_status 201
    assert_json '.receiverId == "bob" and (.conversationId | startswith("@") | not) and .id == .conversationId + ":1"'
}

@test "two users find one direct conversation under each other's name" {
    post alice @bob '{"content": "one"}'
    id=$(json .conversationId)
    post bob @alice '{"content": "two"}'
    assert_json '.conversationId == $id and .id == $id + ":2"' --arg id "$id"
    as alice GET "$API"
    assert_json 'length == 1 and .[0].id == $id' --arg id "$id"
}

@test "GET and PUT accept the alias" {
    post alice @bob '{"content": "one"}'
    id=$(json .conversationId)
    as bob GET "$API/@alice/messages"
    assert_contents one
    assert_json '.[0].conversationId == $id' --arg id "$id"
    mark_read bob @alice
    assert_json '.conversationId == $id and .readUpTo == $id + ":1" and .unread == 0' --arg id "$id"
    as alice GET "$API/@bob/messages"
    assert_json '.[0].read == true'
    as alice GET "$API/$id/messages"
    assert_contents one
}

@test "polling works under the alias" {
    post alice @bob '{"content": "one"}'
    as bob GET "$API/@alice/messages"
    next=$(link next) tag=$(header ETag) id=$(json '.[0].conversationId')
    as bob GET "$API/@alice/messages" --header "If-None-Match: $tag"
    assert_status 304
    as bob GET "$API/$id/messages" --header "If-None-Match: $tag"
    assert_status 304
    post alice @bob '{"content": "two"}'
    as bob GET "$next"
    assert_contents two
}

@test "the same alias means other conversations to other people" {
    post alice @bob '{"content": "from alice"}'
    post carol @bob '{"content": "from carol"}'
    as alice GET "$API/@bob/messages"
    assert_contents from alice
    as carol GET "$API/@bob/messages"
    assert_contents from carol
}

@test "a named conversation of the same two people is not their direct one" {
    send alice application-1 'named' bob
    post alice @bob '{"content": "direct"}'
    [[ $(json .conversationId) != application-1 ]]
    as bob GET "$API/@alice/messages"
    assert_contents direct
}

@test "the alias still finds the conversation after a restart" {
    post alice @bob '{"content": "one"}'
    id=$(json .conversationId)
    restart_postbox
    post bob @alice '{"content": "two"}'
    assert_json '.conversationId == $id' --arg id "$id"
}

@test "a user has no direct conversation with themselves" {
    post alice @alice '{"content": "Dear me"}'
    [[ $CODE == 4* ]] || fail "$(answer)"
    as alice GET "$API"
    assert_json '. == []'
}

@test "20 first messages at the same time, from both sides, make one conversation" {
    first_message() {
        if (($1 % 2)); then
            post alice @bob "{\"content\": \"$1\"}"
        else
            post bob @alice "{\"content\": \"$1\"}"
        fi
        assert_status 201
    }
    twenty first_message
    jq -rs 'map(.conversationId) | unique | length' "$BODY".{1..20} | grep -qx 1
    jq -es 'map(.id | split(":")[-1] | tonumber) | sort == [range(1; 21)]' "$BODY".{1..20}
    for user in alice bob; do
        as "$user" GET "$API"
        assert_json 'length == 1 and .[0].unread == 10'
    done
    as alice GET "$API/@bob/messages"
    assert_json '[.[].content | tonumber] | sort == [range(1; 21)]'
}

@test "20 first messages at the same time to one new id of the app make one conversation" {
    first_message() {
        send alice conv-1 "$1" bob
    }
    twenty first_message
    as bob GET "$API"
    assert_json 'length == 1 and .[0].unread == 20'
}
