#!/usr/bin/env bats
# postbox backup, restore, export, check, erase and prune; databases of earlier and of later versions.

load helpers

setup() {
    mkdir -p "${DATABASE%/*}"
    BACKUP=$BATS_TEST_TMPDIR/backup.sqlite
}

# keep COMMAND…: one of the commands, on the test's database unless it names another.
keep() {
    [[ " $* " == *' --database '* ]] || set -- "$@" --database "$DATABASE"
    postbox "$@"
}

succeeds() {
    keep "$@"
    [[ $EXIT == 0 ]] || fail "expected success of: $*" "$(cat "$ERR")"
}

refuses() {
    local code=$1
    shift
    keep "$@"
    [[ $EXIT == "$code" ]] || fail "expected exit code $code from: $*" "got $EXIT: $(cat "$OUT" "$ERR")"
    [[ $(tail -n 1 "$ERR") == 'postbox: '?* ]] || fail "expected a sentence, got: $(cat "$ERR")"
}

# A history with all that there is: names, companies, tenants, keys, markers, a group, a direct conversation, equal messages,
# an empty conversation on top, and texts that a careless writer would change.
a_history() {
    cat >"$BATS_TEST_TMPDIR/history.jsonl" <<'END'
{"kind":"user","id":"alice","name":"Alice Archer","company":"Acme"}
{"kind":"user","id":"bob","name":"Bob \"B\" Baker"}
{"kind":"user","id":"nobody"}
{"kind":"user","id":"alice","tenantId":"t/2","name":"","company":"Ünï"}
{"kind":"conversation","id":"late","participantIds":["alice","bob"],"timestamp":"2024-01-01T00:00:00.000Z"}
{"kind":"message","conversationId":"late","senderId":"alice","content":"secret-one","timestamp":"2031-01-01T00:00:00.000Z","clientMessageId":"k-1"}
{"kind":"message","conversationId":"late","senderId":"bob","content":"reply","timestamp":"2031-01-01T00:00:00.001Z"}
{"kind":"message","conversationId":"late","senderId":"alice","content":"secret-two","timestamp":"2031-01-01T00:00:01.000Z"}
{"kind":"message","conversationId":"late","senderId":"alice","content":"secret-two","timestamp":"2031-01-01T00:00:01.000Z"}
{"kind":"read","conversationId":"late","userId":"bob","upTo":"late:2"}
{"kind":"conversation","id":"pair","direct":true,"participantIds":["alice","bob"],"timestamp":"2024-01-01T00:00:00.000Z"}
{"kind":"message","conversationId":"pair","senderId":"bob","content":" \\/\"<é é\u2028\u0001\t👩‍🚀\u007f ","timestamp":"2024-05-01T00:00:00.000Z"}
{"kind":"conversation","id":"group","tenantId":"t/2","participantIds":["alice","bob","carol"],"timestamp":"2024-01-01T00:00:00.000Z"}
{"kind":"message","conversationId":"group","tenantId":"t/2","senderId":"carol","content":"all","timestamp":"0001-01-01T00:00:00.000Z"}
{"kind":"read","conversationId":"group","tenantId":"t/2","userId":"alice"}
END
    succeeds import "$BATS_TEST_TMPDIR/history.jsonl"
    succeeds conversations open --participants alice,carol --id empty
}

# many MESSAGES: of 1,000 bytes each, in one conversation.
many() {
    {
        echo '{"kind":"conversation","id":"c","participantIds":["alice","bob"]}'
        awk -v count="$1" 'BEGIN { text = sprintf("%1000s", "x"); for (n = 1; n <= count; n++)
            printf "{\"kind\":\"message\",\"conversationId\":\"c\",\"senderId\":\"alice\",\"content\":\"%d%s\",\"timestamp\":\"2024-05-01T00:00:00Z\"}\n", n, text }'
    } >"$BATS_TEST_TMPDIR/many.jsonl"
    succeeds import "$BATS_TEST_TMPDIR/many.jsonl"
}

kill_postbox() {
    kill -KILL "$SERVER"
    wait "$SERVER" || true
}

