#!/usr/bin/env bats
# Conversations of three and more.
# bats file_tags=every-store

load helpers

setup() {
    start_postbox
    post alice panel '{"content": "one", "participantIds": ["bob", "carol"]}'
    assert_status 201
}

@test "participantIds open a group, the caller included" {
    assert_json '.receiverId == null and has("receiverId") and .id == "panel:1"'
    for user in alice bob carol; do
        as "$user" GET "$API"
        assert_json 'length == 1 and (.[0].participants | map(.id) | sort) == ["alice", "bob", "carol"]'
    done
}

@test "the caller may name themselves among the participants, and somebody twice" {
    post alice panel-2 '{"content": "one", "participantIds": ["alice", "bob", "bob", "carol"]}'
    assert_status 201
    as bob GET "$API"
    assert_json '.[0].participants | map(.id) | sort == ["alice", "bob", "carol"]'
}

@test "participantIds of one other person are a conversation of two" {
    post alice pair '{"content": "one", "participantIds": ["bob"]}'
    assert_status 201
    assert_json '.receiverId == "bob"'
}

@test "everybody gets what anybody sends, without a receiver" {
    send bob panel 'two'
    send carol panel 'three'
    for user in alice bob carol; do
        as "$user" GET "$API/panel/messages"
        assert_contents one two three
        assert_json 'all(has("receiverId") and .receiverId == null)'
    done
}

@test "the name is that of the others" {
    as alice GET "$API"
    assert_json '.[0].name | contains("bob") and contains("carol") and (contains("alice") | not)'
    as bob GET "$API"
    assert_json '.[0].name | contains("alice") and contains("carol") and (contains("bob") | not)'
}

@test "a message is read for its sender once every other has read it" {
    as alice GET "$API/panel/messages"
    next=$(link next)
    mark_read bob panel
    as alice GET "$API/panel/messages"
    assert_json '.[0].read == false'
    as alice GET "$next"
    assert_json '. == []'
    mark_read carol panel
    as alice GET "$next"
    assert_json 'map([.id, .read]) == [["panel:1", true]]'
}

@test "of a large group a list shows 20 people, the caller among them, and says how many there are" {
    ids=$(printf '"p%s",' {100..149})
    post zoe crowd "{\"content\": \"one\", \"participantIds\": [${ids%,}]}"
    assert_status 201
    as zoe GET "$API"
    assert_json '.[0] | .participantCount == 51 and (.participants | length) == 20 and .participants[-1].id == "zoe"'
    assert_json '.[0] | (.name | endswith("p118, and 31 more")) and .participants[0].id == "p100"'
    next=$(link next)
    as p149 GET "$API"
    assert_json '.[0] | .participantCount == 51 and (.participants | map(.id) | contains(["p118", "p149"]) and length == 20)'
    send p149 crowd two
    as zoe GET "$next"
    assert_json '.[0] | .participantCount == 51 and .participants[-1].id == "zoe" and (.name | endswith("and 31 more"))'
    as alice GET "$API"
    assert_json '.[0] | .participantCount == 3 and (.participants | length) == 3'
}

@test "a message of a group is read by one receiver and not by the other" {
    mark_read bob panel
    as bob GET "$API"
    assert_json '.[0] | .unread == 0 and .messages[0].read == true'
    as carol GET "$API"
    assert_json '.[0] | .unread == 1 and .messages[0].read == false'
}

@test "somebody outside sees nothing of it" {
    as dave GET "$API/panel/messages"
    assert_problem 404 conversation-not-found
    post dave panel '{"content": "Hi"}'
    assert_problem 404 conversation-not-found
    as dave PUT "$API/panel/read"
    assert_problem 404 conversation-not-found
}
