#!/usr/bin/env bats
# GET /api/messages/conversations
# bats file_tags=every-store

load helpers

@test "somebody without conversations gets an empty array" {
    as alice GET "$API"
    assert_status 200
    assert_header Content-Type 'application/json*'
    assert_equal "$(cat "$BODY")" '[]'
}

@test "a conversation has exactly the members of the contract" {
    send alice conv-1 'Hello!' bob
    as bob GET "$API"
    assert_status 200
    assert_json 'length == 1'
    assert_json '.[0] | keys == (["id", "name", "company", "initials", "lastMessage", "lastMessageTime", "unread",
        "participants", "participantCount", "messages"] | sort)'
    assert_json '.[0] | .id == "conv-1" and .lastMessage == "Hello!" and .unread == 1 and (.lastMessageTime | time)'
    assert_json '.[0].participants | map(.id) | sort == ["alice", "bob"]'
    assert_json '.[0].messages[0] | .id == "conv-1:1" and .content == "Hello!" and .read == false and .sent == false'
    assert_json '.[0].lastMessageTime == .[0].messages[-1].timestamp'
}

@test "each sees the other by name, company and initials" {
    stop_postbox
    postbox users set alice --name 'Alice Ångström' --company 'Acme & Sons' --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox
    send alice conv-1 'Hi' bob
    as bob GET "$API"
    assert_json '.[0] | .name == "Alice Ångström" and .company == "Acme & Sons" and .initials == "AÅ"'
    assert_json '.[0].participants | any(.id == "alice" and .name == "Alice Ångström" and .company == "Acme & Sons")'
}

@test "somebody without a known name is called by their user id" {
    send alice conv-1 'Hi' bob
    as alice GET "$API"
    assert_json '.[0] | .name == "bob" and (.initials | type == "string") and (.participants | all(.name == .id))'
}

@test "the conversation with the latest activity comes first" {
    send alice conv-1 'one' bob
    send alice conv-2 'two' bob
    send alice conv-3 'three' bob
    send bob conv-1 'four'
    as alice GET "$API"
    assert_json 'map(.id) == ["conv-1", "conv-3", "conv-2"]'
}

@test "only participants see a conversation" {
    send alice conv-1 'Hi' bob
    as carol GET "$API"
    assert_json '. == []'
}

@test "a list embeds the newest 20 messages of each conversation, oldest first" {
    send alice conv-1 0 bob
    send_many alice conv-1 1 24
    as bob GET "$API"
    assert_json '.[0].messages | length == 20 and .[0].content == "5" and .[-1].content == "24"'
}

@test "messages= says how many to embed, from none to 100" {
    send alice conv-1 0 bob
    send_many alice conv-1 1 109
    as bob GET "$API?messages=0"
    assert_json '.[0].messages == [] and .[0].lastMessage == "109" and .[0].unread == 110'
    as bob GET "$API?messages=3"
    assert_json '.[0].messages | map(.content) == ["107", "108", "109"]'
    as bob GET "$API?messages=100"
    assert_json '.[0].messages | length == 100'
}

@test "a limit or a number of messages out of range is refused" {
    for query in limit=0 limit=501 limit=-1 limit=many messages=-1 messages=101 messages=few; do
        as alice GET "$API?$query"
        assert_problem 400 malformed-request
    done
}

@test "limit and Link rel=prev page through all conversations" {
    for number in {1..7}; do send alice "conv-$number" 'Hi' bob; done
    as alice GET "$API?limit=3&messages=1"
    assert_json 'map(.id) == ["conv-7", "conv-6", "conv-5"]'
    assert_equal "$(link prev | grep -c 'before=')" 1
    as alice GET "$(link prev)"
    assert_json 'map(.id) == ["conv-4", "conv-3", "conv-2"] and all(.messages | length == 1)'
    as alice GET "$(link prev)"
    assert_json 'map(.id) == ["conv-1"]'
    assert_equal "$(link prev)" ''
}