# nowhere TEXT: in none of the database's files.
nowhere() {
    ! grep -rqaF -- "$1" "${DATABASE%/*}" || fail "still on disk: $1" "$(grep -rlaF -- "$1" "${DATABASE%/*}")"
}

whole() {
    postbox check --database "$1"
    [[ $EXIT == 0 ]] || fail "not whole: $(cat "$OUT" "$ERR")"
}

# Backup -----------------------------------------------------------------------------------

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
    echo 'My notes' >"$BATS_TEST_TMPDIR/notes"
    refuses 69 backup "$BATS_TEST_TMPDIR/notes"
    assert_equal "$(cat "$BATS_TEST_TMPDIR/notes")" 'My notes'
    refuses 69 backup "$BATS_TEST_TMPDIR"
    refuses 69 backup "$BATS_TEST_TMPDIR/none/backup.sqlite"
    refuses 64 backup
    assert_equal "$(find "$BATS_TEST_TMPDIR" -name '*.partial')" ''
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

@test "a backup that is stopped leaves the earlier one and no half; one that is killed is no hindrance to the next" {
    a_history
    succeeds backup "$BACKUP"
    first=$(sha256sum <"$BACKUP")
    many 30000
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

# Restore ----------------------------------------------------------------------------------

@test "a restored database serves what the backup has, and sends everybody's cursors away" {
    a_history
    start_postbox
    as bob GET "$API/late/messages"
    tag=$(header ETag)
    next=$(link next)
    as bob GET "$API"
    list=$(link next)
    succeeds backup "$BACKUP"
    send bob late 'after the backup'
    stop_postbox
    refuses 69 restore "$BACKUP"
    assert_one_line 'postbox: *--force*'
    succeeds restore "$BACKUP" --force
    start_postbox
    as bob GET "$API/late/messages" --header "If-None-Match: $tag"
    assert_status 200
    assert_json 'map(.content) == ["secret-one", "reply", "secret-two", "secret-two"]'
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
    many 30000
    succeeds backup "$BACKUP"
    cp "$BATS_TEST_TMPDIR/before.sqlite" "$DATABASE"
    "$POSTBOX" restore "$BACKUP" --force --database "$DATABASE" >"$OUT" 2>"$ERR" 3>&- &
    await test -s "$DATABASE.partial"
    kill -KILL "$!"
    wait "$!" || true
    assert_equal "$(sqlite3 "$DATABASE" .dump | sha256sum)" "$before"
    succeeds restore "$BACKUP" --force
    whole "$DATABASE"
    assert_equal "$(sqlite3 "$DATABASE" "SELECT last_n FROM conversations WHERE id = 'c'")" 30000
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

# Export -----------------------------------------------------------------------------------

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
    mv "$DATABASE" "$BATS_TEST_TMPDIR/old.sqlite"
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

@test "a serving database can be exported" {
    a_history
    start_postbox
    cp "$OUT" "$BATS_TEST_TMPDIR/serving"
    send alice late 'just now'
    succeeds export
    grep -q '"content":"just now"' "$OUT"
    refuses 69 export --database "$BATS_TEST_TMPDIR/none"
}

@test "an export that cannot be written to the end does not look whole" {
    a_history
    local code=0
    "$POSTBOX" export --database "$DATABASE" >/dev/full 2>"$ERR" || code=$?
    assert_equal "$code" 74
    assert_one_line 'postbox: standard output cannot be written: *'
}

# Check ------------------------------------------------------------------------------------

# breaks NAME SQL: after this, the check names that, and the copy is thrown away.
breaks() {
    local copy=$BATS_TEST_TMPDIR/broken.sqlite
    cp "$DATABASE" "$copy"
    sqlite3 "$copy" "PRAGMA ignore_check_constraints = ON; $2"
    postbox check --database "$copy"
    [[ $EXIT == 65 ]] || fail "not noticed: $2"
    grep -q "^$1: ..*" "$OUT" || fail "expected $1 to be named after: $2" "$(cat "$OUT")"
    assert_one_line 'postbox: *damaged*'
    assert_lacks 'secret|Archer' "$OUT" "$ERR"
}

@test "a database that is whole is said to be, while it is served too" {
    a_history
    succeeds check
    assert_equal "$(cat "$OUT")" "postbox: $DATABASE is whole, with 4 conversations and 6 messages"
    start_postbox
    send alice late 'one more'
    cp "$OUT" "$BATS_TEST_TMPDIR/serving"
    succeeds check
    [[ $(cat "$OUT") == *'and 7 messages' ]]
    refuses 69 check --database "$BATS_TEST_TMPDIR/none"
    [[ ! -e $BATS_TEST_TMPDIR/none ]]
    POSTBOX_DATABASE=$DATABASE postbox check
    assert_equal "$EXIT" 0
}

@test "each thing that no longer holds is named" {
    a_history
    late="(SELECT key FROM conversations WHERE id = 'late')"
    breaks file "INSERT INTO conversations VALUES (99, '', '', NULL, NULL, 1, -1, 1, 1, 0)"
    breaks references "DELETE FROM conversations WHERE id = 'late'"
    breaks schema 'DROP INDEX messages_sender'
    breaks schema 'DROP TABLE users'
    breaks schema 'ALTER TABLE users ADD COLUMN x TEXT'
    breaks epoch "DELETE FROM store WHERE key = 'epoch'"
    breaks epoch "UPDATE store SET value = 'No!' WHERE key = 'epoch'"
    breaks change-counter "DELETE FROM store WHERE key = 'change'"
    breaks change-counter "UPDATE store SET value = 1 WHERE key = 'change'"
    breaks ids "INSERT INTO users VALUES ('', CAST(x'6100' AS TEXT), NULL, NULL)"
    breaks ids "UPDATE participants SET user_id = printf('%300s', 'x') WHERE conversation_key = $late AND user_id = 'bob'"
    breaks conversation-ids "PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'UNIQUE (tenant_id, id),', '') WHERE name = 'conversations';
        DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_conversations_1'; PRAGMA writable_schema = RESET;
        UPDATE conversations SET id = 'late' WHERE id = 'pair'"
    breaks direct-pairs "DROP INDEX conversations_direct;
        UPDATE conversations SET direct_low = 'alice', direct_high = 'bob' WHERE id = 'late'"
    breaks direct-participants "UPDATE conversations SET direct_high = 'dora' WHERE id = 'pair'"
    breaks participants "DELETE FROM participants WHERE conversation_key = $late AND user_id = 'bob'"
    breaks participants "UPDATE participants SET tenant_id = 'other' WHERE conversation_key = $late AND user_id = 'bob'"
    breaks read-markers "UPDATE participants SET read_up_to = 5 WHERE conversation_key = $late AND user_id = 'bob'"
    breaks read-markers "UPDATE participants SET read_up_to = -1 WHERE conversation_key = $late AND user_id = 'bob'"
    breaks message-numbers "DELETE FROM messages WHERE conversation_key = $late AND n = 2"
    breaks message-numbers "DELETE FROM messages WHERE conversation_key = $late AND n = 1"
    breaks message-numbers "DELETE FROM messages WHERE conversation_key = $late AND n = 4"
    breaks message-numbers "UPDATE conversations SET last_n = 3 WHERE key = $late"
    breaks message-numbers "UPDATE messages SET n = 9 WHERE conversation_key = $late AND n = 2"
    breaks message-numbers "DELETE FROM messages WHERE conversation_key = $late"
    breaks senders "UPDATE messages SET sender_id = 'mallory' WHERE conversation_key = $late AND n = 2"
    breaks sender-counts "UPDATE messages SET sender_n = 1 WHERE conversation_key = $late AND n = 4"
    breaks client-message-ids "DROP INDEX messages_client_message_id;
        UPDATE messages SET client_message_id = 'k-1' WHERE conversation_key = $late AND n = 3"
    breaks texts "UPDATE messages SET content = CAST(x'610062' AS TEXT) WHERE conversation_key = $late AND n = 2"
    breaks activity "UPDATE conversations SET activity = (SELECT activity FROM conversations WHERE id = 'pair') WHERE key = $late"
    breaks activity "UPDATE conversations SET activity = change + 1 WHERE key = $late"
    breaks list-changes "UPDATE participants SET change = (SELECT change FROM conversations WHERE id = 'empty')
        WHERE user_id = 'alice' AND conversation_key = $late"
}

@test "a page that is not what it was is noticed, and so is a file that is cut" {
    many 300
    cp "$DATABASE" "$BATS_TEST_TMPDIR/broken.sqlite"
    dd if=/dev/zero of="$BATS_TEST_TMPDIR/broken.sqlite" bs=4096 seek=20 count=3 conv=notrunc status=none
    refuses 65 check --database "$BATS_TEST_TMPDIR/broken.sqlite"
    grep -q '^file: ' "$OUT"
    cp "$DATABASE" "$BATS_TEST_TMPDIR/broken.sqlite"
    truncate -s 40960 "$BATS_TEST_TMPDIR/broken.sqlite"
    refuses 65 check --database "$BATS_TEST_TMPDIR/broken.sqlite"
    grep -q '^file: ' "$OUT"
}

# Erase and prune --------------------------------------------------------------------------

@test "an erased user's name and texts are nowhere, and the others' histories keep their numbers" {
    a_history
    start_postbox
    as bob GET "$API/late/messages"
    tag=$(header ETag)
    next=$(link next)
    as bob GET "$API"
    list_tag=$(header ETag)
    list_next=$(link next)
    refuses 69 erase user alice
    assert_one_line 'postbox: *in use by another running Postbox*'
    # What is only in the log has to go too.
    send alice late 'secret-three'
    kill_postbox
    succeeds erase user alice
    [[ $(cat "$OUT") == *'4 messages'* ]]
    nowhere secret-
    nowhere Archer
    whole "$DATABASE"
    start_postbox
    as bob GET "$API/late/messages" --header "If-None-Match: $tag"
    assert_status 200
    assert_json 'map([.id, .senderId, .content]) == [["late:1", "alice", ""], ["late:2", "bob", "reply"],
        ["late:3", "alice", ""], ["late:4", "alice", ""], ["late:5", "alice", ""]]'
    as bob GET "$API" --header "If-None-Match: $list_tag"
    assert_status 200
    assert_json 'map(select(.id == "late"))[0] | .name == "alice" and .company == "" and .lastMessage == "" and .unread == 3'
    for url in "$next" "$list_next"; do
        as bob GET "$ORIGIN/${url#http://*/}"
        assert_problem 410 cursor-expired
    done
    # Her phone tries once more to send what it is not sure about.
    post alice late '{"content": "secret-one", "clientMessageId": "k-1"}'
    assert_problem 422 idempotency-conflict
    send bob late 'goes on'
    assert_json '.id == "late:6"'
    stop_postbox
    nowhere secret-
}

