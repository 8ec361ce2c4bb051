#!/usr/bin/env bats
# Operators' commands beside a running server: the control socket.

load helpers
load data

setup() {
    prepare_database
    SOCKET=$DATABASE-control
}

# beside ARGUMENTS: a command on the database that a server has open; OUT and ERR are its own from then on.
beside() {
    OUT=$FOLDER/command.out
    ERR=$FOLDER/command.err
    postbox "$@" --database "$DATABASE"
}

control() {
    timeout 60 python3 "$BATS_TEST_DIRNAME/control.py" "$SOCKET" "$@"
}

RENAME='{"version":1,"command":{"setUser":{"id":"bob","name":"Bob"}}}'

@test "a conversation opened beside a server is there at once, for pollers too" {
    start_postbox
    as alice GET "$API"
    list=$(link next)
    beside conversations open --participants alice,bob --id conv-1
    assert_equal "$EXIT" 0
    assert_equal "$(cat "$OUT")" conv-1
    as alice GET "$list"
    assert_json 'length == 1 and .[0].id == "conv-1"'
    send bob conv-1 'Hi'
    assert_json '.id == "conv-1:1"'
    beside conversations open --participants alice,carol --id conv-1
    assert_equal "$EXIT" 65
    assert_one_line 'postbox: there is a conversation conv-1 with other participants already'
    beside conversations open --participants alice,bob
    direct=$(cat "$OUT")
    beside conversations open --participants bob,alice
    assert_equal "$(cat "$OUT")" "$direct"
}

@test "a name set beside a server reaches everybody who polls, and stays" {
    start_postbox
    send alice conv-1 'Hi' bob
    as alice GET "$API"
    list=$(link next)
    beside users set bob --name 'Bob Baker' --company Acme
    assert_equal "$EXIT" 0
    as alice GET "$list"
    assert_json 'length == 1 and .[0].name == "Bob Baker" and .[0].company == "Acme"'
    restart_postbox
    as alice GET "$API"
    assert_json '.[0].name == "Bob Baker"'
}

@test "commands work beside a server that many poll and send to" {
    start_postbox --admin 127.0.0.1:0
    send alice busy 'first' bob
    send_many alice busy 2 300 3>&- &
    sender=$!
    for number in 1 2 3 4 5; do
        beside users set bob --name "Bob $number"
        assert_equal "$EXIT" 0
        beside conversations open --participants "alice,user-$number" --id "with-$number"
        assert_equal "$EXIT" 0
        # It reads one moment of the database.
        "$POSTBOX" check --database "$DATABASE"
    done
    wait "$sender"
    as alice GET "$API/busy/messages?limit=1"
    assert_json '.[0].id == "busy:300"'
    as alice GET "$API"
    assert_json 'length == 6 and (map(select(.id == "busy")) | .[0].name == "Bob 5")'
}

@test "what operators ask for is counted by command and result" {
    start_postbox --admin 127.0.0.1:0
    metrics=$(sed -n 's/^postbox: metrics on //p' "$OUT")
    beside users set bob --name Bob
    beside conversations open --participants alice,bob --id conv-1
    beside conversations open --participants alice,carol --id conv-1
    curl --silent "$metrics" >"$BODY"
    grep -qxF 'postbox_control_commands_total{command="users set",result="done"} 1' "$BODY"
    grep -qxF 'postbox_control_commands_total{command="users set",result="refused"} 0' "$BODY"
    grep -qxF 'postbox_control_commands_total{command="conversations open",result="done"} 1' "$BODY"
    grep -qxF 'postbox_control_commands_total{command="conversations open",result="refused"} 1' "$BODY"
}

@test "an erasure of a name alone that was killed before its end is completed by the next run" {
    start_postbox
    beside users set ghost --name Zq7ghost
    # What a command does first.
    control say '{"version":1,"command":{"eraseUser":{"id":"ghost"}}}' >"$BODY"
    assert_equal "$(cat "$BODY")" '{"erased":{"messages":0}}'
    grep -qaF Zq7ghost "$DATABASE"*
    beside erase user ghost
    assert_equal "$EXIT" 65
    nowhere Zq7ghost
}

# The socket ------------------------------------------------------------------------------

@test "the socket is for its user alone, and goes with the server" {
    start_postbox
    assert_equal "$(stat -c '%A %a' "$SOCKET")" 'srw------- 600'
    stop_postbox
    [[ ! -e $SOCKET ]]
}

