#!/usr/bin/env bats
# Polling for what changed: since, cursors, 304 and 410.

load helpers

epoch() {
    header X-Cursor | cut -d. -f1
}

@test "two people talk, each only by polling" {
    send dana chat 'Hello Lee' lee
    as lee GET "$API/chat/messages"
    assert_contents Hello Lee
    lee_next=$(link next)
    as dana GET "$API/chat/messages"
    dana_next=$(link next)

    mark_read lee chat
    send lee chat 'Hello Dana'
    as dana GET "$dana_next"
    assert_json 'map([.id, .content, .read]) == [["chat:1", "Hello Lee", true], ["chat:2", "Hello Dana", false]]'
    dana_next=$(link next)

    mark_read dana chat
    send dana chat 'How are you?'
    as lee GET "$lee_next"
    assert_json 'map([.id, .read]) == [["chat:1", true], ["chat:2", true], ["chat:3", false]]'
    lee_next=$(link next)

    as lee GET "$lee_next"
    assert_json '. == []'
    as lee GET "$lee_next" --header "If-None-Match: $(header ETag)"
    assert_status 304
    send dana chat 'Still there?'
    as lee GET "$lee_next"
    assert_contents Still 'there?'
}

@test "since= gives new messages only, and a cursor that covers them" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    cursor=$(header X-Cursor)
    send alice conv-1 'two'
    send alice conv-1 'three'
    as bob GET "$API/conv-1/messages?since=$cursor"
    assert_contents two three
    as bob GET "$API/conv-1/messages?since=$(header X-Cursor)"
    assert_contents
}

@test "since= also gives the messages whose read flag flipped" {
    send alice conv-1 'one' bob
    send alice conv-1 'two'
    send bob conv-1 'three'
    as alice GET "$API/conv-1/messages"
    next=$(link next)
    as bob PUT "$API/conv-1/read" --header 'Content-Type: application/json' --data-raw '{"upTo": "conv-1:1"}'
    as alice GET "$next"
    assert_json 'map([.id, .read]) == [["conv-1:1", true]]'
    next=$(link next)
    mark_read bob conv-1
    as alice GET "$next"
    assert_json 'map([.id, .read]) == [["conv-1:2", true]]'
}

@test "one's own mark shows in one's own next poll" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    next=$(link next)
    mark_read bob conv-1
    as bob GET "$next"
    assert_json 'map([.id, .read]) == [["conv-1:1", true]]'
}

@test "a number or a message id will do as a cursor" {
    send alice conv-1 'one' bob
    send_many alice conv-1 2 4
    as bob GET "$API/conv-1/messages?since=2"
    assert_contents 3 4
    as bob GET "$API/conv-1/messages?since=conv-1:3"
    assert_contents 4
    as bob GET "$API/conv-1/messages?since=0"
    assert_contents one 2 3 4
}

@test "following since with limit=3 goes through everything, in order, once" {
    send alice conv-1 1 bob
    send_many alice conv-1 2 20
    next="$API/conv-1/messages?since=0&limit=3"
    seen=''
    for _ in {1..30}; do
        as bob GET "$next"
        assert_status 200
        assert_json 'length <= 3'
        [[ $(json length) != 0 ]] || break
        seen+=" $(json '[.[].content] | join(" ")')"
        next=$(link next)
        [[ $next == *limit=3* ]]
    done
    assert_equal "$seen" " $(seq -s' ' 20)"
}

