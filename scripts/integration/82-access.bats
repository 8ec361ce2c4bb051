#!/usr/bin/env bats
# PostgreSQL: who may use it, and the ways there.
# shellcheck disable=SC2030,SC2031
# bats file_tags=postgres

load helpers
load postgres-servers

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