@test "only the tenant's user is erased, and somebody unknown is said to be" {
    a_history
    succeeds erase user alice --tenant t/2
    [[ $(cat "$OUT") == *'0 messages'* ]]
    assert_equal "$(sqlite3 "$DATABASE" "SELECT tenant_id, name FROM users WHERE id = 'alice'")" '|Alice Archer'
    epoch=$(sqlite3 "$DATABASE" "SELECT value FROM store WHERE key = 'epoch'")
    refuses 65 erase user alise
    assert_one_line 'postbox: *alise*'
    assert_equal "$(sqlite3 "$DATABASE" "SELECT value FROM store WHERE key = 'epoch'")" "$epoch"
    refuses 64 erase user
    refuses 69 erase user alice --database "$BATS_TEST_TMPDIR/none"
    [[ ! -e $BATS_TEST_TMPDIR/none ]]
}

@test "an erasure that has no room to write the file anew says so, and running it again completes it" {
    a_history
    many 3000
    local code=0
    # 1 MiB, in the shell's blocks of 1,024 bytes.
    (trap '' XFSZ; ulimit -f 1024; exec "$POSTBOX" erase user bob --database "$DATABASE") >"$OUT" 2>"$ERR" || code=$?
    assert_equal "$code" 69
    assert_one_line 'postbox: *run this again*'
    whole "$DATABASE"
    succeeds erase user bob
    nowhere reply
    nowhere Baker
    whole "$DATABASE"
}

