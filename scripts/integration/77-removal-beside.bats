#!/usr/bin/env bats
# postbox erase, prune and retention beside a running server.
# bats file_tags=every-store

load helpers
load data

# beside ARGUMENTS: a command on the database that a server has open; OUT and ERR are its own from then on.
beside() {
    OUT=$FOLDER/command.out
    ERR=$FOLDER/command.err
    EXIT=0
    timeout 300 "$POSTBOX" "$@" --database "$DATABASE" >"$OUT" 2>"$ERR" || EXIT=$?
}

# beside_succeeds ARGUMENTS
beside_succeeds() {
    beside "$@"
    [[ $EXIT == 0 ]] || fail "expected success of: $*" "$(cat "$ERR")"
}

@test "a user erased beside a server is in no file of it, and only the clients concerned notice" {
    a_history
    start_postbox
    send carol "@dave" 'Hi'
    as carol GET "$API"
    carols=$(header ETag)
    as bob GET "$API/late/messages"
    next=$(link next)
    beside_succeeds erase user alice
    assert_equal "$(cat "$OUT")" 'postbox: erased what was known of alice, and the content of 3 messages'
    as bob GET "$API/late/messages"
    assert_json 'map(.content) == ["", "reply", "", ""]'
    as bob GET "$next"
    assert_problem 410 cursor-expired
    as dave GET "$API"
    assert_json '.[0].lastMessage == "Hi"'
    nowhere secret-
    nowhere Archer
    beside erase user alise
    assert_equal "$EXIT" 65
    assert_one_line 'postbox: *alise*'
    send bob late 'goes on'
    assert_json '.id == "late:5"'
    whole "$DATABASE"
}

@test "a message erased beside a server is empty for everybody at once" {
    a_history
    start_postbox
    as bob GET "$API/late/messages"
    beside_succeeds erase message late:1
    assert_equal "$(cat "$OUT")" 'postbox: erased the content of late:1'
    as bob GET "$API/late/messages"
    assert_json '.[0].content == "" and .[1].content == "reply"'
    nowhere secret-one
    beside erase message late:9
    assert_equal "$EXIT" 65
    beside erase message late
    assert_equal "$EXIT" 64
}

@test "of messages that the database moved while it grew no copy is left in a file" {
    {
        for n in {0..7}; do echo "{\"kind\":\"conversation\",\"id\":\"c$n\",\"participantIds\":[\"alice\",\"bob\"]}"; done
        # A fixed sequence, so that messages of all sizes come to all conversations in no order.
        awk 'BEGIN { srand(1); for (n = 0; n < 4000; n++) {
            text = sprintf("%*s", int(rand() * 4) * 300, ""); gsub(" ", "x", text)
            printf "{\"kind\":\"message\",\"conversationId\":\"c%d\",\"senderId\":\"%s\",\"content\":\"%s %d %s\",\"timestamp\":\"2024-05-01T00:00:00Z\"}\n",
                rand() * 8, n % 2 ? "alice" : "bob", n % 2 ? "Zq7secret" : "hello", n, text } }'
    } >"$BATS_TEST_TMPDIR/moved.jsonl"
    succeeds import "$BATS_TEST_TMPDIR/moved.jsonl"
    start_postbox
    beside_succeeds erase user alice
    nowhere Zq7secret
    as bob GET "$API/c1/messages"
    assert_lacks Zq7secret "$BODY"
    for n in {0..7}; do send bob "c$n" 'goes on'; done
    restart_postbox
    nowhere Zq7secret
    stop_postbox
    nowhere Zq7secret
    whole "$DATABASE"
}

# bats test_tags=sqlite
@test "an erasure beside an export that takes long says what is still there, and the next run completes it" {
    many 400
    start_postbox
    send alice c 'Zq7secret'
    mkfifo "$FOLDER/pipe"
    "$POSTBOX" export --database "$DATABASE" >"$FOLDER/pipe" 3>&- &
    export=$!
    exec 4<"$FOLDER/pipe"
    # It has begun, and more comes than a pipe holds.
    read -r _ <&4
    beside erase user alice
    assert_equal "$EXIT" 69
    assert_one_line "postbox: that is done, but the database's files still have what is gone (the write-ahead log cannot be emptied while reads go on *); mend that and run this again"
    as bob GET "$API/c/messages?limit=1"
    assert_json '.[0].content == ""'
    cat <&4 >/dev/null
    exec 4<&-
    wait "$export"
    beside_succeeds erase user alice
    nowhere Zq7secret
}

