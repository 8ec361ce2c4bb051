# shellcheck shell=bash
# The Debian package, which the tests of several files install.

# debian: the name of the Debian that this is, such as bookworm.
debian() {
    # shellcheck source=/dev/null
    (source /etc/os-release && printf '%s\n' "$VERSION_CODENAME")
}

# built_package: prints its name; builds it where no test of this run has done so yet.
built_package() {
    local folder=$BATS_RUN_TMPDIR/package
    if [[ ! -d $folder ]]; then
        mkdir "$folder.new"
        "$BATS_TEST_DIRNAME/../package" "$folder.new" >/dev/null 2>"$BATS_FILE_TMPDIR/log" || {
            tail -n 30 "$BATS_FILE_TMPDIR/log" >&2
            return 1
        }
        mv "$folder.new" "$folder"
    fi
    echo "$folder"/postbox_*.deb
}

# minimal_system NAME: the name of the archive that make_system left.
minimal_system() {
    printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/postbox/$1.tar"
}

# assert_serves_tokens: polls and sends of alice pass with her token, and none without; leaves `bearer`.
assert_serves_tokens() {
    request GET "$API"
    assert_problem 401 unauthenticated
    token=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" '{"sub": "alice", "exp": "+600"}')
    bearer=(--header "Authorization: Bearer $token")
    request POST "$API/@bob/messages" "${bearer[@]}" --header 'Content-Type: text/plain' --data 'Hi'
    assert_status 201
    request GET "$API" "${bearer[@]}"
    assert_json '.[0].lastMessage == "Hi"'
    request GET "$API" "${bearer[@]}" --header "If-None-Match: $(header ETag)"
    assert_status 304
}
