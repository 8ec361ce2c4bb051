#!/usr/bin/env bats
# Litestream itself, of the version that the guide names, beside a server under load.

load helpers

LITESTREAM=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/litestream/bin/litestream
REPLICA=$FOLDER/replica
ACKNOWLEDGED=$FOLDER/acknowledged

setup() {
    start_postbox --external-checkpoints --admin 127.0.0.1:0
}

# As the guide has it.
start_litestream() {
    printf '%s\n' 'dbs:' "  - path: $DATABASE" '    truncate-page-n: 0' '    replica:' '      type: file' "      path: $REPLICA" >"$FOLDER/litestream.yml"
    "$LITESTREAM" replicate -config "$FOLDER/litestream.yml" >"$FOLDER/litestream" 2>&1 3>&- &
    STREAMER=$!
}

start_load() {
    python3 "$BATS_TEST_DIRNAME/acknowledged.py" "$PORT" 4 >"$ACKNOWLEDGED" 3>&- &
    LOAD=$!
}

acknowledged() {
    (($(wc -l <"$ACKNOWLEDGED") >= $1))
}

# A moment before the last sync began that is in the replica whole, in milliseconds since 1970: when the one before had ended, as each file
# of level 0 says. A snapshot may be newer, and holds no more than the syncs before it.
last_sync() {
    local newest
    newest=$(find "$REPLICA" -path '*/0/*.ltx' -printf '%T@\n' 2>/dev/null | sort -n | tail -n 2 | head -n 1)
    newest=${newest/./}
    printf '%s\n' "${newest:0:13}"
}

synced_after() {
    (($(last_sync) + 0 > $1))
}

teardown() {
    local process
    [[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 20 "$FOLDER/litestream" || true
    for process in "${STREAMER:-}" "${LOAD:-}" "$SERVER"; do
        [[ -z $process ]] || kill -KILL "$process" 2>/dev/null || true
    done
}

@test "the version of the guide is the one that is tested, with an SQLite that has the fix" {
    version=$("$LITESTREAM" version)
    grep -q "Litestream $version\b" "$BATS_TEST_DIRNAME/../../Sources/postbox/Documentation.docc/Replication.md" || fail "the guide does not name $version"
    strings -n 5 "$LITESTREAM" | grep -xE '3\.[0-9]+\.[0-9]+' >"$OUT"
    [[ $(printf '%s\n' 3.51.3 "$(cat "$OUT")" | sort --version-sort | head -n 1) == 3.51.3 ]] || fail "it contains SQLite $(cat "$OUT")"
}

@test "after kill -9 of both under load, a restore has every message that was acknowledged before the last sync" {
    start_litestream
    start_load
    await acknowledged 500
    # Some syncs, and not only the snapshot that it begins with.
    begun=$(date +%s%3N)
    await synced_after $((begun + 1500))
    kill -KILL "$STREAMER" "$SERVER"
    wait "$STREAMER" "$SERVER" 2>/dev/null || true
    wait "$LOAD"
    synced=$(last_sync)
    "$LITESTREAM" restore -o "$FOLDER/copy.sqlite" "file://$REPLICA" >"$FOLDER/restored" 2>&1 || fail "$(cat "$FOLDER/restored")"
    "$POSTBOX" check --database "$FOLDER/copy.sqlite"
    sqlite3 "$FOLDER/copy.sqlite" "SELECT c.id || ':' || n || ' ' || content FROM messages JOIN conversations c ON c.key = conversation_key" | sort >"$FOLDER/there"
    while read -r time message; do ((time >= synced)) || echo "$message"; done <"$ACKNOWLEDGED" | sort >"$FOLDER/due"
    echo "$(wc -l <"$ACKNOWLEDGED") acknowledged, $(wc -l <"$FOLDER/due") of them before the last sync, $(wc -l <"$FOLDER/there") restored" >&3
    (($(wc -l <"$FOLDER/due") >= 500))
    missing=$(comm -23 "$FOLDER/due" "$FOLDER/there")
    [[ -z $missing ]] || fail "$(wc -l <<<"$missing") acknowledged messages are missing:" "$(head -n 5 <<<"$missing")"
}

# replicated CONTENT,…: whether a restore has these messages now.
replicated() {
    rm -f "$FOLDER/copy.sqlite"*
    "$LITESTREAM" restore -o "$FOLDER/copy.sqlite" "file://$REPLICA" >"$FOLDER/restored" 2>&1 || return 1
    [[ $(sqlite3 "$FOLDER/copy.sqlite" 'SELECT group_concat(content) FROM messages') == "$1" ]]
}

@test "a restored copy that is installed expires the cursors of before, and after a reset Litestream goes on with it" {
    send alice conv-1 'One' bob
    as bob GET "$API/conv-1/messages"
    next=$(link next)
    start_litestream
    send alice conv-1 'Two'
    await replicated One,Two
    kill -TERM "$STREAMER"
    wait "$STREAMER" || true
    stop_postbox
    "$POSTBOX" restore "$FOLDER/copy.sqlite" --force --database "$DATABASE"
    "$LITESTREAM" reset -config "$FOLDER/litestream.yml" "$DATABASE" >"$OUT" 2>&1 || fail "$(cat "$OUT")"
    start_postbox --external-checkpoints
    as bob GET "${next/*:*\/api/$ORIGIN/api}"
    assert_problem 410 cursor-expired
    as bob GET "$API/conv-1/messages"
    assert_contents One Two
    start_litestream
    send alice conv-1 'Three'
    await replicated One,Two,Three
}
