#!/usr/bin/env bats
# postbox backup, restore and export; databases of earlier and of later versions; replication.

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

# Files -----------------------------------------------------------------------------------

# half_written COMMAND…: what a crash, or somebody else, left where the command writes before it replaces FILE.
half_written() {
    local partial=$1.partial victim=$BATS_TEST_TMPDIR/victim
    shift
    echo 'My notes' >"$victim"
    for kind in --symbolic --symbolic\ --force; do
        # The second points to nothing that is there.
        [[ $kind == --symbolic ]] || victim=$BATS_TEST_TMPDIR/nowhere
        ln --symbolic --force "$victim" "$partial"
        refuses 69 "$@"
        [[ $(tail -n 1 "$ERR") == *"$partial"*'no ordinary file'* ]]
        assert_equal "$(readlink "$partial")" "$victim"
        [[ ! -e $BATS_TEST_TMPDIR/nowhere ]]
    done
    for make in mkfifo mkdir; do
        rm "$partial"
        "$make" "$partial"
        refuses 69 "$@"
    done
    rmdir "$partial"
    victim=$BATS_TEST_TMPDIR/victim
    # A second name of another file is no file to empty.
    ln "$victim" "$partial"
    for suffix in -journal -wal -shm; do ln --symbolic "$victim" "$partial$suffix"; done
    succeeds "$@"
    assert_equal "$(cat "$victim")" 'My notes'
    head -c 5000000 /dev/zero >"$partial"
    succeeds "$@"
    assert_equal "$(find "$BATS_TEST_TMPDIR" -name '*.partial*')" ''
}

@test "a backup writes through no link that stands where it writes, and replaces what a crash left there" {
    a_history
    half_written "$BACKUP" backup "$BACKUP"
    whole "$BACKUP"
}

@test "a restore writes through no link that stands where it writes, and replaces what a crash left there" {
    a_history
    succeeds backup "$BACKUP"
    half_written "$DATABASE" restore "$BACKUP" --force
    whole "$DATABASE"
}

@test "a journal that cannot be removed is not taken for that of a backup or a restored database" {
    a_history
    mkdir "$BACKUP.partial-journal"
    refuses 69 backup "$BACKUP"
    [[ $(tail -n 1 "$ERR") == *"$BACKUP.partial-journal"* && ! -e $BACKUP && ! -e $BACKUP.partial ]]
    rmdir "$BACKUP.partial-journal"
    succeeds backup "$BACKUP"
    mkdir "$DATABASE-journal"
    before=$(sha256sum <"$DATABASE")
    refuses 69 restore "$BACKUP" --force
    [[ $(tail -n 1 "$ERR") == *"$DATABASE-journal"* ]]
    assert_equal "$(sha256sum <"$DATABASE")" "$before"
}

@test "a backup to a link replaces the file it names, and a link that names nothing itself" {
    a_history
    mkdir "$BATS_TEST_TMPDIR/elsewhere"
    ln --symbolic elsewhere/backup.sqlite "$BACKUP"
    succeeds backup "$BACKUP"
    [[ ! -L $BACKUP && ! -e $BATS_TEST_TMPDIR/elsewhere/backup.sqlite ]]
    mv "$BACKUP" "$BATS_TEST_TMPDIR/elsewhere"
    ln --symbolic elsewhere/backup.sqlite "$BACKUP"
    succeeds backup "$BACKUP"
    [[ -L $BACKUP ]]
    whole "$BATS_TEST_TMPDIR/elsewhere/backup.sqlite"
}

@test "what another user put into a folder that everybody can write to is not replaced" {
    # Only root can give files away.
    ((EUID == 0)) || return 0
    a_history
    mkdir --mode 1777 "$BATS_TEST_TMPDIR/shared"
    planted=$BATS_TEST_TMPDIR/shared/backup.sqlite
    succeeds backup "$BACKUP"
    before=$(sha256sum <"$BACKUP")
    touch "$planted"
    chmod 666 "$planted"
    chown 65534 "$planted"
    refuses 69 backup "$planted"
    refuses 69 restore "$BACKUP" --force --database "$planted"
    [[ $(tail -n 1 "$ERR") == *"$planted"*'another user put it'* && ! -s $planted ]]
    ln --symbolic --force "$BACKUP" "$planted"
    chown --no-dereference 65534 "$planted"
    refuses 69 backup "$planted"
    assert_equal "$(sha256sum <"$BACKUP")" "$before"
    chown --no-dereference 0 "$planted"
    succeeds backup "$planted"
    [[ -L $planted ]]
}

# modes FILE…: in one word.
modes() {
    stat --format %a "$@" | tr '\n' ' '
}

