#!/usr/bin/env bats
# Backups, and what is restored from them.

load helpers
load data

# Backup ----------------------------------------------------------------------------------

@test "a backup of a serving database has everything acknowledged before it, and is one whole file" {
    many 3000
    start_postbox
    send_many bob c 1 50
    # Somebody goes on sending while it is made.
    (n=0; while ((n++ < 400)); do send bob c "later $n"; done) 3>&- 2>/dev/null &
    sender=$!
    cp "$OUT" "$BATS_TEST_TMPDIR/serving"
    succeeds backup "$BACKUP"
    grep -q '^postbox: 100 % copied' "$ERR"
    as alice GET "$API/c/messages?limit=1"
    assert_status 200
    kill "$sender"
    wait "$sender" || true
    assert_equal "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'backup*' -printf '%f\n')" backup.sqlite
    whole "$BACKUP"
    # Looking at it leaves nothing beside it: it needs no log.
    assert_equal "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'backup*' -printf '%f\n')" backup.sqlite
    last=$(sqlite3 "$BACKUP" 'SELECT last_n FROM conversations')
    ((last >= 3050))
    assert_equal "$(sqlite3 "$BACKUP" 'SELECT count(*) || " " || min(n) || " " || max(n) FROM messages')" "$last 1 $last"
    assert_equal "$(sqlite3 "$BACKUP" 'SELECT content FROM messages WHERE n = 3050')" 50
}

@test "a backup replaces an earlier one and nothing else" {
    a_history
    succeeds backup "$BACKUP"
    first=$(sha256sum <"$BACKUP")
    succeeds conversations open --participants bob,carol --id new
    succeeds backup "$BACKUP"
    [[ $(sha256sum <"$BACKUP") != "$first" ]]
    assert_equal "$(sqlite3 "$BACKUP" "SELECT id FROM conversations WHERE id = 'new'")" new
    refuses 69 backup "$DATABASE"
    ln "$DATABASE" "$BATS_TEST_TMPDIR/link"
    refuses 69 backup "$BATS_TEST_TMPDIR/link"
    rm "$BATS_TEST_TMPDIR/link"
    echo 'My notes' >"$BATS_TEST_TMPDIR/notes"
    refuses 69 backup "$BATS_TEST_TMPDIR/notes"
    assert_equal "$(cat "$BATS_TEST_TMPDIR/notes")" 'My notes'
    refuses 69 backup "$BATS_TEST_TMPDIR"
    refuses 69 backup "$BATS_TEST_TMPDIR/none/backup.sqlite"
    refuses 64 backup
    assert_equal "$(find "$BATS_TEST_TMPDIR" -name '*.partial')" ''
}

@test "backup and restore neither replace a pipe or device nor wait for it" {
    a_history
    succeeds backup "$BACKUP"
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    cp --archive /dev/null "$BATS_TEST_TMPDIR/device" 2>/dev/null || rm -f "$BATS_TEST_TMPDIR/device"
    for place in pipe device; do
        [[ -e $BATS_TEST_TMPDIR/$place ]] || continue # Only root can make devices.
        kind=$(stat --format %F "$BATS_TEST_TMPDIR/$place")
        refuses 69 backup "$BATS_TEST_TMPDIR/$place"
        refuses 69 restore "$BACKUP" --force --database "$BATS_TEST_TMPDIR/$place"
        refuses 69 restore "$BATS_TEST_TMPDIR/$place" --force
        for command in 'serve --port 0 --identity demo' check export "backup $BACKUP"; do
            # shellcheck disable=SC2086
            refuses 69 $command --database "$BATS_TEST_TMPDIR/$place"
        done
        assert_equal "$(stat --format %F "$BATS_TEST_TMPDIR/$place")" "$kind"
    done
    assert_equal "$(find "$BATS_TEST_TMPDIR" -name '*.partial' -o -name '*-journal')" ''
}

@test "a database that a server uses is not replaced by a backup of another" {
    a_history
    cp "$DATABASE" "$BATS_TEST_TMPDIR/other.sqlite"
    start_postbox
    postbox backup "$DATABASE" --database "$BATS_TEST_TMPDIR/other.sqlite"
    assert_equal "$EXIT" 69
    [[ $(tail -n 1 "$ERR") == 'postbox: '*'in use'* ]]
    as alice GET "$API"
    assert_status 200
}

