#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# Polls that wait at the server for something new.
# bats file_tags=every-store

load helpers
load nginx

VIA=()

setup() {
    :
}

start_with_message() {
    start_postbox "$@"
    send ann talk Hello bob
    as bob GET "$API/talk/messages"
    TAG=$(header ETag) CURSOR=$(header X-Cursor)
}

# wait_for NAME TARGET [curl arguments]: a poll of bob's that waits, in the background. Its fields, body and figures are in files.
wait_for() {
    local name=$1 target=$2
    shift 2
    curl --silent --show-error --max-time 100 --dump-header "$FOLDER/$name.headers" --output "$FOLDER/$name.body" \
        --write-out '%{http_code} %{time_total}\n' --header 'X-User-ID: bob' --header "Prefer: wait=${WAIT:-30}" \
        "${VIA[@]}" "$@" "$API/$target" >"$FOLDER/$name" 2>"$FOLDER/$name.errors" 3>&- &
    WAITERS+=("$!")
}

# ended NAME STATUS: what waited has been answered.
ended() {
    await test -s "$FOLDER/$1"
    [[ $(cat "$FOLDER/$1") == "$2 "* ]] || fail "$1: $(cat "$FOLDER/$1" "$FOLDER/$1.headers" "$FOLDER/$1.errors")"
}

field() {
    sed -n "s/^$2: \(.*\)\r\$/\1/Ip" "$FOLDER/$1.headers"
}

# How many polls wait.
waiting() {
    curl --silent "$ADMIN/metrics" | sed -n 's/^postbox_waiting_polls \(.*\)/\1/p'
}

await_waiting() {
    await eval "[[ \$(waiting) == $1 ]]"
}

start_watched() {
    start_with_message --admin 127.0.0.1:0 "$@"
    ADMIN=$(sed -n 's#^postbox: metrics on \(.*\)/metrics$#\1#p' "$OUT")
}

@test "a poll that waits is answered within a moment of a send, and the list and the conversation too" {
    start_watched
    as bob GET "$API"
    local list
    list=$(header ETag)
    wait_for messages talk/messages --header "If-None-Match: $TAG"
    wait_for delta "talk/messages?since=$CURSOR"
    wait_for list '' --header "If-None-Match: $list"
    await_waiting 3
    local before after
    before=$(date +%s%N)
    send ann talk News
    for name in messages delta list; do
        ended "$name" 200
        grep -q News "$FOLDER/$name.body" || fail "$(cat "$FOLDER/$name.body")"
        assert_equal "$(field "$name" Preference-Applied) $(field "$name" X-Poll-Interval)" 'wait=30 0'
    done
    after=$(date +%s%N)
    (((after - before) / 1000000 < 2000)) || fail "took $(((after - before) / 1000000)) ms"
    assert_equal "$(jq length "$FOLDER/delta.body")" 1
    await_waiting 0
}

@test "a poll whose time is over is answered 304, with what was applied" {
    start_with_message --longest-wait 1
    wait_for messages talk/messages --header "If-None-Match: $TAG"
    wait_for delta "talk/messages?since=$CURSOR"
    ended messages 304
    ended delta 200
    assert_equal "$(cat "$FOLDER/delta.body")" '[]'
    for name in messages delta; do
        assert_equal "$(field "$name" Preference-Applied) $(field "$name" X-Poll-Interval)" 'wait=1 0'
        read -r _ seconds <"$FOLDER/$name"
        [[ $seconds == 1.* || $seconds == 0.99* || $seconds == 2.* ]] || fail "$name took $seconds s"
    done
    assert_equal "$(field messages ETag)" "$TAG"
}

@test "without a condition, with HEAD, with an older page and with waiting off, a poll is answered at once" {
    start_with_message
    as bob GET "$API/talk/messages" --header 'Prefer: wait=30'
    assert_status 200
    assert_header Preference-Applied wait=30
    assert_header X-Poll-Interval 0
    as bob HEAD "$API/talk/messages" --header 'Prefer: wait=30' --header "If-None-Match: $TAG"
    assert_status 304
    assert_header X-Poll-Interval 10
    as bob GET "$API/talk/messages" --header 'Prefer: wait=soon' --header "If-None-Match: $TAG"
    assert_status 304
    assert_header X-Poll-Interval 10
    restart_postbox --longest-wait 0 --poll-interval 7
    as bob GET "$API/talk/messages" --header 'Prefer: wait=30' --header "If-None-Match: $TAG"
    assert_status 304
    assert_header X-Poll-Interval 7
    [[ -z $(header Preference-Applied) ]] || fail "$(cat "$HEADERS")"
}

@test "what would be applied is on a refusal of a poll too, and on nothing else" {
    start_with_message
    for wrong in talk/messages?since=nonsense no-such/messages 'talk/messages?limit=x'; do
        as bob GET "$API/$wrong" --header 'Prefer: wait=30'
        [[ $CODE == 4* ]] || fail "$CODE"
        assert_header Preference-Applied wait=30
    done
    post bob talk '{}' --header 'Prefer: wait=30'
    assert_status 422
    [[ -z $(header Preference-Applied) ]] || fail "$(cat "$HEADERS")"
}