@test "every answer carries what a poller needs" {
    send alice conv-1 'Hi' bob
    as alice GET "$API?messages=1"
    assert_header ETag '"?*"'
    assert_header Cache-Control 'private, no-cache'
    assert_equal "$(header Vary | tr ',' '\n' | grep -ciE '^ *x-user-id *$')" 1
    assert_header X-Poll-Interval 10
    [[ $(header X-Cursor) =~ ^[0-9a-z]+\.[a-p][a-z2-7]{12}$ ]]
    [[ $(header ETag) =~ ^\"[A-Za-z0-9_-]{9}p?\"$ ]]
    [[ $(header Link) == "<?"*'>; rel="next"'* ]]
    [[ $(link next) == *"since=$(header X-Cursor)"* && $(link next) == *'messages=1'* ]]
}

@test "a matching If-None-Match gets 304 without a body, and with the same headers but for Link" {
    send alice conv-1 'Hi' bob
    as alice GET "$API"
    before=$(polling_headers)
    as alice GET "$API" --header "If-None-Match: $(header ETag)"
    [[ ! -s $BODY ]]
    assert_unchanged "$before"
}

@test "a new message, a read mark and a new conversation each change the ETag" {
    send alice conv-1 'Hi' bob
    as bob GET "$API"
    first=$(header ETag)
    send alice conv-1 'Hi again'
    as bob GET "$API" --header "If-None-Match: $first"
    assert_status 200
    second=$(header ETag)
    mark_read bob conv-1
    as bob GET "$API" --header "If-None-Match: $second"
    assert_status 200
    third=$(header ETag)
    send carol conv-2 'Hi' bob
    as bob GET "$API" --header "If-None-Match: $third"
    assert_status 200
    assert_equal "$(printf '%s\n' "$first" "$second" "$third" "$(header ETag)" | sort -u | wc -l)" 4
}

@test "changes in other conversations leave the ETag of a list alone" {
    send alice conv-1 'Hi' bob
    as alice GET "$API"
    etag=$(header ETag)
    send carol conv-2 'Hi' dave
    as alice GET "$API" --header "If-None-Match: $etag"
    assert_status 304
}

@test "a changed name changes the ETag of those who see it" {
    send alice conv-1 'Hi' bob
    as bob GET "$API"
    etag=$(header ETag)
    stop_postbox
    postbox users set alice --name 'Alice Archer' --company 'Acme' --database "$DATABASE"
    start_postbox
    as bob GET "$API" --header "If-None-Match: $etag"
    assert_status 200
    assert_json '.[0].name == "Alice Archer"'
}

@test "since= answers with the whole of each conversation that changed, and no other" {
    send alice conv-1 'one' bob
    send alice conv-2 'two' bob
    as bob GET "$API"
    cursor=$(header X-Cursor)
    send alice conv-2 'three'
    as bob GET "$API?since=$cursor"
    assert_status 200
    assert_json 'length == 1 and .[0].id == "conv-2" and .[0].unread == 2 and (.[0].messages | length == 2)'
}

@test "since= without a change is 200 and empty, or 304 where the ETag matches" {
    send alice conv-1 'one' bob
    as bob GET "$API"
    next=$(link next)
    as bob GET "$next"
    assert_status 200
    assert_json '. == []'
    as bob GET "$next" --header "If-None-Match: $(header ETag)"
    assert_status 304
}

@test "reading shows in the list of the one who reads and in that of the one who is read" {
    send alice conv-1 'one' bob
    as alice GET "$API"
    next=$(link next)
    mark_read bob conv-1
    as alice GET "$next"
    assert_json 'length == 1 and .[0].messages[0].read == true'
    as bob GET "$API"
    assert_json '.[0].unread == 0 and .[0].messages[0].read == true'
}

@test "following next with a small limit reaches every change" {
    as alice GET "$API?limit=2"
    next=$(link next)
    for number in {1..7}; do send alice "conv-$number" 'Hi' bob; done
    seen=''
    for _ in {1..20}; do
        as alice GET "$next"
        assert_status 200
        assert_json 'length <= 2'
        [[ $(json length) != 0 ]] || break
        seen+=" $(json '.[].id' | tr '\n' ' ')"
        next=$(link next)
    done
    assert_equal "$(xargs -n1 <<<"$seen" | sort -u | xargs)" 'conv-1 conv-2 conv-3 conv-4 conv-5 conv-6 conv-7'
}
