#!/usr/bin/env bats
# What happens when the disk or the clock fail, while people send and poll.

load helpers

AUDIT=$BATS_TEST_DIRNAME/faults/audit.py
SHIM=$BATS_FILE_TMPDIR/shim.so
LEDGER=$FOLDER/ledger
# What the shim reads to know what fails.
FAULTS=$FOLDER/faults

setup_file() {
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -o "$BATS_FILE_TMPDIR/shim.so" \
        "$BATS_TEST_DIRNAME/faults/shim.c" -ldl
}

setup() {
    mkdir -p "${DATABASE%/*}"
}

# start_breakable [arguments]: the program, on a disk and with a clock that fail as the file FAULTS says.
start_breakable() {
    : >"$FAULTS"
    LD_PRELOAD=$SHIM FAULTS=$FAULTS start_postbox "$@"
}

# Files are replaced, so that nobody reads half of one.
faulty() {
    printf '%s\n' "$*" >"$FAULTS.new"
    mv "$FAULTS.new" "$FAULTS"
}

# disturb REASON BREAK MEND [arguments]
disturb() {
    timeout 90 python3 "$AUDIT" disturb "$ORIGIN" "$LEDGER" --reason "$1" --break "$2" ${3:+--mend "$3"} "${@:4}" 3>&-
}

# What was acknowledged is there after the server was killed and a new one was started.
all_there_after_kill() {
    stop_postbox KILL
    start_postbox "$@"
    python3 "$AUDIT" verify "$ORIGIN" "$LEDGER"
}

# logged COUNT PATTERN
logged() {
    assert_equal "$(grep -cE -- "$2" "$ERR")" "$1"
}

# The command that does the same.
faulty_command() {
    printf "echo '%s' >'%s.new' && mv '%s.new' '%s'" "$1" "$FAULTS" "$FAULTS" "$FAULTS"
}

# disturb_disk REASON FAULTS [arguments]: the disk fails so, and then no longer.
disturb_disk() {
    disturb "$1" "$(faulty_command "$2")" "$(faulty_command '')" "${@:3}"
}

# What would be on the disk had the power gone at the moment of the kill takes the place of what the kernel has in memory.
all_there_after_power_cut() {
    stop_postbox KILL
    mv "$DATABASE.durable" "$DATABASE"
    mv "$DATABASE-wal.durable" "$DATABASE-wal"
    rm "$DATABASE-shm"
    start_postbox
    python3 "$AUDIT" verify "$ORIGIN" "$LEDGER"
    stop_postbox
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA integrity_check')" ok
}

is_ready() {
    request GET "$ORIGIN/readyz"
    [[ $CODE == 200 ]]
}

# is_unready REASON
is_unready() {
    request GET "$ORIGIN/readyz"
    [[ $CODE == 503 && $(json .detail) == *"($1)."* ]]
}

# finds PATTERN: whether the log has it.
finds() {
    grep -qE -- "$1" "$ERR"
}

# A small disk -----------------------------------------------------------------------------

# The program with a file system of 256 MB for its data, which nobody else sees and which goes with it.
start_on_small_disk() {
    cat >"$FOLDER/on-small-disk" <<EOF
#!/bin/sh
exec unshare --mount --map-root-user sh -c 'mount -t tmpfs -o size=256m none "$FOLDER/data" && exec "$POSTBOX" "\$@"' sh "\$@"
EOF
    chmod +x "$FOLDER/on-small-disk"
    POSTBOX=$FOLDER/on-small-disk start_postbox "$@"
    SMALL_DISK=/proc/$SERVER/root$FOLDER/data
}

@test "on a full disk sends are refused and polls go on; with room again sends succeed, and nothing acknowledged is lost" {
    if unshare --mount --map-root-user true; then
        start_on_small_disk --admin 127.0.0.1:0
        disturb disk_full "cat /dev/zero >$SMALL_DISK/filler || true" "rm $SMALL_DISK/filler"
        kill -STOP "$SERVER"
        # Nobody but the program sees that disk; under the same name there is an ordinary folder.
        cp "$SMALL_DISK"/postbox.sqlite "$SMALL_DISK"/postbox.sqlite-[ws]* "${DATABASE%/*}/"
        kill -KILL "$SERVER"
        wait "$SERVER" || true
    else
        # A machine that lets nobody mount anything.
        start_breakable --admin 127.0.0.1:0
        disturb_disk disk_full write=28
        stop_postbox KILL
    fi
    logged 1 'writes fail .*reason=disk_full'
    logged 1 'writes succeed again'
    start_postbox
    python3 "$AUDIT" verify "$ORIGIN" "$LEDGER"
}