# bats test_tags=sqlite
@test "of a user erased beside a server nothing is left in its memory, in use or free" {
    ! grep -qE '__(asan|tsan)_init' "$POSTBOX" || skip 'a sanitizer keeps what is freed'
    start_postbox
    in_memory() { python3 "$BATS_TEST_DIRNAME/memory.py" "$SERVER" Zq7secret; }
    gone() { (($(in_memory) == 0)); }
    in_memory >/dev/null 2>&1 || skip 'may not read the memory of another process'
    beside_succeeds users set alice --name 'Alice Zq7secret Archer'
    for n in {1..60}; do
        send alice "c$((n % 5))" "Zq7secret, number $n $(printf "%$((n * 37 % 1900))s" | tr ' ' x)" bob
        send bob "c$((n % 5))" "reply $n"
    done
    as bob GET "$API/c0/messages"
    next=$(link next)
    curl --silent --max-time 20 --header 'X-User-ID: bob' --header 'Prefer: wait=20' "$next" >"$BATS_TEST_TMPDIR/waited" 3>&- &
    waiter=$!
    send alice c0 'Zq7secret, the last one'
    wait "$waiter"
    grep -q Zq7secret "$BATS_TEST_TMPDIR/waited" || fail 'the poll that waits gets nothing'
    for user in alice bob; do
        for coding in identity gzip; do
            as "$user" GET "$API" --header "Accept-Encoding: $coding"
            for n in {0..4}; do as "$user" GET "$API/c$n/messages" --header "Accept-Encoding: $coding"; done
        done
    done
    (($(in_memory) > 0)) || fail 'the search finds nothing'
    beside_succeeds erase user alice
    # The last answer may be on its way. A look takes a while itself.
    PATIENCE=1 await gone
    nowhere Zq7secret
    as bob GET "$API/c0/messages"
    assert_lacks Zq7secret "$BODY"
    assert_equal "$(in_memory)" 0
}

@test "of a thousand clients only those who talked to the erased one fetch anything anew" {
    python3 "$BATS_TEST_DIRNAME/erasure.py" history 1000 >"$BATS_TEST_TMPDIR/history.jsonl"
    succeeds import "$BATS_TEST_TMPDIR/history.jsonl"
    start_postbox --poll-rate 0
    python3 "$BATS_TEST_DIRNAME/erasure.py" poll "$ORIGIN" 1000 "$POSTBOX" erase user user-0 --database "$DATABASE" >"$BODY"
    # Eleven conversations with 31 participants; 21 people are in them.
    assert_json '.concerned == {"410": 31, "200 full": 31, "200 changes": 21}'
    assert_json '.others == {"304": 2975}'
}

@test "a long removal beside a server says how far it is" {
    many 20500 20
    start_postbox
    beside_succeeds erase user alice
    said=$(sed -E 's/[12][0-9]{4}/N/' "$ERR")
    assert_equal "$said" $'postbox: the content of N messages erased\npostbox: the content of N messages erased'
    beside_succeeds prune --older-than 1y --all
    assert_equal "$(sed -E 's/[12][0-9]{4}/N/' "$ERR")" $'postbox: N messages removed\npostbox: N messages removed'
}

@test "old messages pruned beside a server are gone, and no cursor expires" {
    many 1300
    start_postbox
    send_many alice c 1 20
    as bob GET "$API/c/messages"
    next=$(link next)
    beside_succeeds prune --older-than 1y --all
    assert_equal "$(cat "$OUT")" 'postbox: removed 1300 messages, and the content of 0 behind newer ones'
    as bob GET "$next"
    assert_status 200
    assert_header X-Pruned-Up-To 1300
    nowhere 130xxx
    beside prune --older-than 1y --conversation none
    assert_equal "$EXIT" 65
    assert_one_line 'postbox: *does not exist; nothing was pruned'
    beside_succeeds prune --older-than 1y --conversation c
    assert_equal "$(cat "$OUT")" 'postbox: removed 0 messages, and the content of 0 behind newer ones'
    whole "$DATABASE"
}

@test "a pruning that is killed with its server is completed by the next one, while people send" {
    many 20000
    start_postbox
    timeout 60 "$POSTBOX" prune --older-than 1y --all --database "$DATABASE" >"$FOLDER/prune.out" 2>&1 3>&- &
    pruning=$!
    begun() { (($(query 'SELECT pruned_up_to FROM conversations') > 0)); }
    await begun
    send alice c 'meanwhile'
    kill_postbox
    wait "$pruning" || true
    whole "$DATABASE"
    start_postbox
    beside_succeeds prune --older-than 1y --all
    as bob GET "$API/c/messages"
    assert_contents meanwhile
    assert_json '.[0].id == "c:20001"'
    nowhere 130xxx
    whole "$DATABASE"
}

@test "a server stops at once in the middle of a pruning, and the command says so" {
    many 20000
    start_postbox
    timeout 60 "$POSTBOX" prune --older-than 1y --all --database "$DATABASE" >"$FOLDER/prune.out" 2>"$FOLDER/prune.err" 3>&- &
    pruning=$!
    begun() { (($(query 'SELECT pruned_up_to FROM conversations') > 0)); }
    await begun
    stop_postbox
    assert_equal "$EXIT" 0
    # It may just have been done.
    wait "$pruning" || grep -q '^postbox: ' "$FOLDER/prune.err"
    succeeds prune --older-than 1y --all
    assert_equal "$(query 'SELECT count(*) FROM messages')" 0
    whole "$DATABASE"
}

@test "rules of retention are set and shown beside a server" {
    a_history
    start_postbox
    beside_succeeds retention set 2y --tenant t/2
    beside_succeeds retention set forever
    beside_succeeds retention list
    assert_equal "$(cat "$OUT")" $'\tforever\nt/2\t2y'
    beside_succeeds retention unset
    beside_succeeds retention list
    assert_equal "$(cat "$OUT")" $'t/2\t2y'
}

# bats test_tags=sqlite
@test "a restore says what to stop" {
    a_history
    succeeds backup "$BACKUP"
    start_postbox
    beside restore "$BACKUP" --force
    assert_equal "$EXIT" 69
    assert_one_line 'postbox: *in use by another running Postbox; stop that one first*'
    as alice GET "$API"
    assert_status 200
}
