#!/usr/bin/env bats
# How many bytes go over the wire.
# bats file_tags=every-store

load helpers

APP=https://app.example.org
SECRET=$FOLDER/secret

setup() {
    printf 'a secret of at least thirty-two bytes, for tests' >"$SECRET"
}

# An idle poll as it went out: the head of the 304, and how many bytes that is.
idle() {
    request GET "$@" --compressed
    assert_status 200
    request GET "$@" --compressed --header "If-None-Match: $(header ETag)"
    assert_status 304
    [[ ! -s $BODY ]]
    SIZE=$(wc -c <"$HEADERS")
}

# names: the header fields of the last answer, sorted.
names() {
    tr -d '\r' <"$HEADERS" | sed -n 's/^\([A-Za-z-]*\): .*/\1/p' | sort | tr '\n' ' '
}

@test "a 304 has at most 250 bytes, and 350 for a page of another origin" {
    local same='Cache-Control Content-Length Date ETag Vary X-Cursor X-Poll-Interval '
    local other="Access-Control-Allow-Credentials Access-Control-Allow-Origin $same"
    start_postbox --identity gateway
    send_many alice @bob 1 150
    stop_postbox
    start_postbox --identity jwt --jwt-secret-file "$SECRET" --cors-origin "$APP"
    token=$("$POSTBOX" token --jwt-secret-file "$SECRET" --user bob)
    request PUT "$API/@alice/read" --header "Authorization: Bearer $token"
    for path in '' /@alice /@alice/messages '?messages=0' /bob; do
        idle "$API$path" --header "Authorization: Bearer $token"
        ((SIZE <= 250)) || fail "$SIZE bytes:" "$(answer)"
        assert_equal "$(names)" "$same"
        idle "$API$path" --header "Authorization: Bearer $token" --header "Origin: $APP"
        ((SIZE <= 350)) || fail "$SIZE bytes:" "$(answer)"
        assert_equal "$(names)" "$other"
        echo "# $path: $SIZE" >&2
    done
}

# Twenty conversations of Bob's, with twenty messages each.
history() {
    local talk n
    echo '{"kind":"user","id":"bob","name":"Bob","company":"Acme"}'
    for talk in {1..20}; do
        echo "{\"kind\":\"conversation\",\"id\":\"application-$talk\",\"participantIds\":[\"bob\",\"user-$talk\"]}"
        for n in {1..20}; do
            echo "{\"kind\":\"message\",\"conversationId\":\"application-$talk\",\"senderId\":\"user-$talk\"," \
                "\"content\":\"$(printf '%s' "$talk $n" | sha256sum | cut -c 1-40) and what people write besides\"," \
                "\"timestamp\":\"2024-12-01T10:$((n + 10)):00.000Z\"}"
        done
    done
}

@test "what a client accepts compressed is the same when it is decompressed, at every path" {
    history >"$FOLDER/history"
    prepare_database
    postbox import "$FOLDER/history" --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox
    for url in "$API" "$API?limit=5" "$API/application-1" "$API/application-1/messages" "$ORIGIN/openapi.yaml" "$ORIGIN/openapi.json" "$ORIGIN/"; do
        as bob GET "$url"
        assert_status 200
        assert_header Content-Encoding ''
        cp "$BODY" "$FOLDER/plain"
        tag=$(header ETag)
        as bob GET "$url" --compressed
        assert_header Content-Encoding gzip
        cmp "$BODY" "$FOLDER/plain"
        assert_header Vary '*Accept-Encoding*'
        [[ $(header ETag) != "$tag" ]]
        tag=$(header ETag) length=$(header Content-Length)
        ((length < $(wc -c <"$BODY") / 2)) || fail "$length of $(wc -c <"$BODY") bytes"
        as bob HEAD "$url" --header 'Accept-Encoding: gzip'
        assert_header Content-Length "$length"
        assert_header ETag "$tag"
        assert_header Content-Encoding gzip
        as bob GET "$url" --compressed --header "If-None-Match: $tag"
        assert_status 304
        assert_header ETag "$tag"
        assert_header Content-Encoding ''
        as bob GET "$url" --header "If-None-Match: $tag"
        assert_status 200
        echo "# $url: $length of $(wc -c <"$BODY")" >&2
    done
    restart_postbox --no-compression
    as bob GET "$API" --compressed
    assert_header Content-Encoding ''
    assert_header Vary 'X-User-ID, Origin'
}
