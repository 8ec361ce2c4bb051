#!/usr/bin/env bats
# postbox import beside a running server.

load helpers
load data

setup() {
    prepare_database
    HISTORY=$BATS_TEST_TMPDIR/history.jsonl
    WHOLE=$BATS_TEST_TMPDIR/whole.sqlite
}

# beside ARGUMENTS: a command on the database that a server has open; OUT and ERR are its own from then on.
beside() {
    OUT=$FOLDER/command.out
    ERR=$FOLDER/command.err
    EXIT=0
    timeout 300 "$POSTBOX" "$@" --database "$DATABASE" >"$OUT" 2>"$ERR" || EXIT=$?
}

# history MESSAGES: in 50 conversations, mixed; half of them without keys, each tenth equal to the one before it in its conversation.
history() {
    awk -v count="$1" 'BEGIN {
        for (c = 0; c < 50; c++)
            printf "{\"kind\":\"conversation\",\"id\":\"c%d\",\"participantIds\":[\"alice\",\"bob\",\"u%d\"],\"timestamp\":\"2024-01-01T00:00:00Z\"}\n", c, c
        for (n = 0; n < count; n++) {
            c = (n * 7) % 50
            m = int(n / 50)
            if (m % 10 == 9) m--
            key = n % 2 || m % 10 == 8 ? "" : sprintf(",\"clientMessageId\":\"k%d\"", n)
            printf "{\"kind\":\"message\",\"conversationId\":\"c%d\",\"senderId\":\"%s\",\"content\":\"text %d\",\"timestamp\":\"2024-02-%02dT%02d:%02d:%02dZ\"%s}\n",
                c, m % 3 ? "alice" : "bob", m, 1 + c % 28, m / 3600 % 24, m / 60 % 60, m % 60, key
        }
        for (c = 0; c < 50; c++) printf "{\"kind\":\"read\",\"conversationId\":\"c%d\",\"userId\":\"alice\"}\n", c
    }' >"$HISTORY"
}

# is_complete: the database is what an import in one transaction makes of the file.
is_complete() {
    "$POSTBOX" import "$HISTORY" --database "$WHOLE"
    "$POSTBOX" check --database "$DATABASE"
    cmp <("$POSTBOX" export --database "$WHOLE") <("$POSTBOX" export --database "$DATABASE")
}

# begin_import: one in the background that has stored some lines.
begin_import() {
    "$POSTBOX" import "$HISTORY" --database "$DATABASE" >"$FOLDER/import.out" 2>"$FOLDER/import.err" 3>&- &
    IMPORT=$!
    PATIENCE=60 await grep -q 'lines stored' "$FOLDER/import.err"
    running "$IMPORT" || fail "it was over too soon: $(cat "$FOLDER/import.err")"
}

# again: the import succeeds, once the server has seen that the former one has ended.
again() {
    beside import "$HISTORY" && ((EXIT == 0))
}

@test "a history imported beside a server is what it is without one, for pollers at once" {
    a_history
    "$POSTBOX" export --database "$DATABASE" >"$HISTORY"
    mv "$DATABASE" "$WHOLE"
    start_postbox
    as alice GET "$API"
    list=$(link next)
    beside import "$HISTORY"
    assert_equal "$EXIT" 0
    assert_equal "$(cat "$OUT")" "postbox: $(wc -l <"$HISTORY") lines read, 6 messages added"
    as alice GET "$list"
    assert_json 'map(.id) == ["empty", "late", "pair"]'
    is_complete
    as alice GET "$API"
    tag=$(header ETag)
    beside import "$HISTORY"
    assert_equal "$(cat "$OUT")" "postbox: $(wc -l <"$HISTORY") lines read, 0 messages added"
    as alice GET "$API" --header "If-None-Match: $tag"
    assert_status 304
    is_complete
}

@test "people send and poll while a history comes in, and nothing of either is lost" {
    history 30000
    start_postbox
    send alice live 'first' bob
    begin_import
    number=1
    while running "$IMPORT"; do
        number=$((number + 1))
        send alice live "$number"
        assert_json ".id == \"live:$number\""
        send bob "c$((number % 50))" 'from bob'
        as bob GET "$API/live/messages?limit=1"
        assert_json ".[0].id == \"live:$number\""
    done
    wait "$IMPORT"
    "$POSTBOX" check --database "$DATABASE"
    sent=$(query "SELECT count(*) FROM messages WHERE content = 'from bob'")
    assert_equal "$sent" "$((number - 1))"
    assert_equal "$(query "SELECT count(*) FROM messages WHERE content LIKE 'text %'")" 30000
    beside import "$HISTORY"
    assert_equal "$(cat "$OUT")" 'postbox: 30100 lines read, 0 messages added'
}

@test "a line that is none is found before anything is stored" {
    history 2000
    echo '{"kind":"message","conversationId":"c1"}' >>"$HISTORY"
    start_postbox
    beside import "$HISTORY"
    assert_equal "$EXIT" 65
    assert_one_line "postbox: $HISTORY:2101: ?*"
    as alice GET "$API"
    assert_json '. == []'
}

