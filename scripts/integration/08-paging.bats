#!/usr/bin/env bats
# Going back through the messages of a conversation.

load helpers

# One import is faster than 250 requests for each test.
setup() {
    mkdir -p "${DATABASE%/*}"
    {
        echo '{"kind": "conversation", "id": "conv-1", "participantIds": ["alice", "bob"]}'
        for number in {1..250}; do
            printf '{"kind": "message", "conversationId": "conv-1", "senderId": "alice", "content": "%d", "timestamp": "2024-12-01T10:30:00.%03dZ"}\n' \
                "$number" "$number"
        done
    } >"$BATS_TEST_TMPDIR/history.jsonl"
    postbox import "$BATS_TEST_TMPDIR/history.jsonl" --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox
}

# assert_page FIRST LAST: the page holds exactly these, oldest first.
assert_page() {
    assert_status 200
    assert_json '[.[].content | tonumber] == [range($first; $last + 1)]' --argjson first "$1" --argjson last "$2"
}

@test "the newest 100 come first, and Link rel=prev leads back to the first message" {
    as bob GET "$API/conv-1/messages"
    assert_page 151 250
    [[ $(link prev) == *before=* ]]
    as bob GET "$(link prev)"
    assert_page 51 150
    as bob GET "$(link prev)"
    assert_page 1 50
    assert_equal "$(link prev)" ''
}

@test "limit says how long a page is, from 1 to 500" {
    as bob GET "$API/conv-1/messages?limit=1"
    assert_page 250 250
    as bob GET "$API/conv-1/messages?limit=500"
    assert_page 1 250
    assert_equal "$(link prev)" ''
    as bob GET "$API/conv-1/messages?limit=250"
    assert_page 1 250
    assert_equal "$(link prev)" ''
}

@test "a limit out of range, or none at all, is 400" {
    for limit in 0 501 -1 x 1.5 99999999999999999999 ''; do
        as bob GET "$API/conv-1/messages?limit=$limit"
        assert_problem 400 malformed-request
    done
}

@test "Link rel=prev keeps the limit" {
    as bob GET "$API/conv-1/messages?limit=60"
    for first in 131 71 11; do
        as bob GET "$(link prev)"
        assert_page "$first" $((first + 59))
    done
    as bob GET "$(link prev)"
    assert_page 1 10
    assert_equal "$(link prev)" ''
}

@test "before= takes a number or a message id, and leaves that message out" {
    as bob GET "$API/conv-1/messages?before=11&limit=5"
    assert_page 6 10
    as bob GET "$API/conv-1/messages?before=conv-1:11&limit=5"
    assert_page 6 10
    as bob GET "$API/conv-1/messages?before=1"
    assert_contents
    assert_equal "$(link prev)" ''
}

@test "messages that come in meanwhile move no page" {
    as bob GET "$API/conv-1/messages?limit=100"
    prev=$(link prev)
    send alice conv-1 251
    as bob GET "$prev"
    assert_page 51 150
}

@test "an older page has an ETag of its own" {
    as bob GET "$API/conv-1/messages"
    newest=$(header ETag)
    as bob GET "$API/conv-1/messages?before=11&limit=5" --header "If-None-Match: $newest"
    assert_page 6 10
    as bob GET "$API/conv-1/messages?before=11&limit=5" --header "If-None-Match: $(header ETag)"
    assert_status 304
}

@test "a read mark shows on older pages too" {
    as alice GET "$API/conv-1/messages?before=11&limit=5"
    etag=$(header ETag)
    mark_read bob conv-1
    as alice GET "$API/conv-1/messages?before=11&limit=5" --header "If-None-Match: $etag"
    assert_status 200
    assert_json 'length == 5 and all(.read)'
}