@test "more polls of a user than may wait are answered at once" {
    start_watched --max-waiting-per-caller 2
    for name in first second; do wait_for "$name" talk/messages --header "If-None-Match: $TAG"; done
    await_waiting 2
    wait_for third talk/messages --header "If-None-Match: $TAG"
    ended third 304
    [[ $(field third X-Poll-Interval) == [1-9]* ]] || fail "$(cat "$FOLDER/third.headers")"
    send ann talk News
    for name in first second; do ended "$name" 200; done
}

@test "a client that goes away while it waits gives its place back" {
    start_watched --max-waiting-per-caller 1
    wait_for gone talk/messages --header "If-None-Match: $TAG"
    await_waiting 1
    kill "${WAITERS[-1]}"
    await_waiting 0
    wait_for second talk/messages --header "If-None-Match: $TAG"
    await_waiting 1
    send ann talk News
    ended second 200
}

@test "a poll that memory has no place for is sent away, and counted as evicted, not as changed" {
    start_watched --index-capacity 1
    send ann other Hello bob
    wait_for messages talk/messages --header "If-None-Match: $TAG"
    await_waiting 1
    for _ in {1..50}; do
        [[ ! -s $FOLDER/messages ]] || break
        as bob GET "$API/other/messages"
        await eval '[[ $(waiting) == 1 || -s $FOLDER/messages ]]'
    done
    ended messages 304
    [[ $(field messages X-Poll-Interval) =~ ^([1-9]|10)$ ]] || fail "$(cat "$FOLDER/messages.headers")"
    ends=$(curl --silent "$ADMIN/metrics" | sed -n 's/^postbox_waits_total{end="\(.*\)"} /\1 /p' | tr '\n' ' ')
    assert_equal "$ends" 'changed 0 timeout 0 evicted 1 gone 0 stopping 0 '
}

@test "a client that closes its sending side behind its poll is answered" {
    start_watched
    python3 - "$PORT" "$TAG" <<'END'
import random, socket, sys, time
poll = ("GET /api/messages/conversations/talk/messages HTTP/1.1\r\nHost: localhost\r\nX-User-ID: bob\r\n"
        f"Prefer: wait=30\r\nIf-None-Match: {sys.argv[2]}\r\n\r\n").encode()
for number in range(200):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as client:
        client.sendall(poll)
        if number % 2: time.sleep(random.uniform(0, 0.001))
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while part := client.recv(4096): answer += part
        assert answer.startswith(b"HTTP/1.1 304 ") and answer.endswith(b"\r\n\r\n"), (number, answer)
END
    await_waiting 0
}

@test "a stop answers all who wait at once, and they come back to the next server" {
    start_watched
    for name in 1 2 3 4 5; do wait_for "$name" talk/messages --header "If-None-Match: $TAG"; done
    await_waiting 5
    restart_postbox
    for name in 1 2 3 4 5; do
        ended "$name" 304
        [[ $(field "$name" X-Poll-Interval) =~ ^([1-9]|10)$ ]] || fail "$(cat "$FOLDER/$name.headers")"
    done
    as bob GET "$API/talk/messages" --header "If-None-Match: $TAG"
    assert_status 304
}

@test "a wait passes through nginx, with the configuration that comes with the program" {
    start_watched --identity gateway --trusted-proxy 127.0.0.0/8
    start_nginx -e 's/proxy_set_header X-User-ID "";//'
    VIA=(--unix-socket "$NGINX_FOLDER/jwt")
    wait_through
}

@test "a wait passes through HAProxy" {
    start_watched --identity gateway --trusted-proxy 127.0.0.0/8
    cat >"$FOLDER/haproxy.cfg" <<END
defaults
    mode http
    timeout connect 5s
    timeout client 75s
    timeout server 75s
frontend here
    bind unix@$FOLDER/haproxy.socket
    default_backend postbox
backend postbox
    server postbox 127.0.0.1:$PORT
END
    PATH=$PATH:/usr/sbin haproxy -db -f "$FOLDER/haproxy.cfg" >"$FOLDER/haproxy.log" 2>&1 3>&- &
    proxy=$!
    await test -S "$FOLDER/haproxy.socket"
    VIA=(--unix-socket "$FOLDER/haproxy.socket")
    wait_through
    # It ends with the signal's own code.
    kill -TERM "$proxy"
    wait "$proxy" || true
}

# Through a proxy, one wait ends by a message and one by its time.
wait_through() {
    WAIT=1 wait_for over talk/messages --header "If-None-Match: $TAG"
    wait_for messages talk/messages --header "If-None-Match: $TAG"
    await_waiting 2
    ended over 304
    assert_equal "$(field over Preference-Applied) $(field over X-Poll-Interval)" 'wait=1 0'
    send ann talk News
    ended messages 200
    grep -q News "$FOLDER/messages.body" || fail "$(cat "$FOLDER/messages.body")"
}
