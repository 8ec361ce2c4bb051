#!/usr/bin/env bats
# Three servers on three PostgreSQL under Patroni, under the load of clients that audit what they are shown: what each loss costs.
# bats file_tags=nodes

load helpers

NODES=$BATS_TEST_DIRNAME/nodes
PROGRAMS=${XDG_CACHE_HOME:-$HOME/.cache}/postbox

setup_file() {
    # A short name, as sockets are in it. All tests have the same cluster, and each a database of its own.
    CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/pg-XXXXXX")
    export CLUSTER PYTHONDONTWRITEBYTECODE=1
    chmod 755 "$CLUSTER"
    python3 "$NODES/cluster.py" "$CLUSTER" "$PROGRAMS" >"$CLUSTER/out" 2>&1 3>&- &
    echo $! >"$CLUSTER/supervisor"
    python3 "$NODES/cluster.py" await "$CLUSTER" 3>&- || fail "$(tail -n 5 "$CLUSTER"/out "$CLUSTER"/*.log)"
}

teardown_file() {
    kill "$(cat "$CLUSTER/supervisor")" || true
    wait || true
    rm -rf "$CLUSTER"
}

setup() {
    TEST_STORE=private
}

# audit SECONDS [arguments] FAULT…
audit() {
    timeout "$1" python3 "$NODES" "$CLUSTER" "$POSTBOX" "${@:2}" >"$FOLDER/audit" 2>&1 3>&- || fail "$(cat "$FOLDER/audit")"
    sed 's/^/# /' "$FOLDER/audit" >&3
}

@test "through kill -9 of a server and of Patroni, a link that hangs and a restart of PostgreSQL nothing is lost and no cursor expires" {
    audit 180 kill-node kill-patroni stop-link restart-postgres
}

@test "where servers are replaced one after the other, no cursor expires and sends hardly pause" {
    # FORMER_POSTBOX names an earlier build with the same schema, for a real upgrade.
    audit 90 --former "${FORMER_POSTBOX:-$POSTBOX}" replace-nodes
}

@test "replicated, kill -9 of the primary loses nothing, and no cursor expires" {
    audit 120 --replicated kill-primary
}

@test "kill -9 of the primary loses nothing that a standby has confirmed, and without --replicated every cursor expires once" {
    audit 120 kill-primary
}

@test "replicated, kill -9 of the primary's machine loses nothing, and no cursor expires" {
    audit 150 --replicated kill-machine
}

@test "replicated, while the leader's Patroni stands still there are two primaries, and no server shows anything old" {
    audit 180 --replicated --direct freeze-patroni
}
