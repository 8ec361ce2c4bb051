#!/usr/bin/env bats
# postbox import: history from an existing system.
# bats file_tags=every-store

load helpers

setup() {
    prepare_database
    HISTORY=$BATS_TEST_TMPDIR/history.jsonl
    cat >"$HISTORY" <<'END'
{"kind": "user", "id": "alice", "name": "Alice Archer", "company": "Acme"}
{"kind": "user", "id": "bob", "name": "Bob Baker", "company": "Globex"}
{"kind": "conversation", "id": "conv-1", "participantIds": ["alice", "bob"]}
{"kind": "message", "conversationId": "conv-1", "senderId": "alice", "content": "Hi", "timestamp": "2024-12-01T10:30:00.000Z", "clientMessageId": "old-1"}
{"kind": "message", "conversationId": "conv-1", "senderId": "bob", "content": "Hi yourself 👋", "timestamp": "2024-12-01T10:31:00.250Z"}
{"kind": "message", "conversationId": "conv-1", "senderId": "alice", "content": "Hi", "timestamp": "2024-12-01T10:32:00.000Z"}
{"kind": "read", "conversationId": "conv-1", "userId": "bob", "upTo": "conv-1:1"}
{"kind": "read", "conversationId": "conv-1", "userId": "alice"}
END
}

import() {
    postbox import "$HISTORY" --database "$DATABASE"
}

everything() {
    query 'SELECT * FROM conversations ORDER BY key; SELECT * FROM messages ORDER BY conversation_key, n;'
}

# refuses_line NUMBER: the file is refused because of this line, and nothing of it is applied.
refuses_line() {
    import
    assert_equal "$EXIT" 65
    [[ $(cat "$ERR") == *"history.jsonl:$1: "?* ]] || fail "expected a word on line $1, got: $(cat "$ERR")"
    if on_postgres || [[ -e $DATABASE ]]; then
        assert_equal "$(query 'SELECT count(*) FROM messages')" 0
        assert_equal "$(query 'SELECT count(*) FROM conversations')" 0
    fi
}

@test "people, conversations, messages with their own times, and read marks are taken over" {
    import
    assert_equal "$EXIT" 0
    start_postbox
    as alice GET "$API"
    assert_json 'length == 1 and .[0].id == "conv-1" and .[0].name == "Bob Baker" and .[0].company == "Globex"'
    assert_json '.[0].unread == 0 and .[0].lastMessageTime == "2024-12-01T10:32:00.000Z"'
    as bob GET "$API/conv-1/messages"
    assert_json 'map([.id, .senderId, .content, .timestamp, .read]) == [
        ["conv-1:1", "alice", "Hi", "2024-12-01T10:30:00.000Z", true],
        ["conv-1:2", "bob", "Hi yourself 👋", "2024-12-01T10:31:00.250Z", true],
        ["conv-1:3", "alice", "Hi", "2024-12-01T10:32:00.000Z", false]]'
    assert_json '.[0].clientMessageId == "old-1" and (.[1] | has("clientMessageId") | not)'
}

@test "running it again adds nothing twice" {
    import
    before=$(everything)
    import
    assert_equal "$EXIT" 0
    assert_equal "$(everything)" "$before"
}

@test "a longer file adds only what is new" {
    import
    echo '{"kind": "message", "conversationId": "conv-1", "senderId": "bob", "content": "Later", "timestamp": "2024-12-02T08:00:00.000Z"}' >>"$HISTORY"
    import
    assert_equal "$EXIT" 0
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_json 'map(.content) == ["Hi", "Hi yourself 👋", "Hi", "Later"]'
}

@test "talk goes on after the history, and a second import leaves it alone" {
    import
    start_postbox
    send alice conv-1 'New'
    assert_json '.id == "conv-1:4"'
    stop_postbox
    import
    assert_equal "$EXIT" 0
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_json 'map(.content) == ["Hi", "Hi yourself 👋", "Hi", "New"]'
}

