#!/usr/bin/env bats
# Clients that generators make of the description, each used for a whole conversation; what they do is in scripts/clients/.
# bats file_tags=every-store

load helpers

PROGRAMS=$(realpath "$BATS_TEST_DIRNAME/../clients")
DESCRIPTION=$(realpath "$BATS_TEST_DIRNAME/../../openapi/openapi.yaml")
GENERATED=$BATS_FILE_TMPDIR

setup_file() {
    PATH=$CLIENTS/bin:$PATH tool openapi-python-client generate --path "$DESCRIPTION" --meta none \
        --output-path "$GENERATED/postbox_client"
    # Both by one virtual machine. The description's defaults are used as they are; without its library of nullable values, Java has null.
    cat >"$GENERATED/typescript.yaml" <<END
generatorName: typescript-fetch
inputSpec: $DESCRIPTION
outputDir: $GENERATED/typescript
END
    cat >"$GENERATED/java.yaml" <<END
generatorName: java
library: native
inputSpec: $DESCRIPTION
outputDir: $GENERATED/java
additionalProperties:
  openApiNullable: false
  useJakartaEe: true
END
    java -jar "$(generator)" batch --fail-fast "$GENERATED/typescript.yaml" "$GENERATED/java.yaml" >"$GENERATED/log" 2>&1 ||
        fail "$(cat "$GENERATED/log")"
}

generator() {
    local found
    found=$(find "$CLIENTS" -name openapi-generator.jar)
    [[ -n $found ]] || fail "there is no openapi-generator.jar in $CLIENTS; scripts/test puts it there"
    printf '%s\n' "$found"
}

# Two servers: one with a conversation of 1,000 messages in it, and one that allows little.
setup() {
    mkdir -p "$FOLDER"
    prepare_database
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    history >"$FOLDER/history.jsonl"
    postbox import "$FOLDER/history.jsonl" --database "$DATABASE"
    assert_equal "$EXIT" 0
    DATABASE=$(database_named strict) OUT=$FOLDER/strict.out ERR=$FOLDER/strict.err \
        start_postbox --jwt-secret-file "$FOLDER/secret" --opening operator --poll-rate 0.1 --poll-burst 1
    export STRICT=$ORIGIN
    start_postbox --jwt-secret-file "$FOLDER/secret"
    export ORIGIN
    export ANN BEA EVE
    ANN=$(bearer ann) BEA=$(bearer bea) EVE=$(bearer eve)
}

history() {
    printf '%s\n' '{"kind": "user", "id": "ann", "name": "Ann Archer"}' '{"kind": "user", "id": "bea", "name": "Bea Best"}' \
        '{"kind": "conversation", "id": "long", "participantIds": ["ann", "bea"]}'
    local n
    for ((n = 1; n <= 1000; n++)); do
        printf '{"kind": "message", "conversationId": "long", "senderId": "ann", "content": "message %d", "timestamp": "2024-12-01T10:30:00.000Z"}\n' "$n"
    done
}

bearer() {
    python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" "{\"sub\": \"$1\", \"exp\": \"+3600\"}"
}

@test "a Python client holds a conversation" {
    PYTHONPATH=$GENERATED tool python -B "$PROGRAMS/conversation.py"
}

@test "a TypeScript client is type-checked, and holds a conversation" {
    cp "$PROGRAMS/conversation.ts" "$PROGRAMS/tsconfig.json" "$GENERATED"
    tsc --project "$GENERATED"
    node "$GENERATED/compiled/conversation.js"
}

@test "a Java client compiles, and holds a conversation" {
    # Debian has Jackson, but not its module for java.time. The generator's own jar has both.
    libraries=$(generator):/usr/share/java/jakarta-annotation-api.jar
    mapfile -t sources < <(find "$GENERATED/java/src/main" -name '*.java')
    javac -proc:none -nowarn -encoding UTF-8 -d "$GENERATED/classes" -cp "$libraries" "${sources[@]}" "$PROGRAMS/Conversation.java"
    java -cp "$GENERATED/classes:$libraries" Conversation
}
