#!/usr/bin/env bats
# PostgreSQL: what fails, who may use it, how to get there and back. Each test has servers of its own, which sync what they write.
# shellcheck disable=SC2030,SC2031
# bats file_tags=postgres

load helpers

AUDIT=$BATS_TEST_DIRNAME/faults/audit.py
LEDGER=$FOLDER/ledger

setup() {
    # Neither the files nor the PostgreSQL of the other tests.
    TEST_STORE=private
    make_postgres_folder
}

# with_server [LINE…]: a server called main, and the address of its database in DATABASE.
with_server() {
    make_server main "$@"
    start_server main
    make_database main chat
    DATABASE=$(address main chat)
}

# with_standby [LINE…]: the same, and a standby called second. The address leads to whichever takes writes.
with_standby() {
    with_server "$@"
    make_standby second main
    start_server second
    follows
    DATABASE="postgresql://postbox@/chat?host=$POSTGRES_FOLDER,$POSTGRES_FOLDER&port=$(server_port main),$(server_port second)"
    DATABASE+='&target_session_attrs=read-write'
}

follows() {
    streaming() {
        [[ $(server_sql main "SELECT state FROM pg_stat_replication WHERE application_name = 'second'") == streaming ]]
    }
    await streaming
}

# with_confirmed_standby: the same, where a commit waits for the standby.
with_confirmed_standby() {
    with_standby
    server_sql main "ALTER SYSTEM SET synchronous_standby_names = 'second'"
    server_sql main 'SELECT pg_reload_conf()' >/dev/null
    confirmed() {
        [[ $(server_sql main 'SELECT sync_state FROM pg_stat_replication') == sync ]]
    }
    await confirmed
}

# act NAME COMMANDS: leaves commands of postgres.bash in a file of this name, and prints how to run it from any shell.
act() {
    printf '%s\n' 'set -euo pipefail' 'fail() { printf "%s\n" "$@" >&2; return 1; }' "source '$BATS_TEST_DIRNAME/postgres.bash'" \
        "POSTGRES_FOLDER='$POSTGRES_FOLDER'" "$2" >"$FOLDER/$1.bash"
    printf "bash '%s'" "$FOLDER/$1.bash"
}

# disturb REASON BREAK MEND [arguments]
disturb() {
    timeout 120 python3 "$AUDIT" disturb "$ORIGIN" "$LEDGER" ${1:+--reason "$1"} --break "$(act break "$2")" --mend "$(act mend "$3")" "${@:4}" 3>&-
}

# What was acknowledged is there after Postbox and PostgreSQL were killed and started again.
all_there_after_kill() {
    kill -KILL "$SERVER"
    wait "$SERVER" || true
    kill_server main
    start_server main
    start_postbox "$@"
    python3 "$AUDIT" verify "$ORIGIN" "$LEDGER"
    postbox check --database "$DATABASE"
    [[ $EXIT == 0 ]] || fail "not whole: $(cat "$OUT" "$ERR")"
}

# logged PATTERN
logged() {
    grep -qE -- "$1" "$ERR" || fail "not in the log: $1"
}

