#!/usr/bin/env bats
# Read replicas: older pages from a standby, and the primary's answer wherever the standby does not have it.
# bats file_tags=postgres

load helpers

setup() {
    # Neither the files nor the PostgreSQL of the other tests.
    TEST_STORE=private
    make_postgres_folder
    make_server main
    start_server main
    make_database main chat
    DATABASE=$(address main chat)
    make_standby second main
    # What it is asked is in its log.
    configure_server second "log_statement = 'all'" "log_line_prefix = '%a '"
    start_server second
}

teardown() {
    local code=0
    stop_postboxes || code=1
    stop_everything
    return "$code"
}

# start_with_replica [arguments]: a server that may read from the standby. It has no messages in memory.
start_with_replica() {
    start_postbox --read-replica "$(address second chat)" --admin 127.0.0.1:0 "$@"
    ADMIN=$(sed -n 's,^postbox: metrics on \(http.*\)/metrics$,\1,p' "$OUT")
}

# with_messages: a conversation of 160 messages, which the standby has. A server keeps the newest 50 in memory.
with_messages() {
    start_postbox
    send alice conv-1 1 bob
    send_many alice conv-1 2 160
    stop_postbox
    replayed
}

# metric NAME: a number of the server, with its labels.
metric() {
    curl -s "$ADMIN/metrics" | grep -v '^#' | grep -F "$1 " | sed 's/.* //'
}

# replayed: the standby has all that the primary has.
replayed() {
    local end
    end=$(server_sql main 'SELECT pg_current_wal_lsn()')
    has_it() { [[ $(server_sql second "SELECT pg_last_wal_replay_lsn() >= '$end'") == t ]]; }
    await has_it
}

# page BEFORE: the ten messages before a number.
page() {
    as bob GET "$API/conv-1/messages?limit=10&before=conv-1:$1"
    assert_status 200
}

# comes_from_standby BEFORE: the page does; it is asked until the standby is.
comes_from_standby() {
    local before
    before=$(metric postbox_replica_pages_total)
    read_there() {
        page "$1"
        (($(metric postbox_replica_pages_total) > before))
    }
    await read_there "$1"
}

# contents FIRST LAST: what the last page has to be.
contents() {
    # shellcheck disable=SC2046
    assert_contents $(seq "$1" "$2")
}

# asked: the beginnings of all statements that the standby got from servers of Postbox.
asked() {
    sed -nE 's/^postbox LOG: +(statement|execute [^:]*): +(SELECT [a-z_]+).*/\2/p' "$POSTGRES_FOLDER/second.log" | sort -u
}

@test "older pages come from the standby, with the entity tags of the primary's, and nothing else is asked there" {
    with_messages
    start_with_replica
    assert_equal "$(metric "postbox_replica_up{replica=\"chat at $POSTGRES_FOLDER:$(server_port second)\"}")" 1
    comes_from_standby 31
    contents 21 30
    local fields body cursor api=$API
    fields=$(polling_headers) body=$(cat "$BODY")
    # A server that knows of no replica.
    OUT=$FOLDER/other start_postbox
    page 31
    assert_equal "$(polling_headers)" "$fields"
    assert_equal "$(cat "$BODY")" "$body"
    # What a client does besides.
    API=$api
    as bob GET "$API"
    assert_status 200
    as bob GET "$API?limit=1&before=$(header X-Cursor)"
    assert_status 200
    as bob GET "$API/conv-1/messages?limit=50"
    contents 111 160
    cursor=$(header X-Cursor)
    mark_read bob conv-1
    send alice conv-1 161
    as bob GET "$API/conv-1/messages?limit=500&since=$cursor"
    assert_json '.[-1].content == "161"'
    as carol GET "$API/conv-1/messages?before=conv-1:31"
    assert_status 404
    as bob GET "$API/conv-1"
    assert_status 200
    postbox users set alice --name Alice --database "$DATABASE"
    assert_equal "$EXIT" 0
    assert_equal "$(asked)" $'SELECT current_setting\nSELECT pg_is_in_recovery'
}

@test "while the standby is behind, nothing that was erased is shown and no message is missing" {
    with_messages
    start_with_replica
    comes_from_standby 31
    server_sql second 'SELECT pg_wal_replay_pause()' >/dev/null
    postbox erase message conv-1:25 --database "$DATABASE"
    assert_equal "$EXIT" 0
    for _ in {1..20}; do
        page 31
        assert_json '[.[].content] == ["21", "22", "23", "24", "", "26", "27", "28", "29", "30"]'
    done
    (($(metric 'postbox_replica_fallbacks_total{reason="behind"}') > 0))
    grep -q 'a read replica fails, and the primary answers.*reason=behind' "$ERR"
    server_sql second 'SELECT pg_wal_replay_resume()' >/dev/null
    comes_from_standby 31
    assert_json '.[4].content == ""'
    server_sql second 'SELECT pg_wal_replay_pause()' >/dev/null
    send_many alice conv-1 161 220
    stop_postbox
    start_with_replica
    for _ in {1..20}; do
        page 171
        contents 161 170
    done
    # What the standby has already never changes.
    comes_from_standby 51
    contents 41 50
}

@test "when the standby is killed no page fails or is late, and once it is back it is read from again" {
    with_messages
    start_with_replica
    comes_from_standby 31
    freeze_server second
    for _ in {1..5}; do
        page 31
        contents 21 30
    done
    assert_equal "$(metric 'postbox_replica_fallbacks_total{reason="slow"}')" 1
    thaw_server second
    kill_server second
    for _ in {1..50}; do
        page 31
        contents 21 30
    done
    assert_equal "$(metric "postbox_replica_up{replica=\"chat at $POSTGRES_FOLDER:$(server_port second)\"}")" 0
    rm -f "$POSTGRES_FOLDER/second/postmaster.pid"
    start_server second
    comes_from_standby 31
    contents 21 30
    assert_equal "$(grep -c 'a read replica fails' "$ERR")" 1
}

@test "the address of a read replica has to be one of a PostgreSQL, and needs a PostgreSQL" {
    refused() {
        postbox serve --port 0 --identity demo "${@:2}"
        assert_equal "$EXIT" 64
        assert_one_line "postbox: $1"
    }
    refused '*--read-replica needs a PostgreSQL database; a file has no standby*' --database "$FOLDER/x.sqlite" \
        --read-replica postgres://standby/chat
    refused '*--read-replica must be the address of a PostgreSQL, such as*' --database "$DATABASE" --read-replica second
    refused '*the address in --read-replica is not valid*' --database "$DATABASE" --read-replica 'postgres://standby/chat?nothing=1'
    # shellcheck disable=SC2046
    refused '*at most 16 times*' --database "$DATABASE" $(printf -- '--read-replica postgres://standby/chat %.0s' {1..17})
    # A server starts without it, and a variable has several.
    POSTBOX_READ_REPLICA="$(address second chat), postgres://127.0.0.1:1/chat" start_postbox --admin 127.0.0.1:0 --log-level info
    ADMIN=$(sed -n 's,^postbox: metrics on \(http.*\)/metrics$,\1,p' "$OUT")
    assert_equal "$(curl -s "$ADMIN/metrics" | grep -c '^postbox_replica_up{')" 2
    await grep -q "serving.*read_replicas=\"chat at $POSTGRES_FOLDER:$(server_port second), chat at 127.0.0.1:1\"" "$ERR"
}
