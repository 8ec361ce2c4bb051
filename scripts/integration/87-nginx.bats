#!/usr/bin/env bats
# Behind nginx, with the configuration that comes with the program; only the addresses in it are replaced.

load helpers
load nginx

setup() {
    :
}

# behind_nginx jwt|gateway [sed arguments]: what is asked from here on goes to nginx. It listens on sockets in the file system, which
# nobody else has.
behind_nginx() {
    start_nginx "${@:2}"
    ORIGIN=http://postbox.test
    API=$ORIGIN/api/messages/conversations
    VIA=(--unix-socket "$NGINX_FOLDER/$1")
}

with_token() {
    local token
    token=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" "{\"sub\": \"$1\", \"exp\": \"+600\"}")
    request "${@:2}" "${VIA[@]}" --header "Authorization: Bearer $token"
}

start_with_tokens() {
    printf '%s' 0123456789abcdef0123456789abcdef >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret" "$@"
    behind_nginx jwt
}

# start_below_prefix TARGET: where nginx takes /chat off, and proxy_pass says TARGET.
start_below_prefix() {
    printf '%s' 0123456789abcdef0123456789abcdef >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret"
    behind_nginx jwt -e 's#location /api/messages/#location /chat/api/messages/#' -e "s#proxy_pass http://postbox;#proxy_pass $1;#"
    API=$ORIGIN/chat/api/messages/conversations
}

start_with_sessions() {
    python3 "$BATS_TEST_DIRNAME/session_app.py" >"$FOLDER/sessions" 3>&- &
    SERVERS+=("$!")
    await test -s "$FOLDER/sessions"
    SESSIONS=$(cat "$FOLDER/sessions")
    start_postbox --identity gateway
    behind_nginx gateway
}

with_session() {
    request "${@:2}" "${VIA[@]}" --cookie "user=$1"
}

@test "polls by entity tag are answered 304, also for a compressed answer, whose tag a proxy may have made weak" {
    start_with_tokens
    with_token alice POST "$API/@bob/messages" --data 'Hi' --header 'Content-Type: text/plain'
    assert_status 201
    with_token bob GET "$API"
    assert_status 200
    tag=$(header ETag)
    with_token bob GET "$API" --header "If-None-Match: $tag"
    assert_status 304
    assert_header ETag "$tag"
    assert_header X-Cursor '?*'
    with_token bob GET "$API/@alice/messages?limit=100" --compressed
    assert_contents Hi
    with_token alice POST "$API/@bob/messages" --data "$(printf '%2000s' x)" --header 'Content-Type: text/plain'
    with_token bob GET "$API" --compressed
    assert_header Content-Encoding gzip
    assert_json 'length == 1'
    with_token bob GET "$API" --compressed --header "If-None-Match: W/$(header ETag)"
    assert_status 304
}

@test "nobody becomes somebody else by a field, and the answers without a token are Postbox's own" {
    start_with_tokens
    with_token alice POST "$API/@bob/messages" --data 'Hi' --header 'Content-Type: text/plain' --header 'X-User-ID: mallory'
    assert_status 201
    assert_json '.senderId == "alice"'
    request GET "$API" "${VIA[@]}" --header 'X-User-ID: alice'
    assert_problem 401 unauthenticated
}

@test "the name of a request goes through, both ways, also with a 304" {
    start_with_tokens
    with_token bob GET "$API" --header 'X-Request-Id: abc-123'
    assert_header X-Request-Id abc-123
    with_token bob GET "$API" --header 'X-Request-Id: abc-124' --header "If-None-Match: $(header ETag)"
    assert_status 304
    assert_header X-Request-Id abc-124
}

@test "polls share the connections between nginx and Postbox" {
    start_with_tokens
    for n in {1..20}; do with_token bob GET "$API"; done
    assert_status 200
    open=$(ss -Htn state established "( sport = :$PORT )" | wc -l)
    ((open >= 1 && open <= 2)) || fail "$open connections"
}