@test "a backup does not replace the log of its own database, not even an empty one" {
    start_postbox
    [[ -e $DATABASE-wal ]]
    inode=$(stat --format %i "$DATABASE-wal")
    sqlite3 "$DATABASE" 'PRAGMA wal_checkpoint(TRUNCATE)' >"$BATS_TEST_TMPDIR/checkpoint"
    [[ ! -s $DATABASE-wal ]]
    refuses 69 backup "$DATABASE-wal"
    assert_equal "$(stat --format %i "$DATABASE-wal")" "$inode"
}

@test "a backup that is stopped leaves the earlier one and no half; one that is killed is no hindrance to the next" {
    a_history
    succeeds backup "$BACKUP"
    first=$(sha256sum <"$BACKUP")
    many 12000
    for signal in INT TERM KILL; do
        env --default-signal=INT "$POSTBOX" backup "$BACKUP" --database "$DATABASE" >"$OUT" 2>"$ERR" 3>&- &
        await test -s "$BACKUP.partial"
        kill "-$signal" "$!"
        local code=0
        wait "$!" || code=$?
        ((code == 130 || code == 137)) || fail "ended with $code: $(cat "$ERR")"
        assert_equal "$(sha256sum <"$BACKUP")" "$first"
        [[ $signal == KILL ]] || [[ ! -e $BACKUP.partial ]]
    done
    [[ -e $BACKUP.partial ]]
    succeeds backup "$BACKUP"
    [[ ! -e $BACKUP.partial ]]
    whole "$BACKUP"
}

@test "a disk without room for a backup is a sentence, and what was there stays" {
    a_history
    succeeds backup "$BACKUP"
    first=$(sha256sum <"$BACKUP")
    many 3000
    # 1 MiB, in the shell's blocks of 1,024 bytes.
    local code=0
    (trap '' XFSZ; ulimit -f 1024; exec "$POSTBOX" backup "$BACKUP" --database "$DATABASE") >"$OUT" 2>"$ERR" || code=$?
    assert_equal "$code" 69
    assert_one_line "postbox: The file $BACKUP cannot be written: *"
    assert_equal "$(sha256sum <"$BACKUP")" "$first"
    [[ ! -e $BACKUP.partial ]]
}

# Restore ---------------------------------------------------------------------------------

cursor_key() {
    sqlite3 "$1" "SELECT hex(value) FROM store WHERE key = 'cursor_key' AND length(value) = 16" | grep .
}

@test "a restored database serves what the backup has, and sends everybody's cursors away" {
    a_history
    start_postbox
    as bob GET "$API/late/messages"
    tag=$(header ETag)
    next=$(link next)
    as bob GET "$API"
    list=$(link next)
    cursor=$(header X-Cursor)
    key=$(cursor_key "$DATABASE")
    succeeds backup "$BACKUP"
    assert_equal "$(cursor_key "$BACKUP")" "$key"
    send bob late 'after the backup'
    stop_postbox
    refuses 69 restore "$BACKUP"
    assert_one_line 'postbox: *--force*'
    succeeds restore "$BACKUP" --force
    start_postbox
    assert_equal "$(cursor_key "$DATABASE")" "$key"
    as bob GET "$API/late/messages" --header "If-None-Match: $tag"
    assert_status 200
    assert_json 'map(.content) == ["secret-one", "reply", "secret-two", "secret-two"]'
    # The same position is another text in each epoch.
    as bob GET "$API"
    [[ $(header X-Cursor) != *".${cursor#*.}" ]] || fail "$(header X-Cursor)"
    for url in "$next" "$list"; do
        as bob GET "$ORIGIN/${url#http://*/}"
        assert_problem 410 cursor-expired
    done
    send bob late 'again'
    assert_json '.id == "late:5"'
}

@test "a database that a server uses is not restored over, not even with --force" {
    a_history
    succeeds backup "$BACKUP"
    start_postbox
    refuses 69 restore "$BACKUP" --force
    assert_one_line 'postbox: *in use by another running Postbox*'
    as alice GET "$API"
    assert_status 200
    kill_postbox
    succeeds restore "$BACKUP" --force
}

