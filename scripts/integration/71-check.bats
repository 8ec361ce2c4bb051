#!/usr/bin/env bats
# postbox check, erase and prune.

load helpers
load data

# Check -----------------------------------------------------------------------------------

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

# bats test_tags=every-store
@test "a database that is whole is said to be, while it is served too" {
    a_history
    succeeds check
    assert_equal "$(cat "$OUT")" "postbox: $(shown_database) is whole, with 4 conversations and 6 messages"
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
    breaks file "INSERT INTO conversations (key, tenant_id, id, opened_at_ms, last_n, activity, change)
        VALUES (99, '', '', 1, -1, 1, 1)"
    breaks references "DELETE FROM conversations WHERE id = 'late'"
    breaks schema 'DROP INDEX messages_sender'
    breaks schema 'DROP TABLE users'
    breaks schema 'ALTER TABLE users ADD COLUMN x TEXT'
    breaks epoch "DELETE FROM store WHERE key = 'epoch'"
    breaks epoch "UPDATE store SET value = 'No!' WHERE key = 'epoch'"
    breaks cursor-key "DELETE FROM store WHERE key = 'cursor_key'"
    breaks cursor-key "UPDATE store SET value = x'00112233' WHERE key = 'cursor_key'"
    breaks change-counter "DELETE FROM store WHERE key = 'change'"
    breaks change-counter "UPDATE store SET value = 1 WHERE key = 'change'"
    breaks ids "INSERT INTO users (tenant_id, id) VALUES ('', CAST(x'6100' AS TEXT))"
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
    breaks list-order "UPDATE participants SET activity = 1 WHERE conversation_key = $late AND user_id = 'bob'"
    breaks list-copies "UPDATE conversations SET activity_copies = 1 WHERE key = $late"
    breaks long-lists "UPDATE participants SET activity = 0 WHERE conversation_key = $late AND user_id = 'bob'"
    breaks large-conversations "UPDATE conversations SET participant_count = 21 WHERE key = $late"
    breaks renamings "UPDATE users SET renaming = 1 WHERE id = 'alice'"
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

# Erase and prune -------------------------------------------------------------------------

# bats test_tags=every-store
@test "an erased user's name and texts are nowhere, and the others' histories keep their numbers" {
    a_history
    start_postbox
    as bob GET "$API/late/messages"
    tag=$(header ETag)
    next=$(link next)
    as bob GET "$API"
    list_tag=$(header ETag)
    list_next=$(link next)
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
    as bob GET "$ORIGIN/${next#http://*/}"
    assert_problem 410 cursor-expired
    as bob GET "$ORIGIN/${list_next#http://*/}"
    assert_json 'map(.id) | sort == ["late", "pair"]'
    # Her phone tries once more to send what it is not sure about.
    post alice late '{"content": "secret-one", "clientMessageId": "k-1"}'
    assert_problem 422 idempotency-conflict
    send bob late 'goes on'
    assert_json '.id == "late:6"'
    stop_postbox
    nowhere secret-
}

# bats test_tags=every-store
@test "only the tenant's user is erased, and somebody unknown is said to be" {
    a_history
    succeeds erase user alice --tenant t/2
    [[ $(cat "$OUT") == *'0 messages'* ]]
    assert_equal "$(query "SELECT tenant_id, name FROM users WHERE id = 'alice'")" '|Alice Archer'
    epoch=$(stored_epoch)
    refuses 65 erase user alise
    assert_one_line 'postbox: *alise*'
    assert_equal "$(stored_epoch)" "$epoch"
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

# bats test_tags=every-store
@test "pruned messages are gone from answers and from the disk; numbers, paging and unread counts go on" {
    many 130
    start_postbox
    send_many alice c 1 20
    as bob GET "$API/c/messages"
    next=$(link next)
    stop_postbox
    succeeds prune --older-than 1y --all
    [[ $(cat "$OUT") == *'removed 130 messages'* ]]
    nowhere 130xxx
    whole "$DATABASE"
    start_postbox
    as bob GET "$ORIGIN/${next#http://*/}"
    assert_json '. == []'
    assert_header X-Pruned-Up-To 130
    as bob GET "$API/c/messages"
    assert_contents "$(echo {1..20})"
    assert_header X-Pruned-Up-To 130
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

# bats test_tags=every-store
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

# bats test_tags=every-store
@test "only the conversations named are pruned, and an old message behind a newer one loses its content" {
    a_history
    echo '{"kind":"message","conversationId":"late","senderId":"bob","content":"secret-old","timestamp":"2020-01-01T00:00:00Z"}' >"$BATS_TEST_TMPDIR/more.jsonl"
    succeeds import "$BATS_TEST_TMPDIR/more.jsonl"
    succeeds prune --older-than 1w --conversation late
    [[ $(cat "$OUT") == *'removed 0 messages'*'content of 1 '* ]]
    nowhere secret-old
    assert_equal "$(query 'SELECT count(*) FROM messages')" 7
    succeeds prune --older-than 1y --all --tenant t/2
    assert_equal "$(query "SELECT id FROM conversations WHERE pruned_up_to > 0")" group
    whole "$DATABASE"
    epoch=$(stored_epoch)
    succeeds prune --older-than 1y --all --tenant t/2
    assert_equal "$(stored_epoch)" "$epoch"
    refuses 65 prune --older-than 1y --conversation late --conversation none
    for wrong in '--all' '--older-than 1y' '--older-than 0d --all' '--older-than 1 --all' '--older-than 1y --all --conversation late'; do
        # shellcheck disable=SC2086
        refuses 64 prune $wrong
    done
}