@test "large answers and messages pass without a file on the way, and what is too large is refused in Postbox's words" {
    start_with_tokens --max-content-bytes 200000
    head -c 150000 /dev/urandom | base64 --wrap 0 >"$FOLDER/content"
    for n in 1 2; do
        with_token alice POST "$API/@bob/messages" --data-binary "@$FOLDER/content" --header 'Content-Type: text/plain'
        assert_status 201
    done
    with_token bob GET "$API/@alice/messages"
    assert_json '[.[].content | length] == [200000, 200000]'
    json -j '.[0].content' | cmp - "$FOLDER/content"
    assert_lacks 'buffered to a temporary file' "$FOLDER/nginx/error.log"
    head -c 3000000 /dev/zero | tr '\0' x >"$FOLDER/content"
    with_token alice POST "$API/@bob/messages" --data-binary "@$FOLDER/content" --header 'Content-Type: text/plain' --header 'Expect:'
    assert_status 413
    assert_header Content-Type 'application/problem+json*'
}

@test "with sessions, who is asking is what the application says, and nothing else" {
    start_with_sessions
    with_session alice POST "$API/@bob/messages" --data 'Hi' --header 'Content-Type: text/plain' \
        --header 'X-User-ID: mallory' --header 'X-Tenant-ID: elsewhere' --header 'X-User-Name: Mallory'
    assert_status 201
    assert_json '.senderId == "alice"'
    with_session bob GET "$API"
    assert_json '.[0].name == "alice" and .[0].lastMessage == "Hi"'
    with_session bob GET "$API" --header "If-None-Match: $(header ETag)"
    assert_status 304
    request GET "$API" "${VIA[@]}" --header 'X-User-ID: alice'
    assert_status 401
    request GET "$API" "${VIA[@]}" --header 'X-User-ID: alice' --user alice:anything
    assert_status 401
    with_session bob GET "$API" --user alice:anything
    assert_json '.[0].name == "alice"'
}

@test "with sessions, the site's own page can write, and another site's cannot" {
    start_with_sessions
    for try in "201 $ORIGIN" "201 ${ORIGIN/http/https}" '403 https://evil.example' '403 null'; do
        with_session alice POST "$API/@bob/messages" --data 'Hi' --header 'Content-Type: text/plain' --header "Origin: ${try#* }"
        assert_status "${try%% *}"
    done
    with_session alice POST "$API/@bob/messages" --data 'Hi' --header 'Content-Type: text/plain' --header 'Sec-Fetch-Site: cross-site'
    assert_problem 403 cross-site
}

@test "cookies that are for the application take no memory from a request to Postbox" {
    start_with_sessions
    request GET "$API" "${VIA[@]}" --header "Cookie: user=bob; consent=$(printf '%7000s' '' | tr ' ' x)"
    assert_status 200
}

@test "with tokens, cookies take no memory from a request to Postbox" {
    start_with_tokens
    with_token bob GET "$API" --header "Cookie: consent=$(printf '%7000s' '' | tr ' ' x)"
    assert_status 200
}

# follows_links CONVERSATION: pages back and polls on by the links of each answer, in the list and in a conversation of three messages.
follows_links() {
    for n in 1 2 3; do
        with_token alice POST "$API/$1/messages" --json "{\"content\": \"$n\", \"receiverId\": \"bob\"}"
        assert_status 201
    done
    for url in "$API/$1/messages?limit=2" "$API/$1/messages/?limit=2"; do
        with_token bob GET "$url"
        assert_contents 2 3
        [[ $(link next) == "${url%\?*}?since="*'&limit=2' ]] || fail "$(link next)"
        next=$(link next)
        with_token bob GET "$(link prev)"
        assert_contents 1
        with_token bob GET "$next"
        assert_contents
        with_token bob GET "$next" --header "If-None-Match: $(header ETag)"
        # The link of the 200 stays.
        assert_status 304
    done
    with_token bob GET "$API?limit=1&messages=1"
    next=$(link next)
    with_token alice POST "$API/$1/messages" --json '{"content": "4"}'
    with_token bob GET "$next"
    assert_json '[.[].messages[].content] == ["4"]'
}

@test "links lead on below a path prefix that nginx takes off, also for an id with a slash in it" {
    start_below_prefix 'http://postbox$without_prefix'
    follows_links conv-1
    follows_links 'jobs%2F1%3F'
    request GET "$ORIGIN/api/messages/conversations" "${VIA[@]}"
    assert_status 404
}

@test "links work where nginx rewrites the path" {
    start_below_prefix http://postbox/api/messages/
    follows_links conv-1
}
