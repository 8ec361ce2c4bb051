#!/usr/bin/env bats
# Going back through the messages of a conversation.
# bats file_tags=every-store

load helpers

# One import is faster than 250 requests for each test.
setup() {
    prepare_database
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

# follow RELATION: gets what Link leads to, page by page, and leaves all entries of all pages in $FOLDER/all, one a line.
follow() {
    : >"$FOLDER/all"
    while :; do
        assert_status 200
        (($(wc -c <"$BODY") <= 2000 || $(json length) == 1)) || fail "a page has $(wc -c <"$BODY") bytes" "$(answer)"
        [[ $1 == prev || $(json length) != 0 ]] || break
        json -c '.[]' >>"$FOLDER/all"
        [[ -n $(link "$1") ]] || break
        as bob GET "$(link "$1")"
    done
}

@test "a page ends where it has --max-answer-bytes, and Link leads to all that it left out" {
    restart_postbox --max-answer-bytes 2000
    as bob GET "$API/conv-1/messages"
    (($(json length) > 1 && $(json length) < 20))
    assert_json '.[-1].content == "250"'
    follow prev
    assert_equal "$(jq -s 'map(.content | tonumber) | sort == [range(1; 251)]' "$FOLDER/all")" true
    as bob GET "$API/conv-1/messages?since=0"
    assert_json '.[0].content == "1"'
    follow next
    assert_equal "$(jq -s 'map(.content | tonumber) == [range(1; 251)]' "$FOLDER/all")" true
}

@test "a page of a list ends where it has --max-answer-bytes, and Link leads to all that it left out" {
    restart_postbox --max-answer-bytes 2000
    for number in {1..12}; do send bob "app-$number" "$number" alice; done
    as bob GET "$API"
    (($(json length) > 1 && $(json length) < 13))
    assert_json '.[0].lastMessage == "12"'
    etag=$(header ETag) fields=$(polling_headers)
    as bob GET "$API" --header "If-None-Match: $etag"
    assert_unchanged "$fields"
    as bob GET "$API"
    follow prev
    assert_equal "$(jq -s -r 'map(.lastMessage) | join(" ")' "$FOLDER/all")" '12 11 10 9 8 7 6 5 4 3 2 1 250'
}

@test "as many bytes as an answer may have exactly are whole, and with one byte less there is one entry less" {
    for path in /conv-1/messages?limit=5 /conv-1/messages?limit=5\&since=0 '' ?messages=3; do
        restart_postbox
        [[ -n $path && $path != \?* ]] || for number in 1 2; do send bob "app-$number" "$number" alice; done
        as bob GET "$API$path"
        count=$(json length) size=$(wc -c <"$BODY")
        ((count > 1))
        restart_postbox --max-answer-bytes "$size"
        as bob GET "$API$path"
        assert_json 'length == $count' --argjson count "$count"
        restart_postbox --max-answer-bytes "$((size - 1))"
        as bob GET "$API$path"
        assert_json 'length == $count - 1' --argjson count "$count"
        etag=$(header ETag) fields=$(polling_headers)
        for _ in 1 2; do
            as bob GET "$API$path" --header "If-None-Match: $etag"
            assert_unchanged "$fields"
        done
    done
}

@test "a page has at least one entry however small answers must be, and all can be had" {
    restart_postbox --max-answer-bytes 1
    as bob GET "$API/conv-1/messages"
    assert_page 250 250
    as bob GET "$API/conv-1/messages?since=240"
    follow next
    assert_equal "$(jq -s 'map(.content | tonumber) == [range(241; 251)]' "$FOLDER/all")" true
}

@test "an entry embeds 64 KiB of content, exactly, and looks the same in a delta" {
    restart_postbox --max-content-bytes 40000
    as bob GET "$API"
    cursor=$(header X-Cursor)
    text=$(printf '%032768d' 0)
    send alice conv-1 "$text"
    send alice conv-1 "$text"
    as bob GET "$API"
    assert_json '.[0].messages | length == 2'
    cp "$BODY" "$FOLDER/snapshot"
    as bob GET "$API?since=$cursor"
    cmp "$BODY" "$FOLDER/snapshot"
    send alice conv-1 "${text}0"
    as bob GET "$API"
    assert_json '.[0].messages | length == 1'
    as bob GET "$API?messages=0"
    assert_json '.[0].messages == [] and (.[0].lastMessage | length == 32769)'
}