# refused CODE PATTERN COMMAND…: it ends with this code and one line.
refused() {
    local code=$1 pattern=$2
    shift 2
    postbox "$@"
    [[ $EXIT == "$code" ]] || fail "expected exit code $code from: $*" "got $EXIT: $(cat "$OUT" "$ERR")"
    assert_one_line "postbox: $pattern"
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

# The server --------------------------------------------------------------------------------

@test "when PostgreSQL is killed with -9 and started again, nothing acknowledged is lost or stored twice" {
    with_server
    start_postbox
    disturb unreachable 'kill_server main' 'start_server main' --nothing-succeeds --polls-may-fail
    logged 'writes fail .*reason=unreachable'
    logged 'writes succeed again'
    all_there_after_kill
}

@test "when PostgreSQL is restarted, sends go on after it" {
    with_server
    start_postbox
    disturb '' 'stop_server main; start_server main' true --passing --polls-may-fail
    all_there_after_kill
}

@test "where connections are ended in the middle of commits, each message is there once" {
    with_server
    start_postbox
    disturb '' "for _ in {1..60}; do
            server_sql main \"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'postbox'\" >/dev/null
            sleep 0.0\$((RANDOM % 10))
        done" true --passing --polls-may-fail
    all_there_after_kill
}

@test "a PostgreSQL that hangs, as on a slow disk, holds nobody up, and what waited is stored when it goes on" {
    with_server
    start_postbox
    disturb unreachable 'freeze_server main' 'thaw_server main' --nothing-succeeds --polls-may-fail --slow
    all_there_after_kill
}

@test "on a full disk sends are refused, and succeed again once there is room" {
    make_small_disk main 120m
    with_server 'max_wal_size = 64MB' 'min_wal_size = 32MB'
    start_postbox
    disturb disk_full "cat /dev/zero >$POSTGRES_FOLDER/main/filler 2>/dev/null || true" "rm $POSTGRES_FOLDER/main/filler"
    logged 'writes fail .*reason=disk_full'
    all_there_after_kill
}

@test "where the disk of the log is full PostgreSQL ends, and sends succeed once it was started with room" {
    make_small_disk main.wal 100m
    with_server 'max_wal_size = 64MB' 'min_wal_size = 32MB' 'wal_recycle = off'
    start_postbox
    disturb unreachable "cat /dev/zero >$POSTGRES_FOLDER/main.wal/filler 2>/dev/null || true; sleep 3
        server_sql main 'SELECT pg_switch_wal()' || true" \
        "rm $POSTGRES_FOLDER/main.wal/filler
        until server_sql main 'SELECT 1' >/dev/null 2>&1; do start_server main >/dev/null 2>&1 || sleep 0.5; done" --polls-may-fail
    all_there_after_kill
}

@test "where PostgreSQL has no connection left, sends are refused, and the reason is said" {
    with_server
    start_postbox
    disturb too_many_connections "server_sql main 'ALTER ROLE postbox CONNECTION LIMIT 0'
        server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postbox'\"" \
        "server_sql main 'ALTER ROLE postbox CONNECTION LIMIT -1'" --nothing-succeeds --polls-may-fail
    # The log has the first reason: a write that was under way was cut off.
    logged 'reason=(too_many_connections|unreachable)'
    stop_postbox
    server_sql main 'ALTER ROLE postbox CONNECTION LIMIT 0'
    refused 69 '*no connection left*' serve --port 0 --identity demo --database "$DATABASE"
}

@test "while somebody else holds the lock of all writes, sends are refused within seconds" {
    with_server
    start_postbox
    disturb locked "PGAPPNAME=holder server_sql main 'BEGIN; SELECT pg_advisory_xact_lock(5794, 1); SELECT pg_sleep(600)' chat >/dev/null 2>&1 & sleep 0.5" \
        "server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'\" >/dev/null" \
        --nothing-succeeds --slow
    logged 'reason=locked'
    all_there_after_kill
}

@test "where PostgreSQL becomes read-only, sends are refused and polls go on" {
    with_server
    start_postbox
    disturb read_only "server_sql main 'ALTER DATABASE chat SET default_transaction_read_only = on'
        server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postbox'\"" \
        "server_sql main 'ALTER DATABASE chat RESET default_transaction_read_only'
        server_sql main \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postbox'\"" \
        --nothing-succeeds --polls-may-fail
    all_there_after_kill
}

@test "when a table is gone it is not ready, and says so" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    server_sql main 'DROP TABLE postbox.messages' chat
    post alice conv-1 '{"content": "lost"}'
    assert_problem 503 store-unavailable
    await is_unready damaged
    assert_lacks "$POSTGRES_FOLDER" "$BODY"
}

# Standbys ----------------------------------------------------------------------------------