@test "pruned messages are gone from answers and from the disk; numbers, paging and unread counts go on" {
    many 130
    start_postbox
    send_many alice c 1 20
    as bob GET "$API/c/messages"
    next=$(link next)
    refuses 69 prune --older-than 1y --all
    stop_postbox
    succeeds prune --older-than 1y --all
    [[ $(cat "$OUT") == *'removed 130 messages'* ]]
    nowhere 130xxx
    whole "$DATABASE"
    start_postbox
    as bob GET "$ORIGIN/${next#http://*/}"
    assert_problem 410 cursor-expired
    as bob GET "$API/c/messages"
    assert_contents "$(echo {1..20})"
    assert_json '.[0].id == "c:131"'
    assert_equal "$(link prev)" ''
    as bob GET "$API/c/messages?limit=15"
    prev=$(link prev)
    as bob GET "$prev"
    assert_contents 1 2 3 4 5
    assert_equal "$(link prev)" ''
    as bob GET "$API/c/messages?before=131"
    assert_json '. == []'
    assert_equal "$(link prev)" ''
    as bob GET "$API"
    assert_json '.[0].unread == 20'
    tag=$(header ETag)
    as bob GET "$API" --header "If-None-Match: $tag"
    assert_status 304
    as bob PUT "$API/c/read" --header 'Content-Type: application/json' --data '{"upTo": "c:5"}'
    assert_json '.unread == 20'
    send alice c 'next'
    assert_json '.id == "c:151"'
    as bob GET "$API"
    assert_json '.[0].unread == 21 and (.[0].messages | length == 20)'
    mark_read bob c
    assert_json '.unread == 0'
}