@test "what a crash left in the log is not mixed into the restored database" {
    a_history
    succeeds backup "$BACKUP"
    start_postbox
    send_many bob late 1 30
    kill_postbox
    [[ -s $DATABASE-wal ]]
    succeeds restore "$BACKUP" --force
    assert_equal "$(listing "${DATABASE%/*}" | awk '{ print $NF }')" $'.\n./postbox.sqlite'
    whole "$DATABASE"
    assert_equal "$(sqlite3 "$DATABASE" "SELECT last_n FROM conversations WHERE id = 'late'")" 4
}

@test "a backup goes where there is no database yet, and not where it came from" {
    a_history
    succeeds backup "$BACKUP"
    postbox restore "$BACKUP" --database "$BATS_TEST_TMPDIR/elsewhere.sqlite"
    assert_equal "$EXIT" 0
    whole "$BATS_TEST_TMPDIR/elsewhere.sqlite"
    postbox restore "$BACKUP" --force --database "$BACKUP"
    assert_equal "$EXIT" 69
}

@test "a restore that is killed leaves the database as it was, and is no hindrance to the next" {
    a_history
    before=$(sqlite3 "$DATABASE" .dump | sha256sum)
    cp "$DATABASE" "$BATS_TEST_TMPDIR/before.sqlite"
    many 12000
    succeeds backup "$BACKUP"
    cp "$BATS_TEST_TMPDIR/before.sqlite" "$DATABASE"
    "$POSTBOX" restore "$BACKUP" --force --database "$DATABASE" >"$OUT" 2>"$ERR" 3>&- &
    await test -s "$DATABASE.partial"
    kill -KILL "$!"
    wait "$!" || true
    assert_equal "$(sqlite3 "$DATABASE" .dump | sha256sum)" "$before"
    succeeds restore "$BACKUP" --force
    whole "$DATABASE"
    assert_equal "$(sqlite3 "$DATABASE" "SELECT last_n FROM conversations WHERE id = 'c'")" 12000
    [[ ! -e $DATABASE.partial ]]
}

@test "a link to a database or a backup stays one" {
    a_history
    mkdir "$BATS_TEST_TMPDIR/real"
    ln -s "$BATS_TEST_TMPDIR/real/backup.sqlite" "$BACKUP"
    touch "$BATS_TEST_TMPDIR/real/backup.sqlite"
    succeeds backup "$BACKUP"
    [[ -L $BACKUP ]]
    mv "$DATABASE" "$BATS_TEST_TMPDIR/real/postbox.sqlite"
    ln -s "$BATS_TEST_TMPDIR/real/postbox.sqlite" "$DATABASE"
    succeeds restore "$BACKUP" --force
    [[ -L $DATABASE ]]
    start_postbox
    as alice GET "$API/late/messages"
    assert_contents secret-one reply secret-two secret-two
}

@test "what is damaged, foreign, newer or not there is not restored, and nothing is replaced" {
    a_history
    succeeds backup "$BACKUP"
    sqlite3 "$BACKUP" 'DELETE FROM messages WHERE n = 2'
    before=$(listing "${DATABASE%/*}")
    refuses 65 restore "$BACKUP" --force
    [[ $(tail -n 1 "$ERR") == *message-numbers* ]]
    sqlite3 "$BACKUP" 'PRAGMA user_version = 99'
    refuses 69 restore "$BACKUP" --force
    [[ $(tail -n 1 "$ERR") == *newer* ]]
    sqlite3 "$BATS_TEST_TMPDIR/foreign.sqlite" 'CREATE TABLE t (a)'
    refuses 69 restore "$BATS_TEST_TMPDIR/foreign.sqlite" --force
    refuses 69 restore "$BATS_TEST_TMPDIR/history.jsonl" --force
    refuses 69 restore "$BATS_TEST_TMPDIR/none" --force
    assert_equal "$(listing "${DATABASE%/*}")" "$before"
    rm "$DATABASE"
    refuses 69 restore "$BACKUP"
    assert_equal "$(listing "${DATABASE%/*}")" .
}

@test "a database that is no longer one can be restored over" {
    a_history
    succeeds backup "$BACKUP"
    printf 'garbage' | dd of="$DATABASE" conv=notrunc status=none
    succeeds restore "$BACKUP" --force
    whole "$DATABASE"
}