@test "a retry of an imported message gets that message" {
    import
    start_postbox
    post alice conv-1 '{"content": "Hi", "clientMessageId": "old-1"}'
    assert_status 201
    assert_header Idempotency-Replayed true
    assert_json '.id == "conv-1:1" and .timestamp == "2024-12-01T10:30:00.000Z"'
}

@test "a bad line is named by its number, and nothing of the file is applied" {
    for line in '{"kind": "message"' 'Hello' '[]' '{}' '{"kind": "party"}' \
        '{"kind": "message", "conversationId": "conv-1", "senderId": "alice", "content": "Hi"}' \
        '{"kind": "message", "conversationId": "conv-1", "senderId": "alice", "content": "Hi", "timestamp": "yesterday"}' \
        '{"kind": "message", "conversationId": "conv-1", "senderId": "alice", "content": " ", "timestamp": "2024-12-01T10:30:00.000Z"}' \
        '{"kind": "message", "conversationId": "conv-9", "senderId": "alice", "content": "Hi", "timestamp": "2024-12-01T10:30:00.000Z"}' \
        '{"kind": "message", "conversationId": "conv-1", "senderId": "carol", "content": "Hi", "timestamp": "2024-12-01T10:30:00.000Z"}' \
        '{"kind": "conversation", "id": "@bob", "participantIds": ["alice", "bob"]}' \
        '{"kind": "conversation", "id": "conv-2", "participantIds": "alice"}' \
        '{"kind": "read", "conversationId": "conv-1", "userId": "bob", "upTo": "conv-1:7"}' \
        '{"kind": "read", "conversationId": "conv-1", "userId": "carol"}' \
        '{"kind": "user", "name": "Nobody"}'; do
        setup
        printf '%s\n' "$line" >>"$HISTORY"
        refuses_line 9
    done
}

@test "a line that is not UTF-8 is a bad line" {
    printf '{"kind": "user", "id": "caf\xe9", "name": "x", "company": "y"}\n' >>"$HISTORY"
    refuses_line 9
}

@test "a bad line leaves what was there before as it was" {
    import
    before=$(everything)
    {
        echo '{"kind": "message", "conversationId": "conv-1", "senderId": "bob", "content": "Later", "timestamp": "2024-12-02T08:00:00.000Z"}'
        echo 'Hello'
    } >>"$HISTORY"
    import
    assert_equal "$EXIT" 65
    [[ $(cat "$ERR") == *history.jsonl:10:* ]]
    assert_equal "$(everything)" "$before"
}

@test "a file without a line end at its end, and one with nothing in it, are fine" {
    printf '%s' "$(cat "$HISTORY")" >"$HISTORY.short"
    mv "$HISTORY.short" "$HISTORY"
    import
    assert_equal "$EXIT" 0
    assert_equal "$(query 'SELECT count(*) FROM messages')" 3
    : >"$HISTORY"
    import
    assert_equal "$EXIT" 0
}

@test "a file that is not there is one clear line" {
    postbox import "$BATS_TEST_TMPDIR/missing.jsonl" --database "$DATABASE"
    ((EXIT != 0 && EXIT != 124))
    assert_one_line 'postbox: *missing.jsonl*'
}

@test "a folder is no file to read, and that is one clear line too" {
    HISTORY=$BATS_TEST_TMPDIR import
    assert_equal "$EXIT" 66
    assert_one_line "postbox: cannot read $BATS_TEST_TMPDIR"
}

@test "a history comes in beside a running server, which answers with it at once" {
    start_postbox
    as alice GET "$API"
    assert_json '. == []'
    import
    assert_equal "$EXIT" 0
    as alice GET "$API"
    assert_json 'length > 0'
}

