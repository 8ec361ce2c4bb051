#!/usr/bin/env bats
# Several servers on one PostgreSQL: fresh at all of them, through the loss of any.
# bats file_tags=postgres

load helpers

AUDIT=$BATS_TEST_DIRNAME/faults/audit.py
HOP=$BATS_TEST_DIRNAME/faults/hop.py
LEDGER=$FOLDER/ledger

setup() {
    # Neither the files nor the PostgreSQL of the other tests.
    TEST_STORE=private
    make_postgres_folder
    make_server main "shared_preload_libraries = 'pg_stat_statements'"
    start_server main
    make_database main chat
    DATABASE=$(address main chat)
    NODES=()
    ORIGINS=()
}

# start_nodes COUNT [arguments]: so many servers, their processes in NODES and their addresses in ORIGINS.
start_nodes() {
    local number
    for ((number = 0; number < $1; number++)); do
        start_node "${@:2}"
    done
}

start_node() {
    OUT=$FOLDER/out.${#NODES[@]}
    start_postbox "$@"
    NODES+=("$SERVER")
    ORIGINS+=("$ORIGIN")
}

# use_node NUMBER: the one that requests go to.
use_node() {
    ORIGIN=${ORIGINS[$1]}
    API=$ORIGIN/api/messages/conversations
}

# start_haproxy: one address in ORIGIN for all nodes; each request goes to the next one.
start_haproxy() {
    local port number
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    {
        printf '%s\n' 'defaults' 'mode http' 'timeout connect 1s' 'timeout client 30s' 'timeout server 30s' 'retries 3' \
            'option redispatch' 'frontend all' "bind 127.0.0.1:$port" 'default_backend nodes' 'backend nodes' 'balance roundrobin' \
            'option httpchk GET /readyz' 'default-server inter 200ms fall 1 rise 1'
        for number in "${!ORIGINS[@]}"; do echo "server n$number ${ORIGINS[$number]#http://} check"; done
    } >"$FOLDER/haproxy.cfg"
    haproxy -f "$FOLDER/haproxy.cfg" >"$FOLDER/haproxy.log" 2>&1 3>&- &
    HAPROXY=$!
    ORIGIN=http://127.0.0.1:$port
    API=$ORIGIN/api/messages/conversations
    answers() { [[ $(curl -s -o "$FOLDER/ready" -w '%{http_code}' "$ORIGIN/readyz") == 200 ]]; }
    await answers
}

teardown() {
    local code=0
    [[ -z ${HAPROXY:-} ]] || kill "$HAPROXY" || true
    [[ -z ${LINK:-} ]] || kill -CONT "$LINK" 2>/dev/null || true
    stop_postboxes || code=1
    [[ -z ${LINK:-} ]] || kill "$LINK" 2>/dev/null || true
    stop_everything
    return "$code"
}

hop() {
    timeout 120 python3 "$HOP" talk "$1" "$LEDGER" "${ORIGINS[@]}" 3>&-
}

verify() {
    python3 "$AUDIT" verify "$ORIGIN" "$LEDGER"
}

@test "what one server has acknowledged, the others answer with, whatever a client brings from elsewhere" {
    start_nodes 3
    hop 10
    verify
    postbox check --database "$DATABASE"
    assert_equal "$EXIT" 0
}

@test "an answer after a wait that brought nothing says what was applied, as one that did not wait does" {
    start_nodes 2
    use_node 0
    send alice conv-1 Hi bob
    as bob GET "$API"
    tag=$(header ETag)
    cursor=$(header X-Cursor)
    as bob GET "$API" --header 'Prefer: wait=1' --header "If-None-Match: $tag"
    assert_status 304
    assert_header Preference-Applied wait=1
    as bob GET "$API?since=$cursor" --header 'Prefer: wait=1'
    assert_status 200
    assert_header Preference-Applied wait=1
}

@test "of thousands of answers that another server gives at once after a send, none is from before it" {
    start_nodes 3
    timeout 300 python3 "$HOP" at-once "${HOPS:-3000}" "${ORIGINS[@]}" 3>&-
}

@test "postbox nodes lists the servers, and a server says at its start how many others there are" {
    start_nodes 2 --log-level info
    await grep -q 'other_nodes=1' "$ERR"
    use_node 0
    send alice conv-1 Hi bob
    as bob GET "$API"
    sleep 1
    postbox nodes --database "$DATABASE"
    assert_equal "$EXIT" 0
    assert_equal "$(wc -l <"$OUT")" 3
    assert_equal "$(grep -c " $("$POSTBOX" --version) " "$OUT")" 2
    grep -q "process ${NODES[1]} on " "$OUT"
    postbox nodes --database "$FOLDER/data/postbox.sqlite"
    assert_equal "$EXIT" 64
}

@test "the metrics say how many servers there are, and how they look at the feed" {
    start_nodes 1
    start_node --admin 127.0.0.1:0
    local admin
    admin=$(sed -n 's,^postbox: metrics on \(http.*\)/metrics$,\1,p' "$OUT")
    metric() { curl -s "$admin/metrics" | sed -n "s/^$1 //p"; }
    use_node 1
    as bob GET "$API"
    looks() { [[ $(metric postbox_feed_looks_total) -gt 1 ]]; }
    await looks
    assert_equal "$(metric postbox_nodes)" 2
    assert_equal "$(metric postbox_node_alone)" 0
    assert_equal "$(metric postbox_feed_restarts_total)" 1
    [[ -n $(metric postbox_feed_look_age_seconds) && -n $(metric postbox_feed_rows_total) ]]
}

@test "a server that starts beside two busy ones answers from memory soon" {
    local start time tag sending
    start_nodes 2
    use_node 0
    send alice conv-0 Hi bob
    hop 8 &
    sending=$!
    sleep 2
    start=$EPOCHREALTIME
    start_node
    use_node 2
    as bob GET "$API/conv-0/messages"
    assert_contents Hi
    tag=$(header ETag)
    as bob GET "$API/conv-0/messages" --header "If-None-Match: $tag"
    assert_status 304
    time=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    echo "# $time ms from its start to its first answer from memory"
    wait "$sending"
    ((time < 2000)) || fail "it took $time ms"
}

@test "behind a proxy, kill -9 of a server loses nothing that was acknowledged" {
    start_nodes 3
    start_haproxy
    # A proxy may say itself that a connection broke.
    (
        sleep 3
        kill -KILL "${NODES[1]}"
    ) 3>&- &
    hop 10
    use_node 0
    verify
    postbox check --database "$DATABASE"
    assert_equal "$EXIT" 0
    # Its row goes after some ten seconds.
    gone() { [[ $(server_sql main 'SELECT count(*) FROM postbox.nodes' chat) == 2 ]]; }
    PATIENCE=20 await gone
    wait "${NODES[1]}" || true
    SERVERS=("${NODES[0]}" "${NODES[2]}")
}

@test "when PostgreSQL is stopped and started, all servers go on and nothing acknowledged is lost" {
    start_nodes 3
    (
        sleep 3
        stop_server main immediate
        sleep 2
        start_server main
    ) 3>&- &
    hop 14
    use_node 1
    await is_fine
    verify
}

is_fine() {
    request GET "$ORIGIN/readyz"
    [[ $CODE == 200 ]]
}

# start_link: a proxy between PostgreSQL and the servers that are started from then on; it can be stopped.
start_link() {
    local folder=$POSTGRES_FOLDER/link socket
    mkdir -p "$folder"
    DATABASE=${DATABASE/host=$POSTGRES_FOLDER/host=$folder}
    socket=.s.PGSQL.$(server_port main)
    printf '%s\n' 'defaults' 'mode tcp' 'timeout connect 5s' 'timeout client 1h' 'timeout server 1h' 'listen link' \
        "bind unix@$folder/$socket mode 777" "server main unix@$POSTGRES_FOLDER/$socket" >"$FOLDER/link.cfg"
    haproxy -f "$FOLDER/link.cfg" >"$FOLDER/link.log" 2>&1 3>&- &
    LINK=$!
    await test -S "$folder/$socket"
}

@test "a server whose link to PostgreSQL hangs answers no poll from memory after D, and 503 after a second" {
    start_nodes 1
    start_link
    start_node
    use_node 0
    send alice conv-1 Hi bob
    use_node 1
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
    local tag
    tag=$(header ETag)
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    assert_status 304
    # All of its connections hang.
    kill -STOP "$LINK"
    use_node 0
    send alice conv-1 Again
    use_node 1
    local start=$EPOCHREALTIME
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    local time=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    assert_status 503
    assert_header Retry-After '*'
    ((time >= 900 && time < 3000)) || fail "it took $time ms"
    kill -CONT "$LINK"
    again() {
        as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
        [[ $CODE == 200 && $(json '.[-1].content') == Again ]]
    }
    await again
}

@test "a server that was stopped for long and goes on shows nothing old" {
    start_nodes 2
    use_node 0
    send alice conv-1 Hi bob
    use_node 1
    as bob GET "$API/conv-1/messages"
    local tag
    tag=$(header ETag)
    kill -STOP "${NODES[1]}"
    gone() { [[ $(server_sql main 'SELECT count(*) FROM postbox.nodes' chat) == 1 ]]; }
    PATIENCE=20 await gone
    use_node 0
    send alice conv-1 Again
    kill -CONT "${NODES[1]}"
    use_node 1
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    [[ $CODE == 503 || $(json '.[-1].content') == Again ]] || fail "$(answer)"
    again() {
        as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
        [[ $CODE == 200 && $(json '.[-1].content') == Again ]]
    }
    await again
    sends() {
        post bob conv-1 '{"content": "back", "clientMessageId": "back"}'
        [[ $CODE == 201 ]]
    }
    await sends
    use_node 0
    as alice GET "$API/conv-1/messages"
    assert_contents Hi Again back
}

@test "idle polls at any server run no statement but the looks" {
    server_sql main 'CREATE EXTENSION pg_stat_statements' chat
    start_nodes 3
    local node tag n
    use_node 0
    send alice conv-1 Hi bob
    for node in 0 1 2; do
        use_node "$node"
        as bob GET "$API/conv-1/messages"
        tag=$(header ETag)
        as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
        assert_status 304
    done
    server_sql main 'SELECT pg_stat_statements_reset()' chat >/dev/null
    for n in {1..20}; do
        for node in 0 1 2; do
            use_node "$node"
            as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
            assert_status 304
        done
    done
    local others
    others=$(server_sql main "SELECT query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
        WHERE d.datname = 'chat' AND s.toplevel
            AND query !~ 'postbox.look\\(|postbox.renew_node|postbox.trim_feed|pg_stat_statements'" chat)
    assert_equal "$others" ''
}

@test "commands that change something work beside the servers, which show it at once" {
    start_nodes 2
    use_node 0
    send alice conv-1 Hi bob
    for node in 0 1; do
        use_node "$node"
        as bob GET "$API"
        assert_json '.[0].name == "alice"'
    done
    postbox users set alice --name Alice --database "$DATABASE"
    assert_equal "$EXIT" 0
    for node in 0 1; do
        use_node "$node"
        as bob GET "$API"
        assert_json '.[0].name == "Alice"'
    done
    postbox erase user alice --database "$DATABASE"
    assert_equal "$EXIT" 0
    for node in 0 1; do
        use_node "$node"
        as bob GET "$API/conv-1/messages"
        assert_json '.[0].content == ""'
    done
    sends() {
        post bob conv-1 '{"content": "after", "clientMessageId": "after"}'
        [[ $CODE == 201 ]]
    }
    await sends
}

@test "a pruning that is killed in its middle shows at all servers, which go on, and the next one completes it" {
    load data
    many 20000
    start_nodes 2
    "$POSTBOX" prune --older-than 1y --all --database "$DATABASE" >"$FOLDER/prune.out" 2>&1 3>&- &
    pruning=$!
    pruned() { server_sql main 'SELECT pruned_up_to FROM postbox.conversations' chat; }
    begun() { (($(pruned) > 0)); }
    await begun
    kill -KILL "$pruning"
    wait "$pruning" || true
    shows() {
        as bob GET "$API/c/messages"
        [[ $(header X-Pruned-Up-To) == "$(pruned)" ]]
    }
    for node in 0 1; do
        use_node "$node"
        send alice c "sent at $node"
        await shows
    done
    (($(pruned) < 20000)) || fail 'it was over before it was killed'
    whole "$DATABASE"
    postbox prune --older-than 1y --all --database "$DATABASE"
    assert_equal "$EXIT" 0
    for node in 0 1; do
        use_node "$node"
        await shows
        assert_header X-Pruned-Up-To 20000
        assert_json 'map(.content) == ["sent at 0", "sent at 1"]'
    done
    whole "$DATABASE"
}

@test "of two servers with --retain, one at a time removes what is too old, and both say so" {
    load data
    many 3000
    start_nodes 2 --admin 127.0.0.1:0 --retain 1y --retain-hours 0-24
    metric() {
        local admin
        admin=$(sed -n 's|^postbox: metrics on \(http:.*\)$|\1|p' "$FOLDER/out.$1")
        curl --silent --fail "$admin" | awk -v name="$2" '$1 == name { print $2 }'
    }
    caught_up() {
        local number
        for number in 0 1; do
            awk -v lag="$(metric "$number" postbox_retention_lag_seconds)" 'BEGIN { exit !(lag < 86400) }' || return
        done
    }
    # The second one tries again after twenty seconds.
    PATIENCE=90 await caught_up
    removed=$(($(metric 0 postbox_retention_removed_messages_total) + $(metric 1 postbox_retention_removed_messages_total)))
    assert_equal "$removed" 3000
    assert_equal "$(server_sql main 'SELECT count(*) FROM postbox.duties' chat)" 0
    for node in 0 1; do
        use_node "$node"
        as bob GET "$API/c/messages"
        assert_header X-Pruned-Up-To 3000
    done
}
