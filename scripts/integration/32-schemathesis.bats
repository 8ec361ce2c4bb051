#!/usr/bin/env bats
# The running program is asked everything that its description allows and much that it does not. Exclusions, with their reasons, are
# in scripts/schemathesis/schemathesis.toml. SCHEMATHESIS_SEED=N makes it another run.
# bats file_tags=every-store

load helpers

SECRET=$FOLDER/secret

setup() {
    mkdir -p "$FOLDER"
    printf 'a shared secret of thirty-two bytes or more\n' >"$SECRET"
    # The tool gives up after ten seconds, and asks for longer waits.
    start_postbox --identity jwt --jwt-secret-file "$SECRET" --sample-data --longest-wait 1
}

# The people of the sample data, in the form in which Schemathesis takes credentials.
people() {
    local user token
    for user in dana sam; do
        token=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$SECRET" "{\"sub\": \"$user\", \"exp\": \"+3600\"}")
        jq -n --arg user "$user" --arg token "Bearer $token" \
            '{name: $user, fixedHeaders: [{name: "Authorization", value: $token}]}'
    done | jq -s '{auth: .}'
}

# test_phases NAMES: leaves the report in FOLDER.
test_phases() {
    local parts
    parts=$(realpath "$BATS_TEST_DIRNAME/../schemathesis")
    people >"$FOLDER/people.json"
    # Its cache of earlier findings stays here, and Python finds the hooks.
    mkdir "$FOLDER/run"
    cd "$FOLDER/run" || return
    # From a file: of a server that it has the description from, the tool leaves out that one operation.
    curl --silent --show-error --output openapi.json "$ORIGIN/openapi.json"
    POSTBOX_PEOPLE=$FOLDER/people.json PYTHONPATH=$parts PYTHONDONTWRITEBYTECODE=1 NO_COLOR=1 \
        tool schemathesis --config-file "$parts/schemathesis.toml" run openapi.json --url "$ORIGIN" \
        --phases "$1" --seed "${SCHEMATHESIS_SEED:-2}" >"$FOLDER/report" 2>&1 || fail "$(tail -n 300 "$FOLDER/report")"
}

# reported PATTERN: what it finds in the report.
reported() {
    grep -oP "$1" "$FOLDER/report"
}

@test "whatever it is sent, valid and invalid, the program does what its description says" {
    test_phases examples,coverage,fuzzing
    assert_equal "$(reported 'Tested: +\K\d+')" "$(jq '[.paths[] | keys - ["parameters"] | length] | add' openapi.json)"
    (($(reported '\d+(?= generated)') > 1000)) || fail "$(cat "$FOLDER/report")"
}

# In a run of its own: after the other phases the tool draws only a few sequences.
@test "random sequences of requests that follow links have described answers" {
    test_phases stateful
    (($(reported 'Scenarios: +\K\d+') > 100)) || fail "$(cat "$FOLDER/report")"
    (($(reported 'API Links: +\K\d+') > 20)) || fail "$(cat "$FOLDER/report")"
}
