#!/usr/bin/env bats
# Polling for what changed: since, cursors, 304 and 410.
# bats file_tags=every-store

load helpers

# with_part NUMBER TEXT: the last cursor with another text in this part, by number from 1.
with_part() {
    header X-Cursor | awk -F. -v OFS=. -v part="$1" -v text="$2" '{ $part = text; print }'
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

@test "a caller's own read marker shows in the caller's next poll" {
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
    assert_unchanged "$before"
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
    as bob GET "$API"
    list=$(header X-Cursor)
    as bob GET "$API/conv-1/messages"
    mine=$(header X-Cursor)
    for cursor in '!' 'a.b' 'a.b.c.d' '-1' '1.2' 'x.1.2.3.4' '%20' 'conv-1:' 'conv-1:x' '%00' "$list" "$mine." "$mine.0" "${mine^^}" \
        "$mine.1.1" "$(with_part 2 aaaaaaaaa)" "$(with_part 3 01)" "$(with_part 3 "$(printf '%0400d' 1)")"; do
        as bob GET "$API/conv-1/messages?since=$cursor"
        assert_problem 400 malformed-cursor
        as bob GET "$API/conv-1/messages?before=$cursor"
        assert_problem 400 malformed-cursor
    done
    for cursor in '!' 'a.b' 'a' '-1' '1.2.3' '%20' "$mine" "${list^^}" "$list." "$list.0" "${list}a" "${list%?}"; do
        as bob GET "$API?since=$cursor"
        assert_problem 400 malformed-cursor
    done
}

@test "a cursor of another epoch is 410, and says to fetch without since" {
    send alice conv-1 'one' bob
    for path in "$API" "$API/conv-1/messages"; do
        as bob GET "$path"
        epoch=$(header X-Cursor | cut -d. -f1)
        other=${epoch%?}$([[ $epoch == *2 ]] && echo 3 || echo 2)
        as bob GET "$path?since=$(with_part 1 "$other")"
        assert_problem 410 cursor-expired
        grep -q since "$BODY"
    done
}

@test "a cursor of the form before this one is 410, in the present epoch too" {
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    epoch=$(header X-Cursor | cut -d. -f1)
    for parameter in since before; do
        for cursor in "$epoch.1.0.0" "$epoch.0.0.0" x.1.2.3; do
            as bob GET "$API/conv-1/messages?$parameter=$cursor"
            assert_problem 410 cursor-expired
        done
        for cursor in "$epoch.1" "$epoch.0" x.1; do
            as bob GET "$API?$parameter=$cursor"
            assert_problem 410 cursor-expired
        done
    done
}

@test "a cursor of another conversation is 400, and of another user 410" {
    send alice conv-1 'one' bob
    send alice conv-1 'two'
    send alice conv-2 'another' bob
    send alice conv-2 'and another'
    as bob GET "$API/conv-1/messages"
    mine=$(header X-Cursor)
    as alice GET "$API/conv-1/messages"
    others=$(header X-Cursor)
    as alice GET "$API"
    list=$(header X-Cursor)
    for parameter in since before; do
        as bob GET "$API/conv-2/messages?$parameter=$mine"
        assert_problem 400 malformed-cursor
        as bob GET "$API/conv-2/messages?$parameter=conv-1:1"
        assert_problem 400 malformed-cursor
        as bob GET "$API/conv-1/messages?$parameter=$others"
        assert_problem 410 cursor-expired
        as bob GET "$API?$parameter=$list"
        assert_problem 410 cursor-expired
    done
}

@test "a cursor ahead of the store is 410" {
    send alice conv-1 'one' bob
    for part in 3 4 5; do
        as bob GET "$API/conv-1/messages"
        as bob GET "$API/conv-1/messages?since=$(with_part "$part" 1000)"
        assert_problem 410 cursor-expired
    done
    as bob GET "$API/conv-1/messages"
    as bob GET "$API/conv-1/messages?since=$(header X-Cursor).1"
    assert_problem 410 cursor-expired
    # It reads as some number, which is ahead but for one in many million millions.
    as bob GET "$API"
    as bob GET "$API?since=$(with_part 2 aaaaaaaaaaaaa)"
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
