# shellcheck shell=bash
# What the tests of who is believed share; after helpers.bash.

SECRET=$FOLDER/secret
KEYS=$FOLDER/keys.json

setup() {
    mkdir -p "$FOLDER"
    printf 'a shared secret of thirty-two bytes or more\n' >"$SECRET"
}

# token CLAIMS [ALGORITHM]: signed with the secret.
token() {
    tokens token "$SECRET" "$@"
}

# bearing TOKEN METHOD URL [curl arguments]
bearing() {
    local token=$1
    shift
    request "$@" --header "Authorization: Bearer $token"
}

rsa_key() {
    openssl genrsa -out "$FOLDER/$1.pem" 2048 2>/dev/null
}

# publish KID…: the JWK Set of these keys, put in place as a whole.
publish() {
    local pairs=() kid
    for kid; do pairs+=("$kid" "$FOLDER/$kid.pem"); done
    tokens jwks "${pairs[@]}" >"$KEYS.new"
    mv "$KEYS.new" "$KEYS"
}

# gets STATUS TOKEN: what the list answers.
gets() {
    bearing "$2" GET "$API"
    [[ $CODE == "$1" ]]
}

refuses() {
    postbox serve --port 0 --database "$DATABASE" "$@"
    assert_equal "$EXIT" 64
    assert_one_line '*'
    assert_no_database
}
