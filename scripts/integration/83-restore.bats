#!/usr/bin/env bats
# Three servers on one PostgreSQL whose data are put back from a copy: clients are told, at every server.
# bats file_tags=nodes

load helpers

setup() {
    # Neither the files nor the PostgreSQL of the other tests.
    TEST_STORE=private
    make_postgres_folder
    ARCHIVE=$POSTGRES_FOLDER/archive
    mkdir "$ARCHIVE"
    ((EUID != 0)) || chown "$POSTGRES_USER" "$ARCHIVE"
    make_server main 'archive_mode = on' "archive_command = 'cp %p $ARCHIVE/%f'"
    start_server main
    make_database main chat
    DATABASE=$(address main chat)
    ORIGINS=()
    for number in 0 1 2; do
        OUT=$FOLDER/out.$number
        start_postbox
        ORIGINS+=("$ORIGIN")
    done
    use_node 0
    send alice conv-1 'before the copy' bob
}

# use_node NUMBER: the one that requests go to.
use_node() {
    ORIGIN=${ORIGINS[$1]}
    API=$ORIGIN/api/messages/conversations
}

# keep_cursors: what each server gives bob to ask with next, and the entity tags beside it.
keep_cursors() {
    LISTS=() MESSAGES=() TAGS=()
    for number in 0 1 2; do
        use_node "$number"
        as bob GET "$API"
        LISTS+=("$(header X-Cursor)")
        as bob GET "$API/conv-1/messages"
        MESSAGES+=("$(header X-Cursor)")
        TAGS+=("$(header ETag)")
    done
}

is_ready() {
    request GET "$ORIGIN/readyz"
    [[ $CODE == 200 ]]
}

# assert_all_expired: no server takes a cursor from any, and none takes an entity tag from before for what it has now.
assert_all_expired() {
    local node from
    for node in 0 1 2; do
        use_node "$node"
        PATIENCE=30 await is_ready
        for from in 0 1 2; do
            as bob GET "$API?since=${LISTS[$from]}"
            assert_problem 410 cursor-expired
            as bob GET "$API/conv-1/messages?since=${MESSAGES[$from]}"
            assert_problem 410 cursor-expired
            as bob GET "$API/conv-1/messages" --header "If-None-Match: ${TAGS[$from]}"
            assert_contents 'before the copy'
        done
    done
    use_node 1
    send bob conv-1 'after it'
    assert_json '.id == "conv-1:2"'
    use_node 2
    as alice GET "$API/conv-1/messages"
    assert_contents 'before the copy' 'after it'
}

# put_back: the copy in place of what the server had.
put_back() {
    mv "$POSTGRES_FOLDER/main" "$POSTGRES_FOLDER/main.old"
    mv "$POSTGRES_FOLDER/copy" "$POSTGRES_FOLDER/main"
}

@test "after a base backup was restored every cursor from before is answered 410 at every server" {
    as_postgres pg_basebackup --no-sync --checkpoint=fast --pgdata="$POSTGRES_FOLDER/copy" \
        --dbname="host=$POSTGRES_FOLDER port=$(server_port main) user=postgres"
    send alice conv-1 'after the copy'
    keep_cursors
    stop_server main immediate
    put_back
    as_postgres touch "$POSTGRES_FOLDER/main/recovery.signal"
    # To a moment of the past, which begins another history of the server.
    configure_server main "restore_command = 'cp $ARCHIVE/%f %p'" "recovery_target = 'immediate'" "recovery_target_action = 'promote'"
    start_server main
    assert_all_expired
}

@test "after the folder of the data was put back from a copy, new-life has every cursor from before answered 410 at every server" {
    stop_server main
    as_postgres cp -a "$POSTGRES_FOLDER/main" "$POSTGRES_FOLDER/copy"
    # The log of changes is outside of the folder.
    as_postgres rm "$POSTGRES_FOLDER/copy/pg_wal"
    as_postgres cp -a "$POSTGRES_FOLDER/main.wal" "$POSTGRES_FOLDER/copy/pg_wal"
    start_server main
    for number in 0 1 2; do
        use_node "$number"
        await is_ready
    done
    send alice conv-1 'after the copy'
    keep_cursors
    stop_server main
    put_back
    start_server main
    # The server cannot tell the copy from the original.
    postbox new-life --database "$DATABASE"
    [[ $EXIT == 0 ]] || fail "$(cat "$ERR")"
    assert_all_expired
}
