#!/usr/bin/env bats
# The files that commands write and read: half written, linked, on full disks, for whom.

load helpers
load data

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
