#!/usr/bin/env bats
# Ids with signs that mean something in a URL.
# bats file_tags=every-store

load helpers

# round_trip ENCODED ID: all four endpoints and their links, for an id as it is in a path and as it is in JSON.
round_trip() {
    send alice "$1" 'one' bob
    assert_json '.conversationId == $id and .id == $id + ":1"' --arg id "$2"
    send bob "$1" 'two'
    as bob GET "$API"
    assert_json '.[0].id == $id and .[0].messages[0].conversationId == $id' --arg id "$2"
    as bob GET "$API/$1/messages?limit=1"
    assert_contents two
    next=$(link next) prev=$(link prev)
    [[ $next =~ ^[!-~]+$ ]] || fail "not a URL: $next"
    as bob GET "$prev"
    assert_contents one
    as bob GET "$next"
    assert_contents
    as bob PUT "$API/$1/read" --header 'Content-Type: application/json' --data-raw "$(jq -n --arg id "$2" '{upTo: ($id + ":1")}')"
    assert_status 200
    assert_json '. == {"conversationId": $id, "readUpTo": ($id + ":1"), "unread": 0}' --arg id "$2"
    as bob GET "$API/$1/messages?since=$(jq -rn --arg id "$2" '$id + ":1" | @uri')"
    assert_json '[.[].content] | index("two") != null'
}

@test "a space" {
    round_trip 'job%201' 'job 1'
}

@test "letters outside ASCII" {
    round_trip '%C3%A4pplication-%F0%9F%98%80' 'äpplication-😀'
}

@test "a slash, as %2F" {
    round_trip 'jobs%2F1' 'jobs/1'
    as alice GET "$API/jobs/1/messages"
    assert_problem 404 not-found
}

@test "a colon" {
    round_trip 'urn:job:1' 'urn:job:1'
}

@test "a question mark, a hash and a percent sign" {
    round_trip 'a%3Fb%23c%25d%2541' 'a?b#c%d%41'
}

@test "a plus, which is a plus" {
    round_trip 'a+b%2Bc' 'a+b+c'
}

@test "quotes, angle brackets, a backslash and commas, which may not break the Link header" {
    round_trip '%22a%22%3Cb%3E%5Cc%3B,d' '"a"<b>\c;,d'
}

@test "one dot or two are no id, since URL parsers resolve them away" {
    for dots in '%2e' '%2e%2e'; do
        post alice "$dots" '{"content": "Hi", "receiverId": "bob"}'
        assert_problem 404 conversation-not-found
    done
}

@test "the same id in another spelling is the same conversation" {
    send alice conv-1 'one' bob
    as bob GET "$API/%63onv%2d1/messages"
    assert_contents one
}

@test "%00 does not cut an id short" {
    send alice a 'one' bob
    as alice GET "$API/a%00b/messages"
    [[ $CODE == 4* ]] || fail "$(answer)"
    as alice GET "$API/a%00/messages"
    [[ $CODE == 4* ]] || fail "$(answer)"
    post alice 'c%00d' '{"content": "two", "receiverId": "bob"}'
    [[ $CODE == 4* ]] || fail "$(answer)"
}

@test "a path that is not percent-encoded UTF-8 is refused" {
    for id in 'a%' 'a%2' 'a%zz' 'a%FF' '%C3' '%C0%AF' '%ED%A0%80'; do
        post alice "$id" '{"content": "one", "receiverId": "bob"}'
        [[ $CODE == 400 || $CODE == 404 ]] || fail "$id:" "$(answer)"
    done
    as bob GET "$API"
    assert_json '. == []'
}

@test "an alias is percent-decoded too" {
    post alice '@Bob%20%C3%85' '{"content": "one"}'
    assert_status 201
    assert_json '.receiverId == "Bob Å"'
    post alice '%40Bob%20%C3%85' '{"content": "two"}'
    assert_status 201
    as alice GET "$API"
    assert_json 'length == 1 and .[0].lastMessage == "two"'
}