@test "what is new is never readable by others, less the umask" {
    for mask in 0000:640 0022:640 0027:640 0077:600; do
        umask "${mask%:*}"
        start_postbox
        send alice conv-1 Hi bob
        assert_equal "$(modes "$DATABASE" "$DATABASE-wal" "$DATABASE-shm")" "${mask#*:} ${mask#*:} ${mask#*:} "
        succeeds backup "$BACKUP"
        stop_postbox
        rm "$DATABASE"
        succeeds restore "$BACKUP"
        assert_equal "$(modes "$BACKUP" "$DATABASE")" "${mask#*:} ${mask#*:} "
        rm "$BACKUP" "$DATABASE"
        a_history
        assert_equal "$(modes "$DATABASE")" "${mask#*:} "
        rm "$DATABASE"
    done
}

@test "what is there keeps its mode, and a backup of what few may read is for no more" {
    a_history
    succeeds backup "$BACKUP"
    chmod 604 "$DATABASE"
    chmod 664 "$BACKUP"
    start_postbox
    send alice conv-1 Hi bob
    succeeds backup "$BACKUP"
    stop_postbox
    assert_equal "$(modes "$DATABASE" "$BACKUP")" '604 664 '
    succeeds restore "$BACKUP" --force
    succeeds erase user alice
    assert_equal "$(modes "$DATABASE" "$BACKUP")" '604 664 '
    rm "$BACKUP"
    chmod 600 "$DATABASE"
    succeeds backup "$BACKUP"
    assert_equal "$(modes "$BACKUP")" '600 '
}

@test "a name that SQLite takes for something else than a file is refused by every command" {
    a_history
    succeeds backup "$BACKUP"
    cd "${DATABASE%/*}"
    before=$(listing .)
    for name in file:postbox.sqlite file:///tmp/x.sqlite 'file:x?mode=memory' FILE:x :memory: ''; do
        for command in 'serve --port 0 --identity demo' check export 'erase user alice' 'prune --older-than 1y --all' \
            'conversations open --participants a,b' 'users set a --name A' "import $BATS_TEST_TMPDIR/history.jsonl" \
            "backup $BACKUP.2" "restore $BACKUP --force"; do
            # shellcheck disable=SC2086
            refuses 64 $command --database "$name"
        done
        refuses 64 backup "$name"
        refuses 64 restore "$name" --force
    done
    assert_equal "$(listing .)" "$before"
    # All other names are those of files, the one that is locked too.
    for name in file:x 'a?mode=ro&b#c%20' :memory: "quote'd.sqlite"; do
        name=./$name
        DATABASE=$name start_postbox
        refuses 69 serve --port 0 --identity demo --database "$name"
        [[ $(cat "$ERR") == *'in use'* ]]
        stop_postbox
        [[ -s $name ]]
        rm "$name"
    done
    assert_equal "$(listing .)" "$before"
}

@test "a database behind a symbolic link is locked, watched and copied like any other" {
    a_history
    ln --symbolic "$DATABASE" "$BATS_TEST_TMPDIR/link.sqlite"
    DATABASE=$BATS_TEST_TMPDIR/link.sqlite start_postbox --admin 127.0.0.1:0
    admin=$(sed -n 's/^postbox: metrics on //p' "$OUT")
    "$POSTBOX" users set bob --name Bob --database "$DATABASE"
    send alice conv-1 Hi bob
    as alice GET "$API/conv-1"
    assert_json '.name == "Bob"'
    request GET "$admin"
    grep -qx "postbox_wal_bytes $(stat --format %s "$DATABASE-wal")" "$BODY"
    mv "$DATABASE-wal" "$DATABASE-gone"
    post alice conv-1 '{"content": "lost"}'
    assert_problem 503 store-unavailable
    mv "$DATABASE-gone" "$DATABASE-wal"
    : >"$ERR"
}

