#!/usr/bin/env bats
# Who is asking, in demo identity.
# bats file_tags=every-store

load helpers

@test "without an identity every endpoint is 401 with WWW-Authenticate" {
    send alice conv-1 'Hi' bob
    for call in "GET $API" "HEAD $API" "GET $API/conv-1/messages" "POST $API/conv-1/messages" "PUT $API/conv-1/read" \
        "GET $API/alice" "GET $API/conv-1" "HEAD $API/conv-1" "POST $API/conv-1/read" "PATCH $API/conv-1/read" \
        "POST $ORIGIN/api/messages/send"; do
        # shellcheck disable=SC2086
        request $call
        [[ $call == HEAD* ]] || assert_problem 401 unauthenticated
        assert_status 401
        assert_header WWW-Authenticate '?*'
    done
}

@test "an empty identity is none" {
    request GET "$API" --header 'X-User-ID;'
    assert_problem 401 unauthenticated
    request GET "$API?userId="
    assert_problem 401 unauthenticated
}

@test "userId in the query will do, for a browser's address line" {
    send alice conv-1 'Hi' bob
    request GET "$API/conv-1/messages?userId=bob"
    assert_contents Hi
    request POST "$API/conv-1/messages?userId=bob" --header 'Content-Type: text/plain' --data-raw 'Ho'
    assert_status 201
    assert_json '.senderId == "bob"'
    request PUT "$API/conv-1/read?userId=bob"
    assert_status 200
}

@test "userId is percent-decoded" {
    send alice conv-1 'Hi' 'Bob Ångström'
    request GET "$API?userId=Bob%20%C3%85ngstr%C3%B6m"
    assert_json 'length == 1'
}

@test "the next link of somebody who came by the query works for them" {
    send alice conv-1 'Hi' bob
    request GET "$API/conv-1/messages?userId=bob"
    next=$(link next)
    [[ $next == *userId=* ]] || next+='&userId=bob'
    request GET "$next"
    assert_status 200
    assert_json '. == []'
}

@test "a caller sees nothing of conversations of others" {
    send alice conv-1 'for bob' bob
    send carol conv-2 'for dave' dave
    for user in alice bob; do
        as "$user" GET "$API"
        assert_json 'map(.id) == ["conv-1"]'
        as "$user" GET "$API/conv-2/messages"
        assert_problem 404 conversation-not-found
    done
}

@test "an ETag of one user never gets a 304 for another who sees something else" {
    send alice conv-1 'Hi' bob
    as alice GET "$API"
    alice=$(header ETag)
    for user in bob carol; do
        as "$user" GET "$API" --header "If-None-Match: $alice"
        assert_status 200
    done
}

@test "user ids are told apart by case, and may hold any sign" {
    send Alice conv-1 'Hi' 'o'\''brien;--"<&>@example.com'
    as alice GET "$API"
    assert_json '. == []'
    as 'o'\''brien;--"<&>@example.com' GET "$API/conv-1/messages"
    assert_contents Hi
    assert_json '.[0].senderId == "Alice"'
}
