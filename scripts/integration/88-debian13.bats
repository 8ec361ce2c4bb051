#!/usr/bin/env bats
# The program as it is, in a Debian 13: the contract and hostile heads with libmicrohttpd 1.0.

load helpers

SYSTEM=$BATS_FILE_TMPDIR/system

setup_file() {
    mkdir "$SYSTEM"
    tar -xf "${XDG_CACHE_HOME:-$HOME/.cache}/postbox/trixie.tar" -C "$SYSTEM" --exclude=./dev
    mkdir -p "$SYSTEM/dev" "$SYSTEM$BATS_RUN_TMPDIR"
    cp "$POSTBOX" "$SYSTEM/usr/bin/postbox"
    # The tests' folder is in the same place inside, and the network is shared.
    cat >"$BATS_FILE_TMPDIR/postbox" <<END
#!/bin/sh
mount --bind '$BATS_RUN_TMPDIR' '$SYSTEM$BATS_RUN_TMPDIR' && exec unshare --root='$SYSTEM' --mount-proc postbox "\$@"
END
    cat >"$BATS_FILE_TMPDIR/inside" <<END
#!/bin/sh
exec unshare --mount '$BATS_FILE_TMPDIR/postbox' "\$@"
END
    chmod +x "$BATS_FILE_TMPDIR/postbox" "$BATS_FILE_TMPDIR/inside"
}

setup() {
    POSTBOX=$BATS_FILE_TMPDIR/inside
    start_postbox
}

@test "the program finds libmicrohttpd 1.0 in Debian 13" {
    grep -q "$SYSTEM/usr/lib/.*/libmicrohttpd.so" "/proc/$SERVER/maps"
    [[ -e $(find "$SYSTEM/usr/share/doc" -maxdepth 1 -name 'libmicrohttpd12t64') ]]
}

@test "a message is sent, listed, fetched, polled for and marked as read" {
    post alice conv-1 '{"content": "Hello!", "receiverId": "bob"}'
    assert_status 201
    as bob GET "$API"
    assert_status 200
    assert_equal "$(jq -r '.[0] | "\(.id) \(.unread) \(.lastMessage)"' "$BODY")" 'conv-1 1 Hello!'
    tag=$(header ETag)
    as bob GET "$API" --header "If-None-Match: $tag"
    assert_status 304
    as bob GET "$API/conv-1/messages"
    assert_equal "$(jq -r '.[0] | "\(.id) \(.content) \(.read)"' "$BODY")" 'conv-1:1 Hello! false'
    cursor=$(header X-Cursor)
    as bob GET "$API/conv-1/messages?since=$cursor"
    assert_equal "$(cat "$BODY")" '[]'
    post alice conv-1 '{"content": "Again"}'
    as bob GET "$API/conv-1/messages?since=$cursor"
    assert_equal "$(jq -r '.[] | .id' "$BODY")" 'conv-1:2'
    as bob PUT "$API/conv-1/read"
    assert_equal "$(jq -c . "$BODY")" '{"conversationId":"conv-1","readUpTo":"conv-1:2","unread":0}'
    as bob GET "$API" --header "If-None-Match: $tag"
    assert_status 200
    assert_equal "$(jq -r '.[0].unread' "$BODY")" 0
}

@test "a connection is used again, and requests sent in one go are all answered" {
    reused=$(curl --silent --verbose --header 'X-User-ID: alice' "$API" "$API" "$ORIGIN/healthz" 2>&1 | grep -c 'Re-using existing connection')
    assert_equal "$reused" 2
    for _ in 1 2 3; do printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'; done | hostile raw "$PORT" >"$OUT.raw"
    assert_equal "$(cat "$OUT.raw")" '200, 200, 200'
}

@test "whatever comes in, the answer is a documented one and the server goes on" {
    hostile attack "$PORT" >"$BODY.attacks"
    running "$SERVER"
    assert_lacks 'INJECTED|^5[0-9][0-9] [^h]|^500' "$BODY.attacks"
    grep -E '^[^,]*, [^,]*'$'\t' "$BODY.attacks" | grep -v $' html\t' >"$BODY.twice"
    assert_equal "$(cut -f 2 "$BODY.twice" | xargs -d '\n')" 'JSON that opens 513 arrays and ends'
    [[ ! -s $ERR ]] || fail "the log has: $(cat "$ERR")"
}

@test "a head that can be read in two ways is refused, whole, in pieces and behind others" {
    hostile lines "$PORT" >"$BODY.lines"
    assert_equal "$(cat "$BODY.lines")" ''
}

@test "what is stored is answered and what is not answered is not stored, however large the head is" {
    for kind in cookie field; do
        assert_equal "$(hostile sizes "$PORT" "$kind" 4096 6800 293)" '6733 passed'
        hostile sizes "$PORT" "$kind" 6800 9900 7 >"$BODY.sizes"
        [[ $(wc -l <"$BODY.sizes") == 1 ]] || fail "$(cat "$BODY.sizes")"
    done
    for kind in query parameters trailer; do
        hostile sizes "$PORT" "$kind" 6800 10500 19 >"$BODY.sizes"
        [[ $(wc -l <"$BODY.sizes") == 1 ]] || fail "$kind: $(cat "$BODY.sizes")"
    done
}

@test "a client that sends, ends its half, reads and goes leaves nothing behind" {
    send alice c-1 'Hi' bob
    assert_equal "$(hostile leave "$PORT" 100)" 0
}

@test "large bodies without a credential are refused before they take memory" {
    result=$(hostile bodies "$PORT" 500 "$SERVER")
    jq -e '.refused == 500 and .kb < 16384' <<<"$result" || fail "$result"
}