# A disk that fails -------------------------------------------------------------------------

@test "whatever call finds the disk full, nothing acknowledged is lost" {
    start_breakable
    disturb_disk disk_full write=28 --nothing-succeeds
    all_there_after_kill
}

@test "when syncs fail nothing is acknowledged, and what is acknowledged afterwards is on disk" {
    POWER=1 start_breakable
    disturb_disk io_error sync=5 --nothing-succeeds
    logged 1 'writes fail .*reason=io_error'
    logged 1 'writes succeed again'
    all_there_after_power_cut
}

@test "when the power goes while syncs fail, all that was acknowledged is there" {
    POWER=1 start_breakable
    disturb io_error "$(faulty_command sync=5)" ''
    all_there_after_power_cut
}

@test "while the log cannot be copied into the database sends go on, and it is copied once it can be" {
    start_breakable --admin 127.0.0.1:0
    ADMIN=$(sed -n 's|^postbox: metrics on \(http:.*\)/metrics$|\1|p' "$OUT")
    faulty sync.db=5
    send alice conv-1 'one' bob
    await finds 'checkpoints fail .*reason=io_error'
    send_many alice conv-1 2 50
    request GET "$ADMIN/metrics"
    grep -qx 'postbox_store_up{operation="checkpoint"} 0' "$BODY"
    grep -qx 'postbox_store_up{operation="write"} 1' "$BODY"
    is_ready
    faulty
    await finds 'checkpoints succeed again'
    # With what is in the file alone, all is there.
    mkdir "$FOLDER/copy"
    cp "$DATABASE" "$FOLDER/copy/"
    assert_equal "$(sqlite3 "$FOLDER/copy/postbox.sqlite" 'SELECT count(*) FROM messages')" 50
}

log_is_long() {
    [[ -f $DATABASE-wal ]] && (($(stat -c %s "$DATABASE-wal") > 2000000))
}

# copy_fails FAULT REASON: while so much is in the log that another connection copies it than the one that writes, the copy fails so. Sends
# go on, and all are there after the power went.
copy_fails() {
    local n senders=()
    POWER=1 start_breakable
    for n in 1 2 3 4; do send alice "conv-$n" 1 bob; done
    for n in 1 2 3 4; do
        send_many alice "conv-$n" 2 150 3>&- &
        senders+=($!)
    done
    await log_is_long
    faulty "$1"
    wait "${senders[@]}"
    await finds "checkpoints fail .*reason=$2"
    send_many alice conv-1 151 160
    stop_postbox KILL
    mv "$DATABASE.durable" "$DATABASE"
    mv "$DATABASE-wal.durable" "$DATABASE-wal"
    rm "$DATABASE-shm"
    assert_equal "$(sqlite3 "$DATABASE" 'PRAGMA integrity_check; SELECT count(*) FROM messages')" $'ok\n610'
}

@test "while copying a long log hangs sends go on, and when the power goes then, all that was acknowledged is there" {
    copy_fails sync.db=0 stalled
}

@test "when copying a long log fails sends go on, and when the power goes then, all that was acknowledged is there" {
    copy_fails sync.db=5 io_error
}

@test "when reads fail nothing wrong is served and nothing is forgotten" {
    start_breakable
    disturb_disk damaged read=5 --polls-may-fail
    logged 1 'reads fail .*reason=damaged'
    logged 1 'reads succeed again'
    all_there_after_kill
}

@test "when the files have become read-only sends are refused and polls go on" {
    start_breakable
    disturb_disk read_only write=30 --nothing-succeeds
    logged 1 'writes fail .*reason=read_only'
    all_there_after_kill
}

@test "while the disk hangs, sends are refused within a moment; what waited is stored when it goes on" {
    start_breakable
    send alice conv-1 'one' bob
    faulty sync=0
    BODY=$FOLDER/waiting send alice conv-1 'two' 3>&- &
    waiting=$!
    # One that comes in the first seconds waits too, and gives up.
    for _ in 1 2 3; do
        ! post bob conv-1 '{"content": "three"}' --max-time 3 || break
    done
    assert_problem 503 overloaded
    is_unready stalled
    as bob GET "$API/conv-1/messages"
    assert_status 200
    faulty
    wait "$waiting"
    await is_ready
    logged 1 'writes fail .*reason=stalled'
    as bob GET "$API/conv-1/messages"
    assert_json 'map(.content) | index("one") == 0 and contains(["two"])'
}

