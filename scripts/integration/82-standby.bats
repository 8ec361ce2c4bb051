#!/usr/bin/env bats
# PostgreSQL with a standby: what is acknowledged, and failovers.
# shellcheck disable=SC2030,SC2031
# bats file_tags=postgres

load helpers
load postgres-servers

@test "replicated, nothing is acknowledged while the standby is away" {
    with_confirmed_standby
    start_postbox --replicated
    disturb no_standby 'stop_server second immediate' 'start_server second' --nothing-succeeds --polls-may-fail
    logged 'writes fail .*reason=no_standby'
    stop_postbox
}

@test "replicated, those who wait are not acknowledged when somebody lets them go without the standby" {
    with_confirmed_standby
    start_postbox --replicated
    send alice conv-1 'one' bob
    freeze_server second
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}' 3>&- &
    waiting=$!
    waits() {
        [[ $(server_sql main "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") -ge 1 ]]
    }
    await waits
    server_sql main "ALTER SYSTEM SET synchronous_standby_names = ''"
    server_sql main 'SELECT pg_reload_conf()' >/dev/null
    wait "$waiting" || true
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
    [[ $CODE == 503 ]] || fail "$(answer)"
    is_unready no_standby
    server_sql main "ALTER SYSTEM SET synchronous_standby_names = 'second'"
    server_sql main 'SELECT pg_reload_conf()' >/dev/null
    thaw_server second
    await is_ready
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
    assert_status 201
    assert_json '.id == "conv-1:2"'
}

@test "replicated, a write whose wait for the standby is cancelled is not acknowledged, whatever the role says of warnings" {
    with_confirmed_standby
    server_sql main "ALTER ROLE postbox SET client_min_messages = 'error'"
    start_postbox --replicated
    send alice conv-1 'one' bob
    freeze_server second
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}' 3>&- &
    waiting=$!
    cancelled() {
        [[ $(server_sql main "SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity
            WHERE wait_event = 'SyncRep' AND query LIKE '%postbox.write%'") == t ]]
    }
    await cancelled
    wait "$waiting" || true
    grep -q store-unavailable "$BODY"
    thaw_server second
    acknowledged() {
        post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
        [[ $CODE == 20[01] ]]
    }
    await acknowledged
    assert_json '.id == "conv-1:2"'
}

@test "a start that waits for a standby or a migration says so, and ends at once when it is stopped" {
    with_confirmed_standby
    freeze_server second
    "$POSTBOX" serve --port 0 --identity demo --database "$DATABASE" --replicated >"$OUT" 2>"$ERR" 3>&- &
    SERVER=$!
    await logged 'the database is not open yet'
    stop_postbox
    assert_equal "$EXIT" 0
    thaw_server second
    start_postbox --replicated
    send alice conv-1 Hi bob
}

@test "replicated, the only server shows nothing old once another one writes to the standby that was promoted" {
    with_confirmed_standby
    DATABASE=$(address main chat)
    start_postbox --replicated
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    former=$API/conv-1/messages tag=$(header ETag)
    # The former primary goes on without its standby, and its server cannot know of the other.
    promote second
    DATABASE=$(address second chat)
    start_postbox
    sends() {
        post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
        [[ $CODE == 201 ]]
    }
    await sends
    as bob GET "$API/conv-1/messages"
    assert_contents one two
    as bob GET "$former" --header "If-None-Match: $tag"
    assert_problem 503 store-unavailable
}

@test "replicated, a server without a standby starts, but is not ready, answers no polls and acknowledges nothing" {
    with_server
    postbox conversations open --participants alice,bob --id conv-1 --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox --replicated
    post alice conv-1 '{"content": "Hi"}'
    assert_problem 503 store-unavailable
    await is_unready no_standby
    as bob GET "$API"
    assert_problem 503 store-unavailable
    stop_postbox
    refused 64 '*--replicated*' serve --port 0 --identity demo --database "$FOLDER/data/postbox.sqlite" --replicated
}

@test "after a failover to a confirmed standby everything acknowledged is there, and cursors from before lead on" {
    with_confirmed_standby
    start_postbox --replicated
    send alice conv-0 'before' bob
    as bob GET "$API"
    cursor=$(header X-Cursor)
    as bob GET "$API/conv-0/messages"
    next=$(link next)
    # The new primary has no standby of its own at first.
    disturb no_standby 'kill_server main
        promote second' "make_standby third second
        server_sql second \"ALTER SYSTEM SET synchronous_standby_names = 'third'\"
        server_sql second 'SELECT pg_reload_conf()' >/dev/null
        start_server third" --polls-may-fail
    for url in "$next" "$ORIGIN/api/messages/conversations?since=$cursor"; do
        as bob GET "$url"
        assert_status 200
    done
}

@test "after a failover clients with cursors and entity tags from before fetch everything again" {
    with_standby
    start_postbox
    send alice conv-1 'Hi' bob
    as bob GET "$API"
    list=$(link next)
    as bob GET "$API/conv-1/messages"
    next=$(link next) tag=$(header ETag)
    arrived() {
        [[ $(server_sql main 'SELECT replay_lsn = pg_current_wal_lsn() FROM pg_stat_replication') == t ]]
    }
    await arrived
    kill_server main
    promote second
    sends() {
        post alice conv-1 '{"content": "after", "clientMessageId": "after"}'
        [[ $CODE == 201 ]]
    }
    await sends
    for url in "$next" "$list"; do
        as bob GET "$url"
        assert_problem 410 cursor-expired
    done
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    assert_contents Hi after
}
