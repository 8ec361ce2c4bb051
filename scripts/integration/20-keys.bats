#!/usr/bin/env bats
# The files with the keys of tokens: replaced, unusable, readable by others.
# bats file_tags=every-store

load helpers
load identity

@test "keys are replaced while it runs: when the file changes, and at once on SIGHUP" {
    for kid in old new third; do rsa_key "$kid"; done
    publish old
    start_postbox --identity jwt --jwks-file "$KEYS"
    old=$(tokens rsa-token "$FOLDER/old.pem" old '{"sub": "alice"}')
    new=$(tokens rsa-token "$FOLDER/new.pem" new '{"sub": "alice"}')
    third=$(tokens rsa-token "$FOLDER/third.pem" third '{"sub": "alice"}')
    gets 200 "$old"
    gets 401 "$new"
    publish old new
    await gets 200 "$new"
    gets 200 "$old"
    publish new
    await gets 401 "$old"
    gets 200 "$new"
    publish third
    kill -HUP "$SERVER"
    await gets 200 "$third"
    gets 401 "$new"
    running "$SERVER"
}

@test "a key file whose content changes is read again, even where its size and its time are put back" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    old=$(token '{"sub": "alice", "exp": "+60"}')
    gets 200 "$old"
    cp -p "$SECRET" "$FOLDER/before"
    # Nobody looks in between.
    kill -STOP "$SERVER"
    sed 's/shared/sHaReD/' "$FOLDER/before" >"$SECRET"
    touch --reference="$FOLDER/before" "$SECRET"
    assert_equal "$(stat --format '%s %y' "$SECRET")" "$(stat --format '%s %y' "$FOLDER/before")"
    kill -CONT "$SERVER"
    await gets 401 "$old"
    gets 200 "$(token '{"sub": "alice", "exp": "+60"}')"
    # Another file of the same size and time.
    cp -p "$FOLDER/before" "$SECRET.new"
    mv "$SECRET.new" "$SECRET"
    await gets 200 "$old"
}

@test "a secret that others can read, keys that others can write, and a secret that ends in CR are named" {
    warned() { grep -qF -- "$1" "$ERR"; }
    chmod 640 "$SECRET"
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    assert_equal "$(cat "$ERR")" ''
    chmod 644 "$SECRET"
    await warned "warning $SECRET can be read by everybody on this machine"
    stop_postbox
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    warned "warning $SECRET can be read by everybody on this machine"
    stop_postbox
    printf 'a shared secret of thirty-two bytes or more\r\n' >"$SECRET"
    chmod 600 "$SECRET"
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    warned "warning the secret in $SECRET ends in a carriage return (CR)"
    assert_lacks 'everybody' "$ERR"
    printf 'a shared secret of thirty-two bytes or more\n' >"$SECRET"
    took() { grep -q 'notice took the keys' "$ERR"; }
    await took
    assert_equal "$(grep -c CR "$ERR")" 1
    stop_postbox
    rsa_key key
    publish key
    chmod 644 "$KEYS"
    start_postbox --identity jwt --jwks-file "$KEYS"
    assert_equal "$(cat "$ERR")" ''
    chmod 666 "$KEYS"
    await warned "warning $KEYS can be written by everybody on this machine"
}

@test "a key file that cannot be used leaves the old keys in force, and the log says so" {
    rsa_key old
    publish old
    start_postbox --identity jwt --jwks-file "$KEYS"
    token=$(tokens rsa-token "$FOLDER/old.pem" old '{"sub": "alice"}')
    gets 200 "$token"
    for content in '' '{}' '{"keys": [' "$(printf '%600s' '' | tr ' ' '[')"; do
        printf '%s' "$content" >"$KEYS"
        : >"$ERR"
        kill -HUP "$SERVER"
        complained() { grep -q 'kept the old keys' "$ERR"; }
        await complained
        gets 200 "$token"
    done
    rm "$KEYS"
    : >"$ERR"
    await complained
    gets 200 "$token"
}

@test "a JWK Set without keys, or with none that can be used, revokes them all" {
    rsa_key key
    publish key
    start_postbox --identity jwt --jwks-file "$KEYS"
    token=$(tokens rsa-token "$FOLDER/key.pem" key '{"sub": "alice"}')
    for content in '{"keys":[]}' '{"keys": [{"kty": "oct", "k": "AAAA"}]}'; do
        gets 200 "$token"
        : >"$ERR"
        printf '%s' "$content" >"$KEYS"
        await gets 401 "$token"
        complained() { grep -q 'so every token is refused' "$ERR"; }
        await complained
        publish key
        await gets 200 "$token"
    done
}