@test "flips and new messages together, with small limits, merge to what a fresh snapshot says" {
    send alice conv-1 1 bob
    send_many alice conv-1 2 10
    send_many bob conv-1 11 15
    as alice GET "$API/conv-1/messages"
    cp "$BODY" "$BODY.merged"
    next="$(link next)&limit=2"
    mark_read bob conv-1
    send_many bob conv-1 16 18
    mark_read alice conv-1
    for _ in {1..30}; do
        as alice GET "$next"
        assert_status 200
        [[ $(json length) != 0 ]] || break
        jq -s '(.[0] + .[1]) | reduce .[] as $m ({}; .[$m.id] = $m) | [.[]] | sort_by(.id | split(":")[1] | tonumber)' \
            "$BODY.merged" "$BODY" >"$BODY.next"
        mv "$BODY.next" "$BODY.merged"
        next="$API/conv-1/messages?since=$(header X-Cursor)&limit=2"
    done
    as alice GET "$API/conv-1/messages"
    assert_json '. == $merged[0]' --slurpfile merged "$BODY.merged"
}

@test "nothing new is 200 and empty without If-None-Match, and 304 with it" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    next=$(link next)
    as bob GET "$next"
    assert_status 200
    assert_equal "$(cat "$BODY")" '[]'
    before=$(polling_headers)
    as bob GET "$next" --header "If-None-Match: $(header ETag)"
    assert_status 304
    assert_equal "$(polling_headers)" "$before"
}

@test "the ETag of an empty poll never hides a later message" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    next=$(link next)
    as bob GET "$next"
    etag=$(header ETag)
    send alice conv-1 'two'
    as bob GET "$next" --header "If-None-Match: $etag"
    assert_contents two
    [[ $(header ETag) != "$etag" ]]
}

@test "a sender sees the own message at once" {
    send alice conv-1 'one' bob
    for number in {2..20}; do
        as alice GET "$API/conv-1/messages"
        next=$(link next)
        send alice conv-1 "$number"
        as alice GET "$next"
        assert_contents "$number"
    done
}

@test "a malformed cursor is 400" {
    send alice conv-1 'one' bob
    for cursor in '!' 'a.b' 'a.b.c.d' '-1' '1.2' 'x.1.2.3.4' '%20' 'conv-1:' 'conv-1:x' '%00'; do
        as bob GET "$API/conv-1/messages?since=$cursor"
        assert_problem 400 malformed-cursor
        as bob GET "$API/conv-1/messages?before=$cursor"
        assert_problem 400 malformed-cursor
    done
    for cursor in '!' 'a.b' 'a' '-1' '1.2.3' '%20'; do
        as bob GET "$API?since=$cursor"
        assert_problem 400 malformed-cursor
    done
}

@test "a cursor of another epoch is 410, and says to fetch without since" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    epoch=$(epoch)
    other=${epoch%?}$([[ $epoch == *2 ]] && echo 3 || echo 2)
    as bob GET "$API/conv-1/messages?since=$other.1.0.0"
    assert_problem 410 cursor-expired
    grep -q since "$BODY"
    as bob GET "$API?since=$other.1"
    assert_problem 410 cursor-expired
}

@test "a cursor ahead of the store is 410" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    as bob GET "$API/conv-1/messages?since=$(epoch).1000.0.0"
    assert_problem 410 cursor-expired
    as bob GET "$API"
    as bob GET "$API?since=$(epoch).1000000"
    assert_problem 410 cursor-expired
}

@test "since and before exclude each other" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages?since=0&before=1"
    assert_problem 400 malformed-request
}

@test "ETags and cursors survive a restart" {
    send alice conv-1 'one' bob
    send bob conv-1 'two'
    mark_read bob conv-1
    as alice GET "$API"
    list_etag=$(header ETag) list_cursor=$(header X-Cursor)
    as alice GET "$API/conv-1/messages"
    etag=$(header ETag) cursor=$(header X-Cursor)
    restart_postbox
    as alice GET "$API" --header "If-None-Match: $list_etag"
    assert_status 304
    as alice GET "$API/conv-1/messages" --header "If-None-Match: $etag"
    assert_status 304
    send bob conv-1 'three'
    as alice GET "$API/conv-1/messages?since=$cursor"
    assert_contents three
    as alice GET "$API?since=$list_cursor"
    assert_json 'map(.id) == ["conv-1"]'
}