@test "replicated, nothing is acknowledged while the standby is away" {
    with_confirmed_standby
    start_postbox --replicated
    disturb no_standby 'stop_server second immediate' 'start_server second' --nothing-succeeds --polls-may-fail
    logged 'writes fail .*reason=no_standby'
    stop_postbox
}

@test "replicated, those who wait are not acknowledged when somebody lets them go without the standby" {
    with_confirmed_standby
    start_postbox --replicated
    send alice conv-1 'one' bob
    freeze_server second
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}' 3>&- &
    waiting=$!
    waits() {
        [[ $(server_sql main "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") -ge 1 ]]
    }
    await waits
    server_sql main "ALTER SYSTEM SET synchronous_standby_names = ''"
    server_sql main 'SELECT pg_reload_conf()' >/dev/null
    wait "$waiting" || true
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
    [[ $CODE == 503 ]] || fail "$(answer)"
    is_unready no_standby
    server_sql main "ALTER SYSTEM SET synchronous_standby_names = 'second'"
    server_sql main 'SELECT pg_reload_conf()' >/dev/null
    thaw_server second
    await is_ready
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
    assert_status 201
    assert_json '.id == "conv-1:2"'
}

@test "replicated, a write whose wait for the standby is cancelled is not acknowledged, whatever the role says of warnings" {
    with_confirmed_standby
    server_sql main "ALTER ROLE postbox SET client_min_messages = 'error'"
    start_postbox --replicated
    send alice conv-1 'one' bob
    freeze_server second
    post alice conv-1 '{"content": "two", "clientMessageId": "two"}' 3>&- &
    waiting=$!
    cancelled() {
        [[ $(server_sql main "SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity
            WHERE wait_event = 'SyncRep' AND query LIKE '%postbox.write%'") == t ]]
    }
    await cancelled
    wait "$waiting" || true
    grep -q store-unavailable "$BODY"
    thaw_server second
    acknowledged() {
        post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
        [[ $CODE == 20[01] ]]
    }
    await acknowledged
    assert_json '.id == "conv-1:2"'
}

@test "a start that waits for a standby or a migration says so, and ends at once when it is stopped" {
    with_confirmed_standby
    freeze_server second
    "$POSTBOX" serve --port 0 --identity demo --database "$DATABASE" --replicated >"$OUT" 2>"$ERR" 3>&- &
    SERVER=$!
    await logged 'the database is not open yet'
    stop_postbox
    assert_equal "$EXIT" 0
    thaw_server second
    start_postbox --replicated
    send alice conv-1 Hi bob
}

@test "replicated, the only server shows nothing old once another one writes to the standby that was promoted" {
    with_confirmed_standby
    DATABASE=$(address main chat)
    start_postbox --replicated
    send alice conv-1 'one' bob
    as bob GET "$API/conv-1/messages"
    former=$API/conv-1/messages tag=$(header ETag)
    # The former primary goes on without its standby, and its server cannot know of the other.
    promote second
    DATABASE=$(address second chat)
    start_postbox
    sends() {
        post alice conv-1 '{"content": "two", "clientMessageId": "two"}'
        [[ $CODE == 201 ]]
    }
    await sends
    as bob GET "$API/conv-1/messages"
    assert_contents one two
    as bob GET "$former" --header "If-None-Match: $tag"
    assert_problem 503 store-unavailable
}

@test "replicated, a server without a standby starts, but is not ready, answers no polls and acknowledges nothing" {
    with_server
    postbox conversations open --participants alice,bob --id conv-1 --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox --replicated
    post alice conv-1 '{"content": "Hi"}'
    assert_problem 503 store-unavailable
    await is_unready no_standby
    as bob GET "$API"
    assert_problem 503 store-unavailable
    stop_postbox
    refused 64 '*--replicated*' serve --port 0 --identity demo --database "$FOLDER/data/postbox.sqlite" --replicated
}

@test "after a failover to a confirmed standby everything acknowledged is there, and cursors from before lead on" {
    with_confirmed_standby
    start_postbox --replicated
    send alice conv-0 'before' bob
    as bob GET "$API"
    cursor=$(header X-Cursor)
    as bob GET "$API/conv-0/messages"
    next=$(link next)
    # The new primary has no standby of its own at first.
    disturb no_standby 'kill_server main
        promote second' "make_standby third second
        server_sql second \"ALTER SYSTEM SET synchronous_standby_names = 'third'\"
        server_sql second 'SELECT pg_reload_conf()' >/dev/null
        start_server third" --polls-may-fail
    for url in "$next" "$ORIGIN/api/messages/conversations?since=$cursor"; do
        as bob GET "$url"
        assert_status 200
    done
}

@test "after a failover clients with cursors and entity tags from before fetch everything again" {
    with_standby
    start_postbox
    send alice conv-1 'Hi' bob
    as bob GET "$API"
    list=$(link next)
    as bob GET "$API/conv-1/messages"
    next=$(link next) tag=$(header ETag)
    arrived() {
        [[ $(server_sql main 'SELECT replay_lsn = pg_current_wal_lsn() FROM pg_stat_replication') == t ]]
    }
    await arrived
    kill_server main
    promote second
    sends() {
        post alice conv-1 '{"content": "after", "clientMessageId": "after"}'
        [[ $CODE == 201 ]]
    }
    await sends
    for url in "$next" "$list"; do
        as bob GET "$url"
        assert_problem 410 cursor-expired
    done
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    assert_contents Hi after
}

# Several processes -------------------------------------------------------------------------

@test "a second process serves too, and commands work beside both" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
    cp "$OUT" "$FOLDER/serving"
    mv "$ERR" "$FOLDER/log"
    for command in 'users set alice --name Alice' 'conversations open --participants alice,carol' 'import /dev/null' \
        'prune --older-than 1y --all' check export new-life 'erase user alice'; do
        # shellcheck disable=SC2086
        postbox $command --database "$DATABASE"
        [[ $EXIT == 0 ]] || fail "$command ended with $EXIT: $(cat "$ERR")"
    done
    sends() {
        post bob conv-1 '{"content": "Still here", "clientMessageId": "still"}'
        [[ $CODE == 201 ]]
    }
    await sends
}

@test "after kill -9 the next process has the database within seconds" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    stop_postbox KILL
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "a process that the others take to be gone stores nothing before it has joined again" {
    with_server
    start_postbox
    send alice conv-1 Hi bob
    # As a process that was stopped for long.
    server_sql main 'DELETE FROM postbox.nodes' chat
    post alice conv-1 '{"content": "late", "clientMessageId": "late"}'
    [[ $CODE == 503 || $CODE == 201 ]] || fail "$(answer)"
    sends() {
        post alice conv-1 '{"content": "late", "clientMessageId": "late"}'
        [[ $CODE == 201 ]]
    }
    await sends
    as bob GET "$API/conv-1/messages"
    assert_contents Hi late
}

# Who may use it ----------------------------------------------------------------------------

@test "a database of a newer Postbox is refused with a sentence, and stays as it is" {
    with_server
    postbox users set alice --name Alice --database "$DATABASE"
    assert_equal "$EXIT" 0
    server_sql main 'UPDATE postbox.store SET schema_version = 99' chat
    for command in 'serve --port 0 --identity demo' check export 'erase user alice' 'users set alice --name Other'; do
        # shellcheck disable=SC2086
        refused 69 '*newer Postbox*' $command --database "$DATABASE"
    done
    assert_equal "$(server_sql main 'SELECT name FROM postbox.users' chat)" Alice
}

@test "a role that may not make the schema, or use it, is told in one line what to grant" {
    with_server
    server_sql main 'CREATE ROLE app LOGIN'
    DATABASE=$(address main chat app)
    refused 69 '*GRANT CREATE ON DATABASE*' serve --port 0 --identity demo --database "$DATABASE"
    postbox users set alice --name Alice --database "$(address main chat)"
    assert_equal "$EXIT" 0
    refused 69 '*GRANT SELECT, INSERT*' serve --port 0 --identity demo --database "$DATABASE"
    # What it says is what helps.
    sed 's/.*run: //' "$ERR" >"$FOLDER/grants.sql"
    psql -Xq --set ON_ERROR_STOP=1 --dbname "$(address main chat)" --file "$FOLDER/grants.sql"
    start_postbox
    send alice conv-1 Hi bob
    as bob GET "$API"
    assert_json '.[0].name == "Alice"'
    stop_postbox
    refused 69 '*own*' erase user alice --database "$DATABASE"
}

@test "a database of another encoding and a server that is a standby are refused with what would be right" {
    with_server
    server_sql main "CREATE DATABASE latin OWNER postbox TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
    refused 69 '*UTF8*' serve --port 0 --identity demo --database "$(address main latin)"
    make_standby second main
    start_server second
    refused 69 '*standby*' serve --port 0 --identity demo --database "$(address second chat)"
    # Of several hosts the primary is taken, whoever names them.
    PGHOST=$POSTGRES_FOLDER,$POSTGRES_FOLDER PGPORT=$(server_port second),$(server_port main) PGDATABASE=chat PGUSER=postbox \
        postbox users set alice --name Alice --database postgres:
    assert_equal "$EXIT" 0
    printf '%s\n' '[chat]' "host=$POSTGRES_FOLDER,$POSTGRES_FOLDER" "port=$(server_port second),$(server_port main)" \
        'dbname=chat' 'user=postbox' >"$FOLDER/services"
    PGSERVICEFILE=$FOLDER/services postbox users set alice --name Alice --database postgres:service=chat
    assert_equal "$EXIT" 0
    refused 69 '*"none"*does not exist*' serve --port 0 --identity demo --database "$(address main none)"
}

# The way there -----------------------------------------------------------------------------

@test "through PgBouncer in transaction mode everything works, and nothing is lost when PostgreSQL is killed" {
    with_server
    start_bouncer pool main transaction
    DATABASE=$(address pool chat)
    start_postbox
    send alice conv-0 Hi bob
    as bob GET "$API"
    assert_json '.[0].unread == 1'
    disturb '' 'kill_server main; start_server main' true --passing --polls-may-fail
    stop_postbox
    postbox check --database "$DATABASE"
    assert_equal "$EXIT" 0
}

certify() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
        -addext 'subjectAltName=DNS:localhost' -keyout "$POSTGRES_FOLDER/server.key" -out "$POSTGRES_FOLDER/server.crt" 2>/dev/null
    chmod 600 "$POSTGRES_FOLDER/server.key"
    ((EUID != 0)) || chown "$POSTGRES_USER" "$POSTGRES_FOLDER/server.key"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

@test "over TLS the certificate and the name of the server are verified, where the address says so" {
    certify
    make_server main
    free_port >"$POSTGRES_FOLDER/main.port"
    configure_server main "listen_addresses = 'localhost'" "port = $(server_port main)" 'ssl = on' \
        "ssl_cert_file = '$POSTGRES_FOLDER/server.crt'" "ssl_key_file = '$POSTGRES_FOLDER/server.key'"
    start_server main
    make_database main chat
    local options="sslmode=verify-full&sslrootcert=$POSTGRES_FOLDER/server.crt"
    DATABASE="postgresql://postbox@localhost:$(server_port main)/chat?$options"
    start_postbox
    send alice conv-1 Hi bob
    assert_equal "$(server_sql main "SELECT count(*) FILTER (WHERE NOT ssl) || ' ' || (count(*) > 0) FROM pg_stat_ssl JOIN pg_stat_activity
        USING (pid) WHERE usename = 'postbox'")" '0 true'
    stop_postbox
    refused 69 '*certificate*' serve --port 0 --identity demo --database "postgresql://postbox@127.0.0.1:$(server_port main)/chat?$options"
    refused 69 '*' serve --port 0 --identity demo --database "postgresql://postbox@localhost:$(server_port main)/chat?sslmode=verify-full&sslrootcert=/nowhere"
}

@test "variables, the service file and the password file of libpq apply" {
    with_server
    sed -i 's/^local .*all .*trust$/local all postbox scram-sha-256\nlocal all all trust/' "$POSTGRES_FOLDER/main/pg_hba.conf"
    server_sql main "ALTER ROLE postbox PASSWORD 'open sesame'"
    server_sql main 'SELECT pg_reload_conf()' >/dev/null
    printf '%s\n' '*:*:*:*:open sesame' >"$FOLDER/passwords"
    chmod 600 "$FOLDER/passwords"
    printf '%s\n' '[chat]' "host=$POSTGRES_FOLDER" "port=$(server_port main)" 'dbname=chat' 'user=postbox' >"$FOLDER/services"
    export PGPASSFILE=$FOLDER/passwords PGSERVICEFILE=$FOLDER/services
    postbox users set alice --name Alice --database 'postgres://?service=chat'
    assert_equal "$EXIT" 0
    PGSERVICE=chat postbox users set bob --name Bob --database postgres:
    assert_equal "$EXIT" 0
    PGHOST=$POSTGRES_FOLDER PGPORT=$(server_port main) PGDATABASE=chat PGUSER=postbox postbox users set carol --name Carol --database postgresql://
    assert_equal "$EXIT" 0
    POSTBOX_DATABASE=postgres:service=chat postbox check
    assert_equal "$EXIT" 0
    assert_equal "$(server_sql main 'SELECT string_agg(name, $$ $$ ORDER BY name) FROM postbox.users' chat)" 'Alice Bob Carol'
}

@test "a password is neither in the list of processes, nor in the log, nor in an error" {
    with_server
    sed -i 's/^local .*all .*trust$/local all postbox scram-sha-256\nlocal all all trust/' "$POSTGRES_FOLDER/main/pg_hba.conf"
    server_sql main "ALTER ROLE postbox PASSWORD 'opensesame'"
    server_sql main 'SELECT pg_reload_conf()' >/dev/null
    with_password() { printf 'postgresql://postbox:%s@/chat?host=%s&port=%s' "$1" "$POSTGRES_FOLDER" "$(server_port main)"; }
    DATABASE=$(with_password opensesame)
    start_postbox --log-level trace
    send alice conv-1 Hi bob
    tr '\0' ' ' <"/proc/$SERVER/cmdline" >"$FOLDER/cmdline"
    grep -q ' serve ' "$FOLDER/cmdline"
    kill_server main
    await is_unready unreachable
    assert_lacks opensesame "$FOLDER/cmdline" "$OUT" "$ERR" "$BODY"
    start_server main
    stop_postbox
    for wrong in "$(with_password wrongsesame)" 'postgres://postbox:wrongsesame@/chat?host=/nowhere' \
        'postgres://postbox:wrong/wrongsesame@db/chat' 'postgres:password=wrongsesame host' \
        'postgres://postbox:wrongsesame/x@db/chat' 'postgres://postbox:wrong@sesame@wrongsesame/chat' 'Postgres://postbox:wrongsesame@db/chat' \
        'host=db dbname=chat password=wrongsesame' 'postgres://db/chat?password=wrongsesame&nonsense=1' 'postgres://postbox@db:99999/chat?password=wrongsesame'; do
        postbox check --database "$wrong"
        [[ $EXIT == 69 || $EXIT == 64 ]] || fail "exit code $EXIT: $(cat "$ERR")"
        assert_one_line 'postbox: *'
        assert_lacks wrongsesame "$OUT" "$ERR"
    done
}

# libpq -------------------------------------------------------------------------------------

@test "without libpq, an address of a PostgreSQL is refused with the package that is missing; files work" {
    library=$(realpath "$(ldconfig -p | awk '/libpq\.so\.5 / { print $NF; exit }')")
    without_libpq() {
        EXIT=0
        timeout 20 unshare --mount --map-root-user sh -c 'mount --bind /dev/null "$1" && shift && exec "$@"' sh "$library" \
            "$POSTBOX" "$@" >"$OUT" 2>"$ERR" || EXIT=$?
    }
    without_libpq serve --port 0 --identity demo --database postgres://nowhere/chat
    assert_equal "$EXIT" 69
    assert_one_line 'postbox: *libpq5*'
    without_libpq users set alice --name Alice --database "$FOLDER/postbox.sqlite"
    assert_equal "$EXIT" 0
}

@test "a process on SQLite does not load libpq" {
    start_postbox
    send alice conv-1 Hi bob
    assert_lacks 'libpq|libldap|libgssapi' "/proc/$SERVER/maps"
    stop_postbox
    with_server
    start_postbox
    grep -q libpq "/proc/$SERVER/maps"
}

# There and back ----------------------------------------------------------------------------

@test "from SQLite to PostgreSQL and back by export and import: the same bytes, and the same answers" {
    load data
    prepare_database
    a_history
    succeeds erase user carol --tenant t/2
    succeeds prune --older-than 1y --conversation pair
    succeeds export
    mv "$OUT" "$FOLDER/first.jsonl"
    start_postbox
    as bob GET "$API"
    json . >"$FOLDER/list"
    stop_postbox
    with_server
    succeeds import "$FOLDER/first.jsonl"
    succeeds export
    cmp "$OUT" "$FOLDER/first.jsonl"
    succeeds check
    start_postbox
    as bob GET "$API"
    assert_equal "$(json .)" "$(cat "$FOLDER/list")"
    post alice late '{"content": "secret-one", "clientMessageId": "k-1"}'
    assert_header Idempotency-Replayed true
    stop_postbox
    DATABASE=$FOLDER/data/back.sqlite succeeds import "$FOLDER/first.jsonl"
    DATABASE=$FOLDER/data/back.sqlite succeeds export
    cmp "$OUT" "$FOLDER/first.jsonl"
    DATABASE=$FOLDER/data/back.sqlite succeeds check
}

@test "backup and restore name the tools of PostgreSQL, and new-life what files have instead" {
    refused 64 '*pg_dump*pg_basebackup*new-life*' backup "$FOLDER/backup" --database postgres://nowhere/chat
    refused 64 '*pg_restore*new-life*' restore "$FOLDER/backup" --database postgres://nowhere/chat
    refused 64 '*postbox restore*' new-life --database "$FOLDER/postbox.sqlite"
    refused 64 '*--external-checkpoints*' serve --port 0 --identity demo --database postgres://nowhere/chat --external-checkpoints
    [[ ! -e $FOLDER/postbox.sqlite ]]
}

@test "a dump that is restored serves what it has, and after new-life cursors from before are sent away" {
    with_server
    start_postbox
    send alice conv-1 'one' bob
    pg_dump --format=custom --file "$FOLDER/dump" --dbname "$DATABASE"
    send alice conv-1 'after the dump'
    as bob GET "$API/conv-1/messages"
    next=$(link next) tag=$(header ETag)
    stop_postbox
    pg_restore --clean --exit-on-error --dbname "$DATABASE" "$FOLDER/dump"
    new_life() {
        postbox new-life --database "$DATABASE"
        ((EXIT == 0))
    }
    # The row of the server that ran beside the dump is in it.
    PATIENCE=15 await new_life
    postbox check --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox --port "$PORT"
    as bob GET "$next"
    assert_problem 410 cursor-expired
    as bob GET "$API/conv-1/messages" --header "If-None-Match: $tag"
    assert_contents one
    send alice conv-1 'again'
    assert_json '.id == "conv-1:2"'
}
