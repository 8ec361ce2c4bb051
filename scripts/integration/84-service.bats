#!/usr/bin/env bats
# Under a service manager: its socket, and what it is told.

load helpers

setup() {
    mkdir -p "${DATABASE%/*}"
    MANAGED=$FOLDER/managed
}

start_managed() {
    : >"$MANAGED"
    python3 "$BATS_TEST_DIRNAME/service_manager.py" "$POSTBOX" serve --identity gateway --database "$DATABASE" "$@" >"$MANAGED" 2>"$ERR" 3>&- &
    SERVERS+=("$!")
    MANAGER=$!
    await grep -q 'told READY=1' "$MANAGED"
    PORT=$(sed -n 's/^port //p' "$MANAGED")
}

process() {
    sed -n 's/^process //p' "$MANAGED" | tail -n 1
}

told() {
    (($(grep -c "^told $1" "$MANAGED") >= $2))
}

answered() {
    (($(wc -l <"$OUT") >= $1))
}

@test "a socket that is passed is served in place of --host and --port" {
    start_managed --port 1
    request GET "http://127.0.0.1:$PORT/readyz"
    assert_status 200
    grep -q "^postbox: listening on http://127.0.0.1:$PORT\$" "$MANAGED"
}

@test "the service tells its manager when it is ready, reloads and stops" {
    start_managed
    grep -q "^told READY=1 STATUS=listening on http://127.0.0.1:$PORT\$" "$MANAGED"
    kill -HUP "$(process)"
    await told READY=1 2
    kill -TERM "$(process)"
    await told READY=1 3
    events=$(sed -nE 's/^(told|ended) ([A-Z0-9]+).*/\2/p' "$MANAGED" | tr '\n' ' ')
    assert_equal "$events" 'READY RELOADING READY STOPPING 0 READY '
}

@test "where it is watched, it tells that it is alive" {
    export WATCHDOG_USEC=30000000
    start_managed
    await told WATCHDOG=1 2
}

@test "restarts drop no connection" {
    start_managed
    mkfifo "$FOLDER/go"
    : >"$OUT"
    python3 "$BATS_TEST_DIRNAME/many_connections.py" "$PORT" <"$FOLDER/go" >"$OUT" 2>"$FOLDER/failures" 3>&- &
    clients=$!
    exec 8>"$FOLDER/go"
    for round in 2 3 4 5 6; do
        answers=$(wc -l <"$OUT")
        await answered $((answers + 100))
        kill -TERM "$(process)"
        await told READY=1 "$round"
    done
    exec 8>&-
    wait "$clients" || fail "$(cat "$FOLDER/failures")"
    assert_equal "$(grep -c '^ended 0' "$MANAGED")" 5
}

@test "a socket of another kind, and more than one, are refused" {
    run -64 bash -c 'exec 3</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" serve --identity gateway --database "$1"' "$POSTBOX" "$DATABASE"
    [[ $output == *'descriptor 3 is no TCP socket that listens'* ]]
    run -64 bash -c 'export LISTEN_PID=$$ LISTEN_FDS=2; exec "$0" serve --identity gateway --database "$1"' "$POSTBOX" "$DATABASE"
    [[ $output == *'there are 2 sockets, and one can be served'* ]]
    [[ ! -e $DATABASE ]]
}

@test "demo is refused with a socket from a service manager, also where it would listen on loopback" {
    run -64 timeout 20 python3 "$BATS_TEST_DIRNAME/service_manager.py" "$POSTBOX" serve --database "$DATABASE" --identity demo
    [[ $output == *'postbox: --identity demo believes everybody'*LISTEN_FDS* ]]
    [[ $output != *'told READY'* ]]
    [[ ! -e $DATABASE ]]
}
