#!/usr/bin/env bats
# PostgreSQL: what fails there, and several processes on one. Each test has servers of its own, which sync what they write.
# shellcheck disable=SC2030,SC2031
# bats file_tags=postgres

load helpers
load postgres-servers

# The server --------------------------------------------------------------------------------

@test "when PostgreSQL is killed with -9 and started again, nothing acknowledged is lost or stored twice" {
    with_server
    start_postbox
    disturb unreachable 'kill_server main' 'start_server main' --nothing-succeeds --polls-may-fail
    logged 'writes fail .*reason=unreachable'
    logged 'writes succeed again'
    all_there_after_kill
}

@test "when PostgreSQL is restarted, sends go on after it" {
    with_server
    start_postbox
    disturb '' 'stop_server main; start_server main' true --passing --polls-may-fail
    all_there_after_kill
}

@test "where connections are ended in the middle of commits, each message is there once" {
    with_server
    start_postbox
    disturb '' "for _ in {1..60}; do
            server_sql main \"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'postbox'\" >/dev/null
            sleep 0.0\$((RANDOM % 10))
        done" true --passing --polls-may-fail
    all_there_after_kill
}

@test "a PostgreSQL that hangs, as on a slow disk, holds nobody up, and what waited is stored when it goes on" {
    with_server
    start_postbox
    disturb unreachable 'freeze_server main' 'thaw_server main' --nothing-succeeds --polls-may-fail --slow
    all_there_after_kill
}

@test "on a full disk sends are refused, and succeed again once there is room" {
    make_small_disk main 120m
    with_server 'max_wal_size = 64MB' 'min_wal_size = 32MB'
    start_postbox
    disturb disk_full "cat /dev/zero >$POSTGRES_FOLDER/main/filler 2>/dev/null || true" "rm $POSTGRES_FOLDER/main/filler"
    logged 'writes fail .*reason=disk_full'
    all_there_after_kill
}

@test "where the disk of the log is full PostgreSQL ends, and sends succeed once it was started with room" {
    make_small_disk main.wal 100m
    with_server 'max_wal_size = 64MB' 'min_wal_size = 32MB' 'wal_recycle = off'
    start_postbox
    disturb unreachable "cat /dev/zero >$POSTGRES_FOLDER/main.wal/filler 2>/dev/null || true; sleep 3
        server_sql main 'SELECT pg_switch_wal()' || true" \
        "rm $POSTGRES_FOLDER/main.wal/filler
        until server_sql main 'SELECT 1' >/dev/null 2>&1; do start_server main >/dev/null 2>&1 || sleep 0.5; done" --polls-may-fail
    all_there_after_kill
}

@test "where PostgreSQL has no connection left, sends are refused, and the reason is said" {
    with_server
    start_postbox
    disturb too_many_connections "server_sql main 'ALTER ROLE postbox CONNECTION LIMIT 0'
        server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postbox'\"" \
        "server_sql main 'ALTER ROLE postbox CONNECTION LIMIT -1'" --nothing-succeeds --polls-may-fail
    # The log has the first reason: a write that was under way was cut off.
    logged 'reason=(too_many_connections|unreachable)'
    stop_postbox
    server_sql main 'ALTER ROLE postbox CONNECTION LIMIT 0'
    refused 69 '*no connection left*' serve --port 0 --identity demo --database "$DATABASE"
}

@test "while somebody else holds the lock of all writes, sends are refused within seconds" {
    with_server
    start_postbox
    disturb locked "PGAPPNAME=holder server_sql main 'BEGIN; SELECT pg_advisory_xact_lock(5794, 1); SELECT pg_sleep(600)' chat >/dev/null 2>&1 & sleep 0.5" \
        "server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'\" >/dev/null" \
        --nothing-succeeds --slow
    logged 'reason=locked'
    all_there_after_kill
}

@test "where PostgreSQL becomes read-only, sends are refused and polls go on" {
    with_server
    start_postbox
    disturb read_only "server_sql main 'ALTER DATABASE chat SET default_transaction_read_only = on'
        server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postbox'\"" \
        "server_sql main 'ALTER DATABASE chat RESET default_transaction_read_only'
        server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postbox'\"" \
        --nothing-succeeds --polls-may-fail
    all_there_after_kill
}

