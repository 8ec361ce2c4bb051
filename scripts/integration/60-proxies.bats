#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# The blocks of the guides about proxies: nginx, HAProxy and the development server of Angular.

load helpers
load readme

@test "behind nginx: page and API on one origin, tokens pass, and an ETag that nginx weakened still brings a 304" {
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret"
    # Where nginx compresses all the same.
    serve_behind_nginx '' -e '/auth_request \/session;/d' -e '/gzip off;/d'
    bearer=(--header "Authorization: Bearer $(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" '{"sub": "ann", "exp": "+60"}')")
    request GET http://site/ "${SITE[@]}"
    assert_status 200
    assert_equal "$(cat "$BODY")" 'the page'
    request POST http://site/api/messages/conversations/@bea/messages "${SITE[@]}" "${bearer[@]}" --data-raw 'through nginx' \
        --header 'Content-Type: text/plain'
    assert_status 201
    request GET http://site/api/messages/conversations "${SITE[@]}" "${bearer[@]}" --compressed
    assert_status 200
    assert_json '.[0].lastMessage == "through nginx"'
    assert_header ETag 'W/"*'
    [[ $(header X-Request-Id) =~ ^[0-9a-f]{32}$ ]] || fail "$(cat "$HEADERS")"
    request GET http://site/api/messages/conversations "${SITE[@]}" "${bearer[@]}" --compressed --header "If-None-Match: $(header ETag)"
    assert_status 304
    request GET http://site/api/messages/conversations "${SITE[@]}"
    assert_problem 401 unauthenticated
    request GET http://site/ws "${SITE[@]}"
    assert_problem 404 polling-only
    request GET http://site/api/messages/conversations/%40a%2Fb/messages "${SITE[@]}" "${bearer[@]}"
    assert_problem 404 conversation-not-found
}

@test "behind nginx, with gateway identity: who somebody claims to be does not matter, only who nginx found them to be" {
    start_postbox --identity gateway
    serve_with_sessions
    for claimed in ann bea; do
        request POST http://site/api/messages/conversations/@cem/messages "${SITE[@]}" --cookie user=ann --user "$claimed:one" \
            --header "X-User-ID: $claimed" --header 'X-Tenant-ID: other' --header 'Content-Type: text/plain' --data-raw 'Hello!'
        assert_status 201
        assert_json '.senderId == "ann"'
        request GET http://site/api/messages/conversations "${SITE[@]}" --user "$claimed:" --header "X-User-ID: $claimed"
        assert_status 401
    done
    request GET http://site/api/messages/conversations "${SITE[@]}" --cookie user=cem
    assert_status 200
    assert_json '.[0].name == "ann"'
}

@test "behind nginx, with gateway identity: the site's own page can write, and another site's cannot" {
    start_postbox --identity gateway
    serve_with_sessions
    for try in '201 http://site' '201 https://site' '403 https://evil.example' '403 null'; do
        request POST http://site/api/messages/conversations/@cem/messages "${SITE[@]}" --cookie user=ann --header "Origin: ${try#* }" \
            --header 'Content-Type: text/plain' --data-raw 'Hello!'
        assert_status "${try%% *}"
    done
}

@test "behind nginx: cookies that are for the application take no memory from a request to Postbox" {
    start_postbox --identity gateway
    serve_with_sessions
    request GET http://site/api/messages/conversations "${SITE[@]}" --header "Cookie: user=ann; consent=$(printf '%7000s' '' | tr ' ' x)"
    assert_status 200
}

@test "beside Angular's development server: its rules pass on the endpoints, and nothing else" {
    start_postbox
    block angular >proxy.conf.json
    in_background python3 "$BATS_TEST_DIRNAME/readme.py" development-server proxy.conf.json >"$FOLDER/site" 2>"$FOLDER/errors"
    server=${SERVERS[-1]}
    await test -s "$FOLDER/site"
    API=$(cat "$FOLDER/site")/api/messages/conversations
    send alice conv-1 'through the proxy' bob
    as bob GET "$API"
    assert_json '.[0].lastMessage == "through the proxy"'
    as bob GET "$API" --header "If-None-Match: $(header ETag)"
    assert_status 304
    as bob GET "$API/conv-1/messages?since=0"
    assert_contents 'through the proxy'
    mark_read bob conv-1
    request GET "$(cat "$FOLDER/site")/ws"
    assert_problem 404 polling-only
    for path in / /messages /assets/logo.svg /api/jobs; do
        request GET "$(cat "$FOLDER/site")$path"
        assert_equal "$(cat "$BODY")" 'the page'
    done
    ends_by_signal "$server"
}

@test "behind HAProxy with the example, polls are answered though a server is away" {
    start_postbox
    {
        printf '%s\n' defaults '    mode http' '    timeout connect 2s' '    timeout client 10s' '    timeout server 10s' \
            'frontend all' "    bind unix@$PWD/haproxy.socket" '    default_backend postbox'
        block haproxy | sed "s|10.0.0.1:8080|127.0.0.1:$PORT|; s|10.0.0.2:8080|127.0.0.1:1|"
    } >haproxy.cfg
    PATH=$PATH:/usr/sbin haproxy -db -f haproxy.cfg >haproxy.log 2>&1 3>&- &
    local proxy=$!
    await test -S haproxy.socket
    for ((poll = 0; poll < 20; poll++)); do
        curl --silent --show-error --fail --output /dev/null --unix-socket haproxy.socket --header 'X-User-ID: lee' \
            http://localhost/api/messages/conversations
    done
    kill -TERM "$proxy"
    wait "$proxy" || true
}
