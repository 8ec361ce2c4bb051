# shellcheck shell=bash
# What the tests with PostgreSQL servers of their own share; after helpers.bash.

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