@test "a line that the database refuses ends the import there, and the mended file completes it" {
    history 2000
    { head -n 1500 "$HISTORY"; echo; echo '{"kind":"read","conversationId":"c1","userId":"mallory"}'; tail -n +1501 "$HISTORY"; } >"$HISTORY.bad"
    start_postbox
    beside import "$HISTORY.bad"
    assert_equal "$EXIT" 65
    assert_one_line "postbox: $HISTORY.bad:1502: The user mallory does not take part in the conversation c1.*"
    assert_equal "$(query 'SELECT count(*) FROM messages')" 1450
    beside import "$HISTORY"
    assert_equal "$EXIT" 0
    assert_equal "$(cat "$OUT")" 'postbox: 2100 lines read, 550 messages added'
    is_complete
}

@test "an import that was killed is completed by the next one" {
    history 30000
    start_postbox
    begin_import
    kill -KILL "$IMPORT"
    wait "$IMPORT" || true
    await again
    is_complete
    as alice GET "$API"
    assert_status 200
}

@test "an import whose server was killed says so, and the next one completes it" {
    history 30000
    start_postbox
    begin_import
    kill_postbox
    wait "$IMPORT" && fail 'it should have failed' || assert_equal "$?" 69
    grep -q 'the import is not complete; run it again' "$FOLDER/import.err"
    start_postbox
    beside import "$HISTORY"
    assert_equal "$EXIT" 0
    is_complete
}

@test "a server that stops ends an import, and without one the next run completes it" {
    history 30000
    start_postbox
    begin_import
    stop_postbox
    assert_equal "$EXIT" 0
    wait "$IMPORT" && fail 'it should have failed' || assert_equal "$?" 69
    grep -q 'the import is not complete; run it again' "$FOLDER/import.err"
    beside import "$HISTORY"
    assert_equal "$EXIT" 0
    "$POSTBOX" import "$HISTORY" --database "$WHOLE"
    "$POSTBOX" check --database "$DATABASE"
    # One transaction on top of steps: the same messages with the same numbers; the order of lists is that of the last run.
    strip() { "$POSTBOX" export --database "$1" | sed 's/"activity":[0-9]*,//'; }
    cmp <(strip "$WHOLE") <(strip "$DATABASE")
}

@test "a second import at the same time is refused, and names beside it are not" {
    history 30000
    start_postbox
    begin_import
    beside import "$HISTORY"
    assert_equal "$EXIT" 69
    [[ $(cat "$ERR") == *'another import is on its way'* ]] || fail "$(cat "$ERR")"
    beside users set bob --name Bob
    assert_equal "$EXIT" 0
    kill "$IMPORT"
    wait "$IMPORT" || true
    await again
    assert_equal "$(query 'SELECT count(*) FROM messages')" 30000
}

@test "a history can come from a pipe" {
    history 2000
    start_postbox
    "$POSTBOX" import /dev/stdin --database "$DATABASE" < <(cat "$HISTORY") >"$FOLDER/command.out"
    assert_equal "$(cat "$FOLDER/command.out")" 'postbox: 2100 lines read, 2000 messages added'
    is_complete
}

@test "a message of a megabyte comes in, and a line of more than four is refused with its number" {
    {
        echo '{"kind":"conversation","id":"c","participantIds":["alice","bob"]}'
        awk 'BEGIN { printf "{\"kind\":\"message\",\"conversationId\":\"c\",\"senderId\":\"alice\",\"timestamp\":\"2024-01-01T00:00:00Z\",\"content\":\""
            for (n = 0; n < 1048576; n++) printf "x"; print "\"}" }'
    } >"$HISTORY"
    start_postbox
    beside import "$HISTORY"
    assert_equal "$EXIT" 0
    assert_equal "$(query 'SELECT max(length(content)) FROM messages')" 1048576
    awk 'BEGIN { printf "{\"kind\":\"user\",\"id\":\"a\",\"name\":\""; for (n = 0; n < 4194304; n++) printf "x"; print "\"}" }' >>"$HISTORY"
    beside import "$HISTORY"
    assert_equal "$EXIT" 65
    assert_one_line "postbox: $HISTORY:3: the line is longer than 4194304 bytes*"
}

@test "imports are counted once each" {
    history 1000
    start_postbox --admin 127.0.0.1:0
    metrics=$(sed -n 's/^postbox: metrics on //p' "$OUT")
    beside import "$HISTORY"
    echo '{"kind":"read","conversationId":"none","userId":"bob"}' >>"$HISTORY"
    beside import "$HISTORY"
    curl --silent "$metrics" >"$BODY"
    grep -qxF 'postbox_control_commands_total{command="import",result="done"} 1' "$BODY"
    grep -qxF 'postbox_control_commands_total{command="import",result="refused"} 1' "$BODY"
}