@test "what was pruned does not come back when the history is imported again, whole, longer or in part" {
    import
    postbox prune --older-than 1y --all --database "$DATABASE"
    assert_equal "$EXIT" 0
    pruned=$(everything)
    import
    assert_equal "$EXIT" 0
    [[ $(cat "$OUT") == *' 0 messages added, 3 left out because they were pruned' ]] || fail "$(cat "$OUT")"
    assert_equal "$(everything)" "$pruned"
    # A part of it, and a file with one more old and two new messages.
    mv "$HISTORY" "$HISTORY.whole"
    grep -v 'yourself' "$HISTORY.whole" >"$HISTORY"
    import
    assert_equal "$EXIT" 0
    assert_equal "$(everything)" "$pruned"
    {
        tail -n +5 "$HISTORY.whole"
        printf '{"kind": "message", "conversationId": "conv-1", "senderId": "%s", "content": "%s", "timestamp": "%s"}\n' \
            bob 'Older' 2023-01-01T00:00:00Z alice 'Newer' "$(date -u --date='-1 day' +%FT%TZ)" bob 'Newest' "$(date -u +%FT%TZ)"
    } >"$HISTORY"
    for added in 2 0; do
        import
        assert_equal "$EXIT" 0
        [[ $(cat "$OUT") == *" $added messages added, 3 left out"* ]] || fail "$(cat "$OUT")"
    done
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_json 'map([.id, .content]) == [["conv-1:4", "Newer"], ["conv-1:5", "Newest"]]'
    as bob GET "$API"
    assert_json '.[0].unread == 1'
}

# bats test_tags=sqlite
@test "pruned messages do not come back after a restore, nor where an export was imported, and live messages stay unread" {
    import
    postbox backup "$BATS_TEST_TMPDIR/before.sqlite" --database "$DATABASE"
    postbox prune --older-than 90d --conversation conv-1 --database "$DATABASE"
    start_postbox
    send bob conv-1 'live'
    stop_postbox
    postbox backup "$BATS_TEST_TMPDIR/after.sqlite" --database "$DATABASE"
    postbox export --database "$DATABASE"
    cp "$OUT" "$BATS_TEST_TMPDIR/export.jsonl"
    only_live() {
        start_postbox
        as alice GET "$API/conv-1/messages"
        assert_json 'map([.id, .content]) == [["conv-1:4", "live"]]'
        as alice GET "$API"
        assert_json '.[0].unread == 1'
        stop_postbox
    }
    postbox restore "$BATS_TEST_TMPDIR/after.sqlite" --force --database "$DATABASE"
    import
    assert_equal "$EXIT" 0
    only_live
    rm "$DATABASE"*
    for file in "$BATS_TEST_TMPDIR/export.jsonl" "$HISTORY" "$BATS_TEST_TMPDIR/export.jsonl"; do
        postbox import "$file" --database "$DATABASE"
        assert_equal "$EXIT" 0
        only_live
    done
    # A backup from before has them.
    postbox restore "$BATS_TEST_TMPDIR/before.sqlite" --force --database "$DATABASE"
    before=$(everything)
    import
    assert_equal "$EXIT" 0
    assert_equal "$(everything)" "$before"
}

@test "an import after a prune that is killed in the middle brings nothing back, and neither does the next" {
    import
    postbox prune --older-than 1y --all --database "$DATABASE"
    pruned=$(everything)
    awk 'BEGIN { for (n = 1; n <= 20001; n++)
        printf "{\"kind\":\"message\",\"conversationId\":\"conv-1\",\"senderId\":\"bob\",\"content\":\"%d\",\"timestamp\":\"2999-01-01T00:00:00Z\"}\n", n }' >>"$HISTORY"
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    "$POSTBOX" import "$BATS_TEST_TMPDIR/pipe" --database "$DATABASE" >"$OUT" 2>"$ERR" 3>&- &
    importer=$!
    # It waits for the last line.
    exec 4>"$BATS_TEST_TMPDIR/pipe"
    head -n -1 "$HISTORY" >&4
    await grep -q '^postbox: 10000 lines read' "$ERR"
    kill -KILL "$importer"
    wait "$importer" || true
    exec 4>&-
    assert_equal "$(everything)" "$pruned"
    import
    assert_equal "$EXIT" 0
    [[ $(cat "$OUT") == *' 20001 messages added, 3 left out'* ]] || fail "$(cat "$OUT")"
    assert_equal "$(query 'SELECT min(n), max(n), count(*) FROM messages')" '4|20004|20001'
    postbox check --database "$DATABASE"
    assert_equal "$EXIT" 0
}