@test "when a table is gone it is not ready, and says so" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    server_sql main 'DROP TABLE postbox.messages' chat
    post alice conv-1 '{"content": "lost"}'
    assert_problem 503 store-unavailable
    await is_unready damaged
    assert_lacks "$POSTGRES_FOLDER" "$BODY"
}

# Several processes -------------------------------------------------------------------------

@test "a second process serves too, and commands work beside both" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
    cp "$OUT" "$FOLDER/serving"
    mv "$ERR" "$FOLDER/log"
    for command in 'users set alice --name Alice' 'conversations open --participants alice,carol' 'import /dev/null' \
        'prune --older-than 1y --all' check export new-life 'erase user alice'; do
        # shellcheck disable=SC2086
        postbox $command --database "$DATABASE"
        [[ $EXIT == 0 ]] || fail "$command ended with $EXIT: $(cat "$ERR")"
    done
    sends() {
        post bob conv-1 '{"content": "Still here", "clientMessageId": "still"}'
        [[ $CODE == 201 ]]
    }
    await sends
}

@test "after kill -9 the next process has the database within seconds" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    stop_postbox KILL
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "a process that the others take to be gone stores nothing before it has joined again" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    # As a process that was stopped for long.
    server_sql main 'DELETE FROM postbox.nodes' chat
    post alice conv-1 '{"content": "late", "clientMessageId": "late"}'
    [[ $CODE == 503 || $CODE == 201 ]] || fail "$(answer)"
    sends() {
        post alice conv-1 '{"content": "late", "clientMessageId": "late"}'
        [[ $CODE == 201 ]]
    }
    await sends
    as bob GET "$API/conv-1/messages"
    assert_contents Hi late
}

# There and back ----------------------------------------------------------------------------

@test "from SQLite to PostgreSQL and back by export and import: the same bytes, and the same answers" {
    load data
    prepare_database
    a_history
    succeeds erase user carol --tenant t/2
    succeeds prune --older-than 1y --conversation pair
    succeeds export
    mv "$OUT" "$FOLDER/first.jsonl"
    start_postbox
    as bob GET "$API"
    json . >"$FOLDER/list"
    stop_postbox
    with_server
    succeeds import "$FOLDER/first.jsonl"
    succeeds export
    cmp "$OUT" "$FOLDER/first.jsonl"
    succeeds check
    start_postbox
    as bob GET "$API"
    assert_equal "$(json .)" "$(cat "$FOLDER/list")"
    post alice late '{"content": "secret-one", "clientMessageId": "k-1"}'
    assert_header Idempotency-Replayed true
    stop_postbox
    DATABASE=$FOLDER/data/back.sqlite succeeds import "$FOLDER/first.jsonl"
    DATABASE=$FOLDER/data/back.sqlite succeeds export
    cmp "$OUT" "$FOLDER/first.jsonl"
    DATABASE=$FOLDER/data/back.sqlite succeeds check
}

@test "backup and restore name the tools of PostgreSQL, and new-life what files have instead" {
    refused 64 '*pg_dump*pg_basebackup*new-life*' backup "$FOLDER/backup" --database postgres://nowhere/chat
    refused 64 '*pg_restore*new-life*' restore "$FOLDER/backup" --database postgres://nowhere/chat
    refused 64 '*postbox restore*' new-life --database "$FOLDER/postbox.sqlite"
    refused 64 '*--external-checkpoints*' serve --port 0 --identity demo --database postgres://nowhere/chat --external-checkpoints
    [[ ! -e $FOLDER/postbox.sqlite ]]
}

@test "a dump that is restored serves what it has, and after new-life cursors from before are sent away" {
    with_server
    start_postbox
    send alice conv-1 'one' bob
    pg_dump --format=custom --file "$FOLDER/dump" --dbname "$DATABASE"
    send alice conv-1 'after the dump'
    as bob GET "$API/conv-1/messages"
    next=$(link next) tag=$(header ETag)
    stop_postbox
    pg_restore --clean --exit-on-error --dbname "$DATABASE" "$FOLDER/dump"
    new_life() {
        postbox new-life --database "$DATABASE"
        ((EXIT == 0))
    }
    # The row of the server that ran beside the dump is in it.
    PATIENCE=15 await new_life
    postbox check --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox --port "$PORT"
    as bob GET "$next"
    assert_problem 410 cursor-expired
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    assert_contents one
    send alice conv-1 'again'
    assert_json '.id == "conv-1:2"'
}