@test "a disk that hangs while nobody sends is noticed by those who send next" {
    start_breakable
    faulty sync.db=0
    send alice conv-1 'one' bob
    # A moment later the log is copied into the database, and that does not end.
    for _ in 1 2 3 4; do
        ! post bob conv-1 '{"content": "two"}' --max-time 3 || [[ $CODE == 201 ]] || break
        sleep 0.5
    done
    assert_problem 503 overloaded
    is_unready stalled
    faulty
    await is_ready
    send alice conv-1 'three'
}

@test "a full disk is found before anybody sends, and so is that there is room again" {
    start_breakable
    faulty write=28
    is_unready disk_full
    faulty
    await is_ready
}

# Files that go away ------------------------------------------------------------------------

@test "when the folder is deleted nothing more is acknowledged, and polls go on" {
    start_postbox
    disturb file_missing "rm -r '${DATABASE%/*}'" '' --nothing-succeeds
    logged 1 'writes fail .*reason=file_missing'
    [[ ! -e ${DATABASE%/*} ]] || fail 'somebody has made files in place of the deleted ones'
}

@test "when another file takes the place of the database or of its log, nothing more is acknowledged" {
    for file in "$DATABASE" "$DATABASE-wal"; do
        start_postbox
        disturb file_missing "cp '$file' '$file.new' && mv '$file.new' '$file'" '' --nothing-succeeds
        stop_postbox KILL
        rm -r "${DATABASE%/*}"
    done
}

@test "when the folder was only moved away for a while, sends succeed once it is back" {
    start_postbox
    disturb file_missing "mv '${DATABASE%/*}' '$FOLDER/elsewhere'" "mv '$FOLDER/elsewhere' '${DATABASE%/*}'" --nothing-succeeds
    all_there_after_kill
}

@test "when a table is gone it is not ready, and says so" {
    start_postbox
    disturb damaged "sqlite3 -cmd '.timeout 5000' '$DATABASE' 'DROP TABLE messages'" '' --nothing-succeeds --polls-may-fail
    logged 1 'writes fail .*reason=damaged'
}

@test "the log has one line for a failure, however many requests it hits" {
    start_breakable
    send alice conv-1 'Hi' bob
    faulty write=28
    for _ in {1..30}; do
        post alice conv-1 '{"content": "Hi"}'
        assert_problem 503 store-unavailable
    done
    is_unready disk_full
    assert_lacks "$FOLDER" "$BODY"
    logged 1 'writes fail'
    logged 1 'the store cannot answer'
}

# The clock ---------------------------------------------------------------------------------

@test "when the clock is set back an hour nothing changes but the time that is shown" {
    start_breakable --send-rate 0.25 --send-burst 4
    send alice conv-1 'one' bob
    send alice conv-2 'two' bob
    as bob GET "$API"
    list_tag=$(header ETag) list_cursor=$(header X-Cursor)
    as bob GET "$API/conv-1/messages"
    cursor=$(header X-Cursor)
    before=$(date -d "$(json '.[0].timestamp')" +%s)
    exec 4<>"/dev/tcp/127.0.0.1/$PORT"
    faulty clock=-3600
    as bob GET "$API" --header "If-None-Match: $list_tag"
    assert_status 304
    send alice conv-1 'three'
    ((before - $(date -d "$(json .timestamp)" +%s) > 3500)) || fail 'the clock was not set back' "$(answer)"
    as bob GET "$API/conv-1/messages?since=$cursor"
    assert_contents three
    as bob GET "$API?since=$list_cursor"
    assert_json 'map(.id) == ["conv-1"] and .[0].lastMessage == "three"'
    as bob GET "$API"
    assert_json 'map(.id) == ["conv-1", "conv-2"]'
    mark_read bob conv-1
    as alice GET "$API/conv-1/messages"
    assert_contents one three
    assert_json 'all(.read)'
    # Sending too much is refused as before, and for no longer than before.
    post alice conv-2 '{"content": "four"}'
    until [[ $CODE == 429 ]]; do post alice conv-2 '{"content": "more"}'; done
    goes_out() {
        post alice conv-2 '{"content": "more"}' && [[ $CODE == 201 ]]
    }
    await goes_out
    # The connection from before is still good.
    printf '%s\r\n' 'GET /healthz HTTP/1.1' 'Host: localhost' 'Connection: close' '' >&4
    read -r -t 5 -u 4 status
    exec 4>&-
    [[ $status == 'HTTP/1.1 200'* ]]
}
