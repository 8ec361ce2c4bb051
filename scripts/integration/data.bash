# shellcheck shell=bash
# What the tests of the commands that keep the data share; after helpers.bash.

setup() {
    prepare_database
    BACKUP=$BATS_TEST_TMPDIR/backup.sqlite
}

# keep COMMAND…: one of the commands, on the test's database unless it names another.
keep() {
    [[ " $* " == *' --database '* ]] || set -- "$@" --database "$DATABASE"
    postbox "$@"
}

succeeds() {
    keep "$@"
    [[ $EXIT == 0 ]] || fail "expected success of: $*" "$(cat "$ERR")"
}

refuses() {
    local code=$1
    shift
    keep "$@"
    [[ $EXIT == "$code" ]] || fail "expected exit code $code from: $*" "got $EXIT: $(cat "$OUT" "$ERR")"
    [[ $(tail -n 1 "$ERR") == 'postbox: '?* ]] || fail "expected a sentence, got: $(cat "$ERR")"
}

# A history with all that there is: names, companies, tenants, keys, markers, a group, a direct conversation, equal messages,
# an empty conversation on top, and texts that a careless writer would change.
a_history() {
    cat >"$BATS_TEST_TMPDIR/history.jsonl" <<'END'
{"kind":"user","id":"alice","name":"Alice Archer","company":"Acme"}
{"kind":"user","id":"bob","name":"Bob \"B\" Baker"}
{"kind":"user","id":"nobody"}
{"kind":"user","id":"alice","tenantId":"t/2","name":"","company":"Ünï"}
{"kind":"conversation","id":"late","participantIds":["alice","bob"],"timestamp":"2024-01-01T00:00:00.000Z"}
{"kind":"message","conversationId":"late","senderId":"alice","content":"secret-one","timestamp":"2031-01-01T00:00:00.000Z","clientMessageId":"k-1"}
{"kind":"message","conversationId":"late","senderId":"bob","content":"reply","timestamp":"2031-01-01T00:00:00.001Z"}
{"kind":"message","conversationId":"late","senderId":"alice","content":"secret-two","timestamp":"2031-01-01T00:00:01.000Z"}
{"kind":"message","conversationId":"late","senderId":"alice","content":"secret-two","timestamp":"2031-01-01T00:00:01.000Z"}
{"kind":"read","conversationId":"late","userId":"bob","upTo":"late:2"}
{"kind":"conversation","id":"pair","direct":true,"participantIds":["alice","bob"],"timestamp":"2024-01-01T00:00:00.000Z"}
{"kind":"message","conversationId":"pair","senderId":"bob","content":" \\/\"<é é\u2028\u0001\t👩‍🚀\u007f ","timestamp":"2024-05-01T00:00:00.000Z"}
{"kind":"conversation","id":"group","tenantId":"t/2","participantIds":["alice","bob","carol"],"timestamp":"2024-01-01T00:00:00.000Z"}
{"kind":"message","conversationId":"group","tenantId":"t/2","senderId":"carol","content":"all","timestamp":"0001-01-01T00:00:00.000Z"}
{"kind":"read","conversationId":"group","tenantId":"t/2","userId":"alice"}
END
    succeeds import "$BATS_TEST_TMPDIR/history.jsonl"
    succeeds conversations open --participants alice,carol --id empty
}

# many MESSAGES [BYTES]: of so many bytes each, 1,000 by default, in one conversation.
many() {
    {
        echo '{"kind":"conversation","id":"c","participantIds":["alice","bob"]}'
        awk -v count="$1" -v size="${2:-1000}" 'BEGIN { text = sprintf("%*s", size, "x"); for (n = 1; n <= count; n++)
            printf "{\"kind\":\"message\",\"conversationId\":\"c\",\"senderId\":\"alice\",\"content\":\"%d%s\",\"timestamp\":\"2024-05-01T00:00:00Z\"}\n", n, text }'
    } >"$BATS_TEST_TMPDIR/many.jsonl"
    timeout 120 "$POSTBOX" import "$BATS_TEST_TMPDIR/many.jsonl" --database "$DATABASE" >/dev/null 2>&1 || fail "the history cannot be imported"
}

kill_postbox() {
    kill -KILL "$SERVER"
    wait "$SERVER" || true
    # What the next process does by itself, after ten seconds.
    ! on_postgres || query 'DELETE FROM nodes'
}

# stored_epoch: to compare.
stored_epoch() {
    if on_postgres; then query 'SELECT epoch FROM store'; else query "SELECT value FROM store WHERE key = 'epoch'"; fi
}

# nowhere TEXT: in none of the database's files; of a PostgreSQL, in none of the tables.
nowhere() {
    if on_postgres; then
        pg_dump --inserts --dbname "$DATABASE" >"$BATS_TEST_TMPDIR/dump"
        assert_lacks "$1" "$BATS_TEST_TMPDIR/dump"
        return
    fi
    ! grep -rqaF -- "$1" "${DATABASE%/*}" || fail "still on disk: $1" "$(grep -rlaF -- "$1" "${DATABASE%/*}")"
}

whole() {
    postbox check --database "$1"
    [[ $EXIT == 0 ]] || fail "not whole: $(cat "$OUT" "$ERR")"
}
