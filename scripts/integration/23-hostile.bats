#!/usr/bin/env bats
# Requests that no ordinary client makes. Each gets a documented problem, or what the library says by itself.
# bats file_tags=every-store

load helpers

# What the library answers before anybody is asked, and so in HTML or not at all.
by_the_library() {
    grep -E $'^(400, 400|413, 413|400|413|414|431|505) html\t|^closed\t' "$1" | cut -f 2
}

@test "whatever comes in, the answer is a documented one and the server goes on" {
    send alice conv-1 'Hi' bob
    hostile attack "$PORT" >"$BODY.attacks"
    cat "$BODY.attacks"
    running "$SERVER"
    assert_lacks 'INJECTED|^5[0-9][0-9] [^h]|^500' "$BODY.attacks"
    as alice GET "$API"
    assert_status 200
    # Every smuggled request would have been a message, or an answer of its own.
    grep -E '^[^,]*, [^,]*'$'\t' "$BODY.attacks" | grep -v $' html\t' >"$BODY.twice"
    assert_equal "$(cut -f 2 "$BODY.twice" | xargs -d '\n')" 'JSON that opens 513 arrays and ends'
    [[ ! -s $ERR ]] || fail "the log has: $(cat "$ERR")"
}

@test "what could be read in two ways is refused, and ends the connection" {
    hostile attack "$PORT" >"$BODY.attacks"
    for name in 'two Content-Length that differ' 'two Content-Length that agree' 'Content-Length with chunked' \
        'chunked with Content-Length' 'Content-Length with a blank before the colon' "Transfer-Encoding: 'xchunked'" \
        "Transfer-Encoding: 'gzip, chunked'" 'Transfer-Encoding twice' 'two Host' 'two X-User-ID'; do
        grep -qxF "400 malformed-request"$'\t'"$name" "$BODY.attacks" || fail "$name:" "$(grep -F "$name" "$BODY.attacks")"
    done
}

@test "what the library answers by itself is what is documented, and no more" {
    hostile attack "$PORT" >"$BODY.attacks"
    allowed='Content-Length|a chunk of size|a NUL in a field name|a field without a colon|no version|^version|HTTP/2 preface|a TLS hello|a target of 100 KB|a field of 100 KB|10,000 fields'
    by_the_library "$BODY.attacks" | grep -vE "$allowed" >"$BODY.unexpected" || true
    assert_equal "$(cat "$BODY.unexpected")" ''
}

@test "a head that can be read in two ways is refused, whole, in pieces and behind others" {
    hostile lines "$PORT" >"$BODY.lines"
    assert_equal "$(cat "$BODY.lines")" ''
}

@test "what is stored is answered and what is not answered is not stored, however large the head is" {
    for kind in cookie field; do
        # At least so much passes beside a token of 1 KB.
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

@test "ids with line breaks, U+0000, slashes and overlong UTF-8 reach no header and no other conversation" {
    send alice etc 'Hi' bob
    for id in '%0d%0aX-Evil:%201' 'etc%00' '..%2Fetc' '%2e%2e%2Fetc' '%C0%AE%C0%AE%C0%AFetc' 'etc%0a' 'x/../etc' '%252e%252e%252fetc' 'etc%20'; do
        for call in "GET $API/$id/messages" "PUT $API/$id/read" "HEAD $API/@$id/messages"; do
            # shellcheck disable=SC2086
            as alice $call
            [[ $CODE == 400 || $CODE == 404 ]] || fail "$call:" "$(answer)"
            assert_lacks '^[Xx]-[Ee]vil' "$HEADERS"
        done
    done
}

@test "a header without end is refused once it is too large" {
    result=$(hostile endless "$PORT" header 5)
    [[ $result == 431*$'\t'* ]] || fail "$result"
    ((${result#*$'\t'} < 16 << 20)) || fail "$result"
}

@test "a body without end is cut off, and costs no memory" {
    before=$(awk '/VmRSS/ { print $2 }' "/proc/$SERVER/status")
    result=$(hostile endless "$PORT" body 10)
    ((${result#*$'\t'} < 64 << 20)) || fail "$result"
    after=$(awk '/VmRSS/ { print $2 }' "/proc/$SERVER/status")
    ((after < before + 20000)) || fail "from $before kB to $after kB"
    request GET "$ORIGIN/healthz"
    assert_status 200
}

@test "JSON and tokens that are deep, and end where they are deepest, stop nobody" {
    printf '[%.0s' {1..513} >"$FOLDER/deep"
    as alice POST "$API/conv-1/messages" --header 'Content-Type: application/json' --data-binary "@$FOLDER/deep"
    assert_problem 400 malformed-request
    printf 'a shared secret of thirty-two bytes or more' >"$FOLDER/secret"
    restart_postbox --identity jwt --jwt-secret-file "$FOLDER/secret"
    deep=$(base64 -w 0 <"$FOLDER/deep" | tr -d = | tr '+/' '-_')
    for token in "$deep.e30.AA" "$deep..AA" "eyJhbGciOiJIUzI1NiJ9.$deep.AA"; do
        request GET "$API" --header "Authorization: Bearer $token"
        assert_problem 401 unauthenticated
    done
    request GET "$ORIGIN/healthz"
    assert_status 200
}

@test "a library whose way with heads is not known is refused at the start, by name" {
    for version in 0.9.74 1.1.0 2.0; do
        printf 'const char *MHD_get_version(void) { return "%s"; }' "$version" >"$FOLDER/version.c"
        gcc -shared -fPIC -o "$FOLDER/version.so" "$FOLDER/version.c"
        EXIT=0
        LD_PRELOAD=$FOLDER/version.so timeout 20 "$POSTBOX" serve --identity demo --port 0 --database "$(database_named other)" \
            >"$OUT" 2>"$ERR" || EXIT=$?
        ((EXIT != 0 && EXIT != 124)) || fail "exit code $EXIT"
        assert_one_line "postbox: libmicrohttpd $version is none *"
        : >"$ERR"
    done
}

@test "five thousand connections, half of them idle and half dripping, do not keep anybody from polling" {
    (($(ulimit -Hn) >= 6000)) || skip 'the limit of descriptors is too low'
    result=$(hostile crowd "$PORT" 5000 "$SERVER" 5)
    echo "$result"
    # About 11 kB each; a sanitizer makes it several times that.
    jq -e '.worst < 2 and .polls > 50 and .kb_each < 150' <<<"$result"
    running "$SERVER"
}
