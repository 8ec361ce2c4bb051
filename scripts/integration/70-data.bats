#!/usr/bin/env bats
# postbox backup, restore and export; databases of earlier and of later versions; replication.

load helpers
load data

# Export ----------------------------------------------------------------------------------

# bats test_tags=every-store
@test "export, import into an empty database, export again: the same bytes, and the same answers" {
    a_history
    succeeds users set carol --name 'Carol'
    start_postbox
    send carol empty 'not empty any more'
    post bob late '{"content": "live", "clientMessageId": "live-1"}'
    mark_read alice late
    stop_postbox
    succeeds erase user carol
    succeeds prune --older-than 1y --conversation pair
    succeeds conversations open --participants alice,dora --id newest
    succeeds export
    cp "$OUT" "$BATS_TEST_TMPDIR/first.jsonl"
    grep -q '"erased":true' "$OUT"
    grep -q '"prunedUpTo":1' "$OUT"
    start_postbox
    for user in alice bob carol; do
        as "$user" GET "$API"
        json . >"$BATS_TEST_TMPDIR/$user.before"
    done
    stop_postbox
    remove_database
    succeeds import "$BATS_TEST_TMPDIR/first.jsonl"
    succeeds export
    cmp "$OUT" "$BATS_TEST_TMPDIR/first.jsonl"
    whole "$DATABASE"
    start_postbox
    for user in alice bob carol; do
        as "$user" GET "$API"
        assert_equal "$(json .)" "$(cat "$BATS_TEST_TMPDIR/$user.before")"
    done
    post bob late '{"content": "live", "clientMessageId": "live-1"}'
    assert_header Idempotency-Replayed true
    send alice pair 'goes on'
    assert_json '.id == "pair:2"'
    stop_postbox
    succeeds import "$BATS_TEST_TMPDIR/first.jsonl"
    grep -q ' 0 messages added' "$OUT"
}

# bats test_tags=every-store
@test "a serving database can be exported" {
    a_history
    start_postbox
    cp "$OUT" "$BATS_TEST_TMPDIR/serving"
    send alice late 'just now'
    succeeds export
    grep -q '"content":"just now"' "$OUT"
    refuses 69 export --database "$BATS_TEST_TMPDIR/none"
}

# bats test_tags=every-store
@test "an export that cannot be written to the end does not look whole" {
    a_history
    local code=0
    "$POSTBOX" export --database "$DATABASE" >/dev/full 2>"$ERR" || code=$?
    assert_equal "$code" 74
    assert_one_line 'postbox: standard output cannot be written: *'
}

# Versions --------------------------------------------------------------------------------

@test "a database of every earlier version serves what is in it" {
    for file in "$BATS_TEST_DIRNAME"/../../Tests/SQLiteStoreTests/Schemas/v*.sql; do
        rm -f "$DATABASE"*
        sqlite3 "$DATABASE" <"$file"
        whole "$DATABASE"
        succeeds export
        cp "$OUT" "$BATS_TEST_TMPDIR/before.jsonl"
        start_postbox
        as bob GET "$API/conv-1/messages"
        assert_contents Hi 'Hi yourself 👋'
        send bob conv-1 'new'
        assert_json '.id == "conv-1:3"'
        stop_postbox
        whole "$DATABASE"
        succeeds export
        assert_equal "$(grep -v '"content":"new"' "$OUT" | sed 's/"activity":[0-9]*,//' | grep -c .)" "$(grep -c . "$BATS_TEST_TMPDIR/before.jsonl")"
    done
}

@test "a backup of an earlier version can be restored" {
    a_history
    sqlite3 "$BACKUP" <"$BATS_TEST_DIRNAME/../../Tests/SQLiteStoreTests/Schemas/v1.sql"
    succeeds restore "$BACKUP" --force
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_contents Hi 'Hi yourself 👋'
}

@test "a database of a later version is refused with a sentence by everything but a backup" {
    a_history
    sqlite3 "$DATABASE" 'PRAGMA user_version = 99'
    before=$(listing "${DATABASE%/*}")
    for command in 'serve --port 0 --identity demo' check export 'erase user alice' 'prune --older-than 1y --all'; do
        # shellcheck disable=SC2086
        refuses 69 $command
        assert_one_line 'postbox: *newer Postbox*'
    done
    succeeds backup "$BACKUP"
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA user_version')" 99
    assert_equal "$(sqlite3 "$BACKUP" 'PRAGMA user_version')" 99
}

# Replication -----------------------------------------------------------------------------

@test "with external checkpoints the server leaves the log to another process, and goes on when that one empties it" {
    a_history
    start_postbox --external-checkpoints
    send_many bob late 1 50
    size=$(stat -c %s "$DATABASE-wal")
    # A server of the usual kind has checkpointed long before this, and starts the log over with the next message.
    sleep 1
    send bob late 'more'
    (($(stat -c %s "$DATABASE-wal") > size)) || fail 'the log was started over'
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA wal_checkpoint(TRUNCATE)' | cut -d '|' -f 1)" 0
    [[ ! -s $DATABASE-wal ]]
    send bob late 'after'
    as alice GET "$API/late/messages?limit=1"
    assert_contents after
    # Litestream keeps tables of its own in the database it copies.
    sqlite3 "$DATABASE" 'CREATE TABLE _litestream_lock (id INTEGER)'
    send bob late 'beside them'
    whole "$DATABASE"
    stop_postbox
    whole "$DATABASE"
    succeeds backup "$BACKUP"
    succeeds restore "$BACKUP" --force
}
