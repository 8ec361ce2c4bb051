#!/usr/bin/env bats
# What is on disk, for people with the sqlite3 tool.

load helpers

@test "messages and conversations can be read with sqlite3 while the server runs" {
    send alice conv-1 'Hi "Bob"' bob
    post bob conv-1 '{"content": "Hi", "clientMessageId": "key-1"}'
    query() { sqlite3 -readonly -separator '|' "$DATABASE" "$1"; }
    assert_equal "$(query 'SELECT n, sender_id, content, client_message_id FROM messages ORDER BY n')" \
        $'1|alice|Hi "Bob"|\n2|bob|Hi|key-1'
    assert_equal "$(query 'SELECT tenant_id, id FROM conversations')" '|conv-1'
    assert_equal "$(query 'SELECT c.id, m.n FROM messages m JOIN conversations c ON c.key = m.conversation_key ORDER BY m.n')" \
        $'conv-1|1\nconv-1|2'
    assert_equal "$(query "SELECT abs(max(sent_at_ms) - strftime('%s', 'now') * 1000) < 60000 FROM messages")" 1
}

@test "the time on disk is the time in the answer" {
    send alice conv-1 'Hi' bob
    on_disk=$(sqlite3 -readonly "$DATABASE" 'SELECT sent_at_ms FROM messages')
    assert_equal "$(json .timestamp)" "$(date -u -d "@${on_disk%???}" +%Y-%m-%dT%H:%M:%S).${on_disk: -3}Z"
}

@test "the file is marked as Postbox's own, and whole" {
    send alice conv-1 'Hi' bob
    stop_postbox
    [[ $(sqlite3 "$DATABASE" 'PRAGMA application_id') != 0 ]]
    [[ $(sqlite3 "$DATABASE" 'PRAGMA user_version') != 0 ]]
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA journal_mode')" wal
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA integrity_check')" ok
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA foreign_key_check')" ''
}

@test "somebody who reads with sqlite3 for long does not stop sends or polls" {
    send alice conv-1 'one' bob
    coproc sqlite3 -readonly "$DATABASE" 3>&-
    # shellcheck disable=SC2154
    echo 'BEGIN; SELECT count(*) FROM messages;' >&"${COPROC[1]}"
    read -r -t 5 -u "${COPROC[0]}" count
    assert_equal "$count" 1
    send_many alice conv-1 2 50
    as bob GET "$API/conv-1/messages"
    assert_json 'length == 50'
    echo 'SELECT count(*) FROM messages; COMMIT;' >&"${COPROC[1]}"
    read -r -t 5 -u "${COPROC[0]}" count
    assert_equal "$count" 1
}

@test "all conversations, messages and marks are there after a restart" {
    send alice conv-1 'one' bob
    post bob panel '{"content": "two", "participantIds": ["alice", "carol"], "clientMessageId": "key-1"}'
    mark_read alice panel
    post carol @alice '{"content": "three"}'
    everything() {
        local user
        for user in alice bob carol; do
            as "$user" GET "$API"
            cat "$BODY"
            polling_headers
        done
    }
    before=$(everything)
    restart_postbox
    assert_equal "$(everything)" "$before"
}

@test "numbering goes on where it was after a restart" {
    send alice conv-1 'one' bob
    restart_postbox
    send alice conv-1 'two'
    assert_json '.id == "conv-1:2"'
}