@test "a symbolic link to no file is refused, and nothing is made where it leads" {
    ln --symbolic nowhere "$DATABASE"
    refuses 69 users set a --name A
    assert_one_line "postbox: *$DATABASE*symbolic link to a file that does not exist*"
    [[ ! -e ${DATABASE%/*}/nowhere ]]
}

@test "a database with a hard link is refused: what a crash left in the log would be missing under its other name" {
    start_postbox
    send alice conv-1 Hi bob
    other=$BATS_TEST_TMPDIR/other.sqlite
    ln "$DATABASE" "$other"
    # The one that serves has its log, so it can be copied.
    succeeds backup "$BACKUP"
    kill_postbox
    for command in 'serve --port 0 --identity demo' check export 'erase user alice' 'prune --older-than 1y --all' \
        'users set a --name A' "backup $BACKUP.2"; do
        # shellcheck disable=SC2086
        refuses 69 $command --database "$other"
        [[ $(tail -n 1 "$ERR") == "postbox: The database $other has another name (a hard link)"* ]]
    done
    refuses 69 serve --port 0 --identity demo
    rm "$other"
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
    # A backup has no log, so it may have as many names as it likes.
    ln "$BACKUP" "$other"
    whole "$other"
}

# with_mount FILE PLACE COMMAND…: runs it where the file is mounted on that place.
with_mount() {
    EXIT=0
    timeout 20 unshare --mount --map-root-user sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
        "$1" "$2" env LD_PRELOAD="${PRELOAD:-}" "$POSTBOX" "${@:3}" >"$OUT" 2>"$ERR" || EXIT=$?
}

# by_itself COMMAND…: runs it where the database is mounted by itself, from another folder.
by_itself() {
    with_mount "$DATABASE" "$BATS_TEST_TMPDIR/mounted/postbox.sqlite" "$@"
}

@test "also where the system is too old to say what is a mount" {
    printf '%s\n' '#include <errno.h>' 'int statx(void) { errno = ENOSYS; return -1; }' >"$BATS_TEST_TMPDIR/old.c"
    gcc -shared -fPIC -o "$BATS_TEST_TMPDIR/old.so" "$BATS_TEST_TMPDIR/old.c"
    a_history
    mkdir "$BATS_TEST_TMPDIR/mounted"
    touch "$BATS_TEST_TMPDIR/mounted/postbox.sqlite"
    PRELOAD=$BATS_TEST_TMPDIR/old.so by_itself users set a --name A --database "$BATS_TEST_TMPDIR/mounted/postbox.sqlite"
    assert_equal "$EXIT" 69
    [[ $(cat "$ERR") == *'mounted by itself'* ]]
    LD_PRELOAD=$BATS_TEST_TMPDIR/old.so succeeds users set a --name A
}

@test "a log that is mounted by itself is refused like its database" {
    a_history
    for suffix in -wal -shm -journal; do
        touch "$DATABASE$suffix" "$BATS_TEST_TMPDIR/elsewhere"
        for command in 'serve --port 0 --identity demo' check "backup $BACKUP"; do
            # shellcheck disable=SC2086
            with_mount "$BATS_TEST_TMPDIR/elsewhere" "$DATABASE$suffix" $command --database "$DATABASE"
            assert_equal "$EXIT" 69
            [[ $(cat "$ERR") == *"$DATABASE$suffix is mounted by itself"* ]]
        done
        rm "$DATABASE$suffix"
    done
}

@test "a database that is mounted by itself is refused: its log would be lost" {
    a_history
    mkdir "$BATS_TEST_TMPDIR/mounted"
    touch "$BATS_TEST_TMPDIR/mounted/postbox.sqlite"
    ln --symbolic mounted/postbox.sqlite "$BATS_TEST_TMPDIR/link.sqlite"
    before=$(listing "$BATS_TEST_TMPDIR/mounted")
    succeeds backup "$BACKUP"
    for name in mounted/postbox.sqlite link.sqlite; do
        for command in 'serve --port 0 --identity demo' check export 'erase user alice' 'prune --older-than 1y --all' \
            'users set a --name A' "backup $BACKUP.2" "restore $BACKUP --force"; do
            # shellcheck disable=SC2086
            by_itself $command --database "$BATS_TEST_TMPDIR/$name"
            assert_equal "$EXIT" 69
            [[ $(tail -n 1 "$ERR") == "postbox: The database $BATS_TEST_TMPDIR"*'mounted by itself'*'mount the folder'* ]]
        done
    done
    assert_equal "$(listing "$BATS_TEST_TMPDIR/mounted")" "$before"
    # A backup has no log, so it may be mounted as it likes; only nothing can take its place there.
    DATABASE=$BACKUP by_itself check --database "$BATS_TEST_TMPDIR/mounted/postbox.sqlite"
    assert_equal "$EXIT" 0
    source=$DATABASE
    DATABASE=$BACKUP by_itself backup "$BATS_TEST_TMPDIR/mounted/postbox.sqlite" --database "$source"
    assert_equal "$EXIT" 69
    [[ $(tail -n 1 "$ERR") == *'mounted by itself'* ]]
    # Its folder is a good place.
    rm "$BATS_TEST_TMPDIR/mounted/postbox.sqlite"
    timeout 20 unshare --mount --map-root-user sh -c 'mount --bind "$1" "$2" && exec "$3" users set a --name A --database "$2/postbox.sqlite"' sh \
        "${DATABASE%/*}" "$BATS_TEST_TMPDIR/mounted" "$POSTBOX"
}