@test "a conversation whose messages are all pruned stays, and can be talked in" {
    many 3
    succeeds prune --older-than 90d --conversation c
    start_postbox
    as bob GET "$API"
    assert_json '.[0] | .id == "c" and .lastMessage == "" and .unread == 0 and .messages == []'
    as bob GET "$API/c/messages"
    assert_json '. == []'
    next=$(link next)
    send bob c 'anybody?'
    assert_json '.id == "c:4"'
    as alice GET "$API"
    assert_json '.[0] | .lastMessage == "anybody?" and .unread == 1'
    as bob GET "$next"
    assert_contents 'anybody?'
}

@test "only the conversations named are pruned, and an old message behind a newer one loses its content" {
    a_history
    echo '{"kind":"message","conversationId":"late","senderId":"bob","content":"secret-old","timestamp":"2020-01-01T00:00:00Z"}' >"$BATS_TEST_TMPDIR/more.jsonl"
    succeeds import "$BATS_TEST_TMPDIR/more.jsonl"
    succeeds prune --older-than 1w --conversation late
    [[ $(cat "$OUT") == *'removed 0 messages'*'content of 1 '* ]]
    nowhere secret-old
    assert_equal "$(sqlite3 "$DATABASE" 'SELECT count(*) FROM messages')" 7
    succeeds prune --older-than 1y --all --tenant t/2
    assert_equal "$(sqlite3 "$DATABASE" "SELECT id FROM conversations WHERE pruned_up_to > 0")" group
    whole "$DATABASE"
    epoch=$(sqlite3 "$DATABASE" "SELECT value FROM store WHERE key = 'epoch'")
    succeeds prune --older-than 1y --all --tenant t/2
    assert_equal "$(sqlite3 "$DATABASE" "SELECT value FROM store WHERE key = 'epoch'")" "$epoch"
    refuses 65 prune --older-than 1y --conversation late --conversation none
    for wrong in '--all' '--older-than 1y' '--older-than 0d --all' '--older-than 1 --all' '--older-than 1y --all --conversation late'; do
        # shellcheck disable=SC2086
        refuses 64 prune $wrong
    done
}

# Versions ---------------------------------------------------------------------------------

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
    for command in 'serve --port 0' check export 'erase user alice' 'prune --older-than 1y --all'; do
        # shellcheck disable=SC2086
        refuses 69 $command
        assert_one_line 'postbox: *newer Postbox*'
    done
    succeeds backup "$BACKUP"
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA user_version')" 99
    assert_equal "$(sqlite3 "$BACKUP" 'PRAGMA user_version')" 99
}

# Replication ------------------------------------------------------------------------------

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
