#!/usr/bin/env bats
# Starting: what the program says, what it accepts, and what it refuses without leaving a trace.
# bats file_tags=every-store

load helpers

setup() {
    prepare_database
}

# contents: what there is, to compare before and after.
contents() {
    if on_postgres; then
        psql -XAtq --dbname "$DATABASE" --command 'SELECT oid, relname FROM pg_class ORDER BY oid'
    else
        listing "${DATABASE%/*}"
    fi
}

# refuses [serve arguments]: does not start, says why in one line, and leaves everything as it was.
refuses() {
    local before
    before=$(contents)
    postbox serve --port 0 --identity demo "$@"
    ((EXIT != 0 && EXIT != 124)) || fail "exit code $EXIT"
    assert_one_line 'postbox: *'
    [[ ! -s $OUT ]] || fail "said on standard output: $(cat "$OUT")"
    assert_equal "$(contents)" "$before"
}

refuses_value() {
    postbox serve --identity demo --database "$DATABASE" "$@"
    assert_equal "$EXIT" 64
    assert_one_line '*'
    assert_no_database
}

@test "serve prints the address it is bound to on one stable line" {
    start_postbox
    assert_equal "$(grep -c '^postbox: listening on ' "$OUT")" 1
    [[ $(grep '^postbox: listening on ' "$OUT") =~ ^postbox:\ listening\ on\ http://127\.0\.0\.1:[1-9][0-9]*$ ]]
}

@test "serve is alive and ready once it says that it listens" {
    start_postbox
    request GET "$ORIGIN/healthz"
    assert_status 200
    request GET "$ORIGIN/readyz"
    assert_status 200
}

@test "SIGTERM ends it with code 0" {
    start_postbox
    stop_postbox TERM
    assert_equal "$EXIT" 0
}

@test "SIGINT ends it with code 0" {
    start_postbox
    stop_postbox INT
    assert_equal "$EXIT" 0
}

# bats test_tags=sqlite
@test "after a clean stop everything is in the one file" {
    start_postbox
    send alice conv-1 'Hi' bob
    stop_postbox
    [[ ! -s $DATABASE-wal ]]
}

@test "the help names the commands and the flags of serve" {
    postbox --help
    assert_equal "$EXIT" 0
    for word in serve conversations users import; do grep -qw -- "$word" "$OUT"; done
    postbox serve --help
    assert_equal "$EXIT" 0
    for word in --host --port --database --identity --loops --sample-data --max-content-bytes --opening; do
        grep -q -- "$word" "$OUT"
    done
}

@test "a flag can be given as an environment variable" {
    export POSTBOX_MAX_CONTENT_BYTES=5
    start_postbox
    post alice conv-1 '{"content": "12345", "receiverId": "bob"}'
    assert_status 201
    post alice conv-1 '{"content": "123456"}'
    assert_problem 413 content-too-large
}

@test "a flag wins over its environment variable" {
    POSTBOX_PORT=1 POSTBOX_DATABASE=/nowhere/postbox.sqlite start_postbox
    request GET "$ORIGIN/healthz"
    assert_status 200
}

@test "a bad value in the environment is refused like a bad flag" {
    POSTBOX_PORT=many refuses_value
}

@test "a port that is no port is refused" {
    refuses_value --port many
    refuses_value --port 65536
    refuses_value --port=-1
}

@test "an identity, an opening, a number of loops or a size that does not exist is refused" {
    refuses_value --port 0 --identity anybody
    refuses_value --port 0 --opening nobody
    refuses_value --port 0 --loops none
    refuses_value --port 0 --loops=-1
    refuses_value --port 0 --max-content-bytes big
}

@test "an unknown flag is refused" {
    postbox serve --identity demo --database "$DATABASE" --colour blue
    assert_equal "$EXIT" 64
}

@test "demo identity, which trusts everybody, refuses any host but loopback" {
    refuses_value --port 0 --host 0.0.0.0
    assert_one_line '*loopback only, not 0.0.0.0*'
    refuses_value --port 0 --host 192.0.2.1
}

@test "jwt identity without a key is refused, and never silently replaced by demo" {
    refuses_value --port 0 --identity jwt
    refuses_value --port 0 --identity jwt --host 0.0.0.0
}

# bats test_tags=sqlite
@test "a port in use is refused, without a trace of the second database" {
    start_postbox
    mkdir "$BATS_TEST_TMPDIR/second"
    postbox serve --identity demo --port "$PORT" --database "$BATS_TEST_TMPDIR/second/postbox.sqlite"
    ((EXIT != 0 && EXIT != 124)) || fail "exit code $EXIT"
    assert_one_line "postbox: *$PORT*"
    assert_equal "$(listing "$BATS_TEST_TMPDIR/second")" .
}

# bats test_tags=sqlite
@test "a folder that does not exist is refused" {
    refuses --database "${DATABASE%/*}/missing/postbox.sqlite"
}

# bats test_tags=sqlite
@test "a folder that cannot be written is refused" {
    chmod 500 "${DATABASE%/*}"
    # The superuser may write anywhere unless those powers are dropped.
    if ((EUID == 0)); then
        postbox() {
            EXIT=0
            timeout 20 setpriv --bounding-set=-dac_override,-dac_read_search "$POSTBOX" "$@" >"$OUT" 2>"$ERR" || EXIT=$?
        }
    fi
    refuses --database "$DATABASE"
    chmod 700 "${DATABASE%/*}"
}

# bats test_tags=sqlite
@test "a file that is not a database is refused" {
    printf 'Dear diary, %4096s' x >"$DATABASE"
    refuses --database "$DATABASE"
}

# bats test_tags=sqlite
@test "a database cut off in the middle of its header is refused" {
    printf 'SQLite format 3\0' >"$DATABASE"
    refuses --database "$DATABASE"
}

# bats test_tags=sqlite
@test "the SQLite database of another program is refused" {
    sqlite3 "$DATABASE" "CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup');"
    refuses --database "$DATABASE"
}

# bats test_tags=sqlite
@test "a database of another program that has tables of the same names is refused" {
    sqlite3 "$DATABASE" 'CREATE TABLE messages (id); CREATE TABLE conversations (id);'
    refuses --database "$DATABASE"
}

# bats test_tags=sqlite
@test "a database of a newer schema is refused" {
    start_postbox
    stop_postbox
    sqlite3 "$DATABASE" 'PRAGMA user_version = 1000000;'
    refuses --database "$DATABASE"
}

# Several servers may share a PostgreSQL.
# bats test_tags=sqlite
@test "a database that another running Postbox holds is refused, and goes on being served" {
    start_postbox
    send alice conv-1 'Hi' bob
    # It may not write meanwhile itself, as it does a while after a send.
    kill -STOP "$SERVER"
    refuses --database "$DATABASE"
    kill -CONT "$SERVER"
    send alice conv-1 'Still here'
}

@test "a database can be opened again after kill -9 of the one that held it" {
    start_postbox
    send alice conv-1 'Hi' bob
    stop_postbox KILL
    start_postbox
    as bob GET "$API/conv-1/messages"
    assert_contents Hi
}

@test "the sample data shows something to each of its people" {
    start_postbox --sample-data
    as dana GET "$API"
    assert_json 'map(.id) | contains(["application-17", "application-23", "offer-panel"])'
    assert_json 'map(select(.id == "application-17"))[0] | .name == "Lee Wong" and .company == "Globex" and .initials == "LW"'
    assert_json 'all(.lastMessage != "" and (.messages | length) > 0)'
    as lee GET "$API"
    assert_json 'map(.id) | contains(["application-17", "offer-panel"])'
    as sam GET "$API"
    assert_json 'map(select(.id == "application-23"))[0] | .name == "Dana Reyes" and .company == "Acme"'
    as sam GET "$API/application-17/messages"
    assert_problem 404 conversation-not-found
}

@test "the sample data is not put in twice" {
    start_postbox --sample-data
    as dana GET "$API"
    cp "$BODY" "$BODY.first"
    restart_postbox --sample-data
    as dana GET "$API"
    cmp "$BODY" "$BODY.first"
}