@test "another user is refused, whatever the mode of the socket is" {
    ((EUID == 0)) || skip 'needs a second user'
    start_postbox
    chmod 666 "$SOCKET"
    # A folder that everybody may go through.
    place=$(mktemp -d)
    chmod 755 "$place"
    touch "$place/control"
    cp "$BATS_TEST_DIRNAME/control.py" "$place"
    # Mount and user go together: only the child sees the socket there.
    answer=$(unshare --mount sh -c '
        mount --bind "$1" "$2/control" && exec setpriv --reuid=nobody --regid=nogroup --clear-groups \
            /usr/bin/python3 "$2/control.py" "$2/control" say "$3"' - "$SOCKET" "$place" "$RENAME")
    rm -r "$place"
    [[ $answer == '{"refused":{"_0":{"reason":"bad-request","text":"only the server'* ]] || fail "$answer"
    grep -q 'a user may not give commands' "$ERR"
    as alice GET "$API"
    assert_status 200
}

@test "root may give commands to a server of another user" {
    ((EUID == 0)) || skip 'needs root'
    start_postbox
    control say "$RENAME" >"$BODY"
    assert_equal "$(cat "$BODY")" '{"done":{}}'
}

@test "the socket of a killed server is replaced, and asking it meanwhile opens the file" {
    start_postbox
    send alice conv-1 'Hi' bob
    kill_postbox
    [[ -S $SOCKET ]]
    beside users set bob --name Bob
    assert_equal "$EXIT" 0
    start_postbox
    beside users set bob --company Acme
    assert_equal "$EXIT" 0
    as alice GET "$API"
    assert_json '.[0].name == "Bob" and .[0].company == "Acme"'
}

@test "something else under the name of the socket stays, and the server serves without one" {
    echo precious >"$SOCKET"
    start_postbox
    grep -q "no operator's command can be given" "$ERR"
    as alice GET "$API"
    assert_status 200
    beside users set bob --name Bob
    assert_equal "$EXIT" 69
    assert_one_line 'postbox: *takes no commands at *-control*'
    assert_equal "$(cat "$SOCKET")" precious
}

@test "a link under the name of the socket leads no command to another server" {
    OTHER=${DATABASE%/*}/other.sqlite
    DATABASE=$OTHER start_postbox
    ln -s "$OTHER-control" "$SOCKET"
    start_postbox
    beside users set bob --name Bob
    assert_equal "$EXIT" 69
    assert_one_line 'postbox: *takes no commands at *-control: there is something else than a socket.'
    assert_equal "$(sqlite3 "$OTHER" 'SELECT count(*) FROM users')" 0
}

@test "a command is not given to the server of another user, whose socket stands where ours should" {
    ((EUID == 0)) || skip 'needs a second user'
    # A folder of another user that everybody may write to.
    place=$(mktemp -d)
    chmod 1777 "$place"
    cp "$BATS_TEST_DIRNAME/control.py" "$place"
    chown daemon "$place"
    database=$place/postbox.sqlite
    setpriv --reuid=nobody --regid=nogroup --clear-groups \
        /usr/bin/python3 "$place/control.py" "$database-control" deceive >"$FOLDER/heard" 3>&- &
    deceiver=$!
    await test -S "$database-control"
    # The server runs as root here, and would remove the socket if it had the privileges of root.
    setpriv --bounding-set=-all --inh-caps=-all "$POSTBOX" serve --port 0 --identity demo --database "$database" >"$OUT" 2>"$ERR" 3>&- &
    SERVER=$!
    SERVERS+=("$SERVER")
    await started
    DATABASE=$database beside users set bob --name Bob
    kill "$deceiver"
    rm -rf "$place"
    assert_equal "$EXIT" 69
    assert_one_line 'postbox: *belongs to a process of another user (*) than the database*'
    [[ ! -s $FOLDER/heard ]] || fail "$(cat "$FOLDER/heard")"
}

@test "a socket whose path is longer than an address works too" {
    long=$(dirname "$DATABASE")/$(printf 'x%.0s' {1..100})
    mkdir "$long"
    DATABASE=$long/postbox.sqlite
    start_postbox
    beside users set bob --name Bob
    assert_equal "$EXIT" 0
    # Its name alone does not fit any more.
    DATABASE=$long/$(printf 'y%.0s' {1..120}).sqlite
    start_postbox
    grep -q 'too long for a socket' "$ERR"
    beside users set bob --name Bob
    assert_equal "$EXIT" 69
    [[ $(cat "$ERR") == *'too long for a socket'* ]]
}

# Speakers of something else --------------------------------------------------------------

@test "what is no command of the protocol is answered, and ends the connection" {
    start_postbox
    for line in '' 'hello' '[]' '{}' '{"version":1}' '{"version":1,"command":{}}' '{"version":1,"command":{"drop":{}}}' \
        '{"version":1,"command":{"setUser":{"id":7}}}' '{"version":1.5}' \
        '{"version":1,"command":{"setUser":{"id":"bob"}},"version":1}'; do
        control say "$line"$'\n'"$RENAME" >"$BODY"
        assert_equal "$(wc -l <"$BODY")" 1
        assert_json '.refused._0.reason == "bad-request"'
    done
    control say '{"version":2,"command":{"setUser":{"id":"bob"}}}' >"$BODY"
    assert_json '.refused._0.text | contains("speaks version 1")'
    # An id that is none is a command that is refused.
    control say '{"version":1,"command":{"setUser":{"id":""}}}'$'\n'"$RENAME" >"$BODY"
    assert_equal "$(wc -l <"$BODY")" 2
    beside users set bob --name Bob
    assert_equal "$EXIT" 0
}

@test "a line without an end is cut" {
    start_postbox
    control flood $((8 << 20)) >"$BODY"
    beside users set bob --name Bob
    assert_equal "$EXIT" 0
}

@test "who sends a line byte by byte is cut after ten seconds" {
    start_postbox
    seconds=$(control dribble)
    ((seconds >= 9 && seconds <= 15)) || fail "after $seconds s"
}

@test "the fifth connection is told to come back, while the server serves" {
    start_postbox
    mkfifo "$FOLDER/hold"
    control occupy 4 <"$FOLDER/hold" >"$FOLDER/occupied" 3>&- &
    occupier=$!
    exec 4>"$FOLDER/hold"
    await grep -q open "$FOLDER/occupied"
    beside users set bob --name Bob
    assert_equal "$EXIT" 69
    [[ $(cat "$ERR") == *'4 other commands'* ]] || fail "$(cat "$ERR")"
    as alice GET "$API"
    assert_status 200
    exec 4>&-
    wait "$occupier"
    again() {
        beside users set bob --name Bob && ((EXIT == 0))
    }
    await again
}

@test "a server stops at once though connections are open" {
    start_postbox
    mkfifo "$FOLDER/hold"
    control occupy 3 <"$FOLDER/hold" >"$FOLDER/occupied" 3>&- &
    exec 4>"$FOLDER/hold"
    await grep -q open "$FOLDER/occupied"
    stop_postbox
    assert_equal "$EXIT" 0
    exec 4>&-
}
