#!/usr/bin/env bats
# Who is believed: tokens and gateways.
# bats file_tags=every-store

load helpers
load identity

@test "a good token names its bearer at every endpoint" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    alice=$(token '{"sub": "alice", "exp": "+60", "name": "Alice", "company": "Acme"}')
    bob=$(token '{"sub": "bob", "exp": "+60"}')
    bearing "$alice" POST "$API/conv-1/messages" --json '{"content": "Hi", "receiverId": "bob"}'
    assert_status 201
    assert_json '.senderId == "alice"'
    bearing "$bob" GET "$API/conv-1/messages"
    assert_contents Hi
    assert_header Vary 'Authorization, Accept-Encoding, Origin'
    bearing "$bob" PUT "$API/conv-1/read"
    assert_status 200
    bearing "$bob" GET "$API"
    assert_json '.[0].name == "Alice" and .[0].company == "Acme"'
    etag=$(header ETag)
    bearing "$bob" HEAD "$API" --header "If-None-Match: $etag"
    assert_status 304
    bearing "$(token '{"sub": "alice", "exp": "+61", "name": "Alice Archer"}')" GET "$API"
    bearing "$bob" GET "$API" --header "If-None-Match: $etag"
    assert_status 200
    assert_json '.[0].name == "Alice Archer" and .[0].company == "Acme"'
}

@test "without a token, with a bad one and with two there is a challenge as RFC 6750 has it" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    for url in "$API" "$API/conv-1/messages"; do
        request GET "$url" --header 'X-User-ID: alice'
        assert_problem 401 unauthenticated
        assert_equal "$(header WWW-Authenticate)" 'Bearer realm="postbox"'
    done
    bearing nonsense GET "$API"
    assert_problem 401 unauthenticated
    assert_header WWW-Authenticate 'Bearer realm="postbox", error="invalid_token", error_description="*"'
    good=$(token '{"sub": "alice", "exp": "+60"}')
    bearing "$good" GET "$API" --header "Authorization: Bearer $good"
    assert_problem 400 malformed-request
    assert_header WWW-Authenticate '*error="invalid_request"*'
    request PUT "$API/conv-1/read" --header 'Authorization: Basic YTpi'
    assert_problem 401 unauthenticated
    bearing "$good" GET "$API"
    assert_status 200
}

@test "a token that expires while it is in use stops working within a second" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    now=$(date +%s)
    # Of the leeway of 30 s, three are left.
    token=$(token "{\"sub\": \"alice\", \"exp\": $((now - 27))}")
    gets 200 "$token"
    await gets 401 "$token"
    ended=$(date +%s)
    ((ended >= now + 3 && ended <= now + 4)) || fail "it stopped working $((ended - now)) s after it was made"
    assert_header WWW-Authenticate '*expired*'
}

@test "issuer, audience and the names of claims can be set" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET" --jwt-issuer https://id.example --jwt-audience postbox \
        --jwt-user-claim uid --jwt-tenant-claim org --jwt-name-claim display --jwt-company-claim employer
    claims='{"uid": "alice", "org": "one", "iss": "https://id.example", "aud": ["x", "postbox"], "exp": "+60"}'
    gets 200 "$(token "$claims")"
    gets 401 "$(token "$(jq -c '.iss = "https://other.example"' <<<"$claims")")"
    gets 401 "$(token "$(jq -c '.aud = "other"' <<<"$claims")")"
    gets 401 "$(token "$(jq -c 'del(.uid) | .sub = "alice"' <<<"$claims")")"
    gets 401 "$(token "$(jq -c '.org = true' <<<"$claims")")"
}

@test "people without the claim name are called by the first other claim that says how, as email or preferred_username" {
    call() { bearing "$(token "$1")" POST "$API/@bob/messages" --json '{"content": "Hi"}'; assert_status 201; }
    names() {
        bearing "$(token '{"sub": "bob", "tenantId": "acme", "exp": "+60"}')" GET "$API"
        assert_json 'map(.name) | sort == $names' --argjson names "$1"
    }
    claims='{"sub": "6f0c", "email": "dana@acme.example", "tenantId": "acme", "exp": "+60"}'
    start_postbox --jwt-secret-file "$SECRET"
    call "$claims"
    names '["6f0c"]'
    restart_postbox --jwt-secret-file "$SECRET" --jwt-name-claim name --jwt-name-claim email
    call "$claims"
    names '["dana@acme.example"]'
    assert_json '.[0].participants | map(.name) | sort == ["bob", "dana@acme.example"]'
    call "$(jq -c '.sub = "7" | .name = "Lee Wong" | .email = "lee@acme.example"' <<<"$claims")"
    call "$(jq -c '.sub = "8" | .name = " \u200b" | .email = "sam@acme.example"' <<<"$claims")"
    names '["Lee Wong", "dana@acme.example", "sam@acme.example"]'
    stop_postbox
    POSTBOX_JWT_NAME_CLAIM='preferred_username, name' start_postbox --jwt-secret-file "$SECRET"
    call "$(jq -c '.preferred_username = "dana"' <<<"$claims")"
    call "$(jq -c '.sub = "7" | .preferred_username = 7 | .name = "Lee"' <<<"$claims")"
    names '["Lee", "dana", "sam@acme.example"]'
}

@test "a name of which nothing can be seen is none, in a token, from a gateway and in an import" {
    prepare_database
    printf '%s\n' '{"kind": "user", "id": "ann", "name": "\u200b\u2060"}' '{"kind": "user", "id": "bea", "name": "\u3164 \ufeff"}' \
        '{"kind": "conversation", "id": "c", "participantIds": ["ann", "bea", "cem", "dora"]}' >"$FOLDER/people"
    postbox import "$FOLDER/people" --database "$DATABASE"
    assert_equal "$EXIT" 0
    start_postbox --jwt-secret-file "$SECRET"
    bearing "$(token '{"sub": "cem", "name": "\u2800\udb40\udc01", "exp": "+60"}')" GET "$API"
    assert_json '.[0].name == "ann, bea, dora" and .[0].initials == "AB"'
    stop_postbox
    start_postbox --identity gateway
    request GET "$API" --header 'X-User-ID: dora' --header "X-User-Name: $(printf '\u00ad\u180e')"
    assert_json '.[0].name == "ann, bea, cem" and (.[0].participants | map(.name) == ["ann", "bea", "cem", "dora"])'
}

@test "postbox token makes tokens that a server with that secret believes, with the same options or settings" {
    chmod 600 "$SECRET"
    start_postbox --jwt-secret-file "$SECRET"
    postbox token --jwt-secret-file "$SECRET" --user dana --name 'Dana Reyes' --company Acme
    assert_equal "$EXIT" 0
    assert_equal "$(wc -l <"$OUT")" 1
    assert_equal "$(cat "$ERR")" ''
    dana=$(cat "$OUT")
    bearing "$dana" POST "$API/@lee/messages" --json '{"content": "Hi"}'
    assert_status 201
    postbox token --jwt-secret-file "$SECRET" --user lee --expires 90s
    bearing "$(cat "$OUT")" GET "$API"
    assert_json '.[0].name == "Dana Reyes" and .[0].company == "Acme" and .[0].initials == "DR"'
    postbox token --jwt-secret-file "$SECRET" --user lee --tenant acme
    bearing "$(cat "$OUT")" GET "$API"
    assert_status 200
    assert_json '. == []'
    # The payload of the first says when it was made and until when it is good: for an hour.
    jq -Rce 'split(".")[1] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson | .exp - .iat == 3600' <<<"$dana" >/dev/null
    stop_postbox
    options=(--jwt-issuer https://id.example --jwt-audience postbox --jwt-user-claim uid --jwt-tenant-claim org --jwt-name-claim email)
    start_postbox --jwt-secret-file "$SECRET" "${options[@]}"
    gets 401 "$dana"
    postbox token --jwt-secret-file "$SECRET" "${options[@]}" --user dana --name dana@acme.example --tenant acme
    gets 200 "$(cat "$OUT")"
    stop_postbox
    export POSTBOX_JWT_SECRET_FILE=$SECRET POSTBOX_JWT_ISSUER=https://id.example POSTBOX_JWT_AUDIENCE=postbox POSTBOX_DATABASE=$DATABASE
    start_postbox --identity jwt
    postbox token --user dana
    assert_equal "$EXIT" 0
    gets 200 "$(cat "$OUT")"
    unset POSTBOX_JWT_SECRET_FILE POSTBOX_JWT_ISSUER POSTBOX_JWT_AUDIENCE POSTBOX_DATABASE
}

@test "postbox token says what is missing or wrong, as other commands do" {
    no_token() {
        local code=$1
        shift
        postbox token "$@"
        assert_equal "$EXIT" "$code"
        assert_equal "$(cat "$OUT")" ''
    }
    printf '{"keys": []}' >"$KEYS"
    printf 'short\n' >"$FOLDER/short"
    chmod 600 "$SECRET" "$FOLDER/short"
    no_token 64 --user dana
    assert_one_line 'postbox: *--jwt-secret-file'
    no_token 64 --jwt-secret-file "$SECRET"
    assert_one_line 'postbox: *--user*'
    no_token 64 --jwks-file "$KEYS" --user dana
    assert_one_line 'postbox: a JWK Set holds public keys, which cannot sign*'
    POSTBOX_JWKS_FILE=$KEYS no_token 64 --user dana
    assert_one_line 'postbox: a JWK Set holds public keys, which cannot sign*'
    for wrong in '--expires 90' '--expires 1w' '--expires 0h' '--expires -1h'; do
        # shellcheck disable=SC2086
        no_token 64 --jwt-secret-file "$SECRET" --user dana $wrong
        [[ $wrong == *-1h ]] || assert_one_line 'postbox: *a unit: s, m, h or d*'
    done
    no_token 64 --jwt-secret-file "$SECRET" --user ''
    no_token 64 --jwt-secret-file "$SECRET" --user dana --tenant "$(printf 'a\nb')"
    no_token 64 --jwt-secret-file "$SECRET" --user dana --jwt-user-claim name --name Dana
    assert_one_line 'postbox: the claim name would have two values'
    no_token 66 --jwt-secret-file "$FOLDER/none" --user dana
    assert_one_line "postbox: cannot read $FOLDER/none: No such file or directory"
    no_token 65 --jwt-secret-file "$FOLDER/short" --user dana
    assert_one_line "postbox: $FOLDER/short: a secret needs at least 32 bytes, this has 5"
    # What a server names in its log.
    chmod 644 "$SECRET"
    postbox token --jwt-secret-file "$SECRET" --user dana
    assert_equal "$EXIT" 0
    assert_one_line "postbox: $SECRET can be read by everybody on this machine*"
    printf 'a shared secret of thirty-two bytes or more\r\n' >"$SECRET"
    chmod 600 "$SECRET"
    postbox token --jwt-secret-file "$SECRET" --user dana
    assert_one_line "postbox: the secret in $SECRET ends in a carriage return (CR)*"
    [[ $(cat "$OUT") == *.*.* ]]
}

@test "tenants in tokens are strangers to one another" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    one=$(token '{"sub": "alice", "tenantId": "one", "exp": "+60"}')
    two=$(token '{"sub": "alice", "tenantId": "two", "exp": "+60"}')
    bearing "$one" POST "$API/conv-1/messages" --json '{"content": "of one", "receiverId": "bob"}'
    bearing "$two" GET "$API/conv-1/messages"
    assert_problem 404 conversation-not-found
    bearing "$two" POST "$API/conv-1/messages" --json '{"content": "of two", "receiverId": "bob"}'
    assert_status 201
    assert_json '.id == "conv-1:1"'
    bearing "$one" GET "$API/conv-1/messages"
    assert_contents 'of one'
}

@test "a signed token or an import with a number that stops the parser, and one with a claim twice, is refused" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    number=1$(printf '%0199d' 0)e-182
    claims='{"sub": "alice", "exp": 4102444800'
    gets 200 "$(tokens text-token "$SECRET" "$claims}")"
    gets 401 "$(tokens text-token "$SECRET" "$claims, \"x\": $number}")"
    gets 401 "$(tokens text-token "$SECRET" "$claims, \"x\": [{\"y\": -$number}]}")"
    gets 401 "$(tokens text-token "$SECRET" "$claims, \"\\u0073ub\": \"bob\"}")"
    bearing "$(tokens text-token "$SECRET" "$claims}")" POST "$API/@bob/messages" --json "{\"content\": \"Hi\", \"x\": $number}"
    assert_problem 400 malformed-request
    gets 200 "$(tokens text-token "$SECRET" "$claims}")"
    running "$SERVER"
    stop_postbox
    printf '{"kind": "user", "id": "alice", "x": %s}\n' "$number" >"$FOLDER/import"
    postbox import --database "$DATABASE" "$FOLDER/import"
    assert_equal "$EXIT" 65
    assert_one_line '*import:1:*64 characters*'
}

@test "tabs with expired tokens behind one address keep no new token out, and each is told that it has expired" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET" --trusted-proxy 192.0.2.1
    for tab in {1..60}; do
        printf '%s\n' next silent "url = \"$API\"" "header = \"Authorization: Bearer $(token "{\"sub\": \"$tab\", \"exp\": \"-60\"}")\"" \
            'output = "/dev/null"' 'write-out = "%{http_code}\n"'
    done | tail -n +2 >"$FOLDER/tabs"
    for login in {1..5}; do
        assert_equal "$(curl --config "$FOLDER/tabs" | sort | uniq -c | xargs)" '60 401'
        gets 200 "$(token "{\"sub\": \"new-$login\", \"exp\": \"+60\"}")"
    done
}

@test "the public key is no secret: a token signed with it as an HMAC is refused" {
    rsa_key key
    publish key
    start_postbox --identity jwt --jwks-file "$KEYS"
    openssl rsa -in "$FOLDER/key.pem" -pubout -out "$FOLDER/key.pub" 2>/dev/null
    gets 401 "$(tokens token "$FOLDER/key.pub" '{"sub": "alice", "exp": "+60"}')"
    gets 401 "$(tokens token "$KEYS" '{"sub": "alice", "exp": "+60"}')"
}

@test "no log line holds a token, or anything of its claims" {
    start_postbox --identity jwt --jwt-secret-file "$SECRET"
    token=$(token '{"sub": "somebody-special", "exp": "+60", "name": "Secret Name"}')
    gets 200 "$token"
    gets 401 "${token}x"
    gets 401 "$(token '{"sub": "somebody-special", "exp": "-60"}')"
    assert_lacks 'eyJ|special|Secret Name' "$OUT" "$ERR"
}

@test "a gateway is believed from a trusted address only" {
    start_postbox --identity gateway
    request GET "$API" --header 'X-User-ID: alice' --header 'X-Tenant-ID: one'
    assert_status 200
    assert_header Vary 'X-User-ID, X-Tenant-ID, Accept-Encoding, Origin'
    request GET "$API"
    assert_problem 401 unauthenticated
    request GET "$API?userId=alice"
    assert_problem 401 unauthenticated
    request GET "$API" --header 'X-User-ID: alice' --header 'X-User-ID: root'
    assert_problem 400 malformed-request
    restart_postbox --identity gateway --trusted-proxy 192.0.2.0/24 --trusted-proxy 2001:db8::/32
    request GET "$API" --header 'X-User-ID: alice' --header 'X-Forwarded-For: 192.0.2.1'
    assert_problem 401 unauthenticated
}

@test "a gateway over IPv6 that takes IPv4 too is believed from both loopbacks" {
    start_postbox --identity gateway --host ::
    for host in 127.0.0.1 '[::1]'; do
        request GET "http://$host:$PORT/api/messages/conversations" --header 'X-User-ID: alice'
        assert_status 200
    done
}

@test "serve without an identity and a key file names the choices and exits 64" {
    names_the_choices() {
        refuses "$@"
        for choice in jwt gateway demo; do assert_one_line "*--identity $choice*"; done
        assert_one_line '*--jwt-secret-file*--jwks-file*'
    }
    names_the_choices
    names_the_choices --host 0.0.0.0
    names_the_choices --sample-data --page
    POSTBOX_IDENTITY='' names_the_choices
    POSTBOX_JWT_SECRET_FILE='' POSTBOX_JWKS_FILE='' names_the_choices
    refuses --identity=
    POSTBOX_IDENTITY=JWT refuses
    POSTBOX_IDENTITY=' demo' refuses
}

@test "a key file alone means jwt, also away from loopback" {
    start_postbox --host 0.0.0.0 --jwt-secret-file "$SECRET"
    request GET "http://127.0.0.1:$PORT/api/messages/conversations" --header 'X-User-ID: alice'
    assert_problem 401 unauthenticated
}

@test "identity options that do not go together are refused with code 64" {
    refuses --identity jwt
    refuses --identity jwt --jwt-secret-file "$SECRET" --jwks-file "$KEYS"
    refuses --identity gateway --trusted-proxy 10.0.0.0/33
    refuses --identity gateway --trusted-proxy gateway.example
    refuses --identity demo --host 0.0.0.0
    refuses --identity demo --jwt-secret-file "$SECRET"
    POSTBOX_IDENTITY=demo refuses --jwks-file "$KEYS"
    refuses --identity trust-me
}

@test "a key file that is missing, too short or not a JWK Set is refused, and says which file" {
    printf 'short' >"$FOLDER/short"
    printf '{"keys": []}' >"$KEYS"
    for options in "--jwt-secret-file $FOLDER/missing" "--jwt-secret-file $FOLDER/short" "--jwks-file $KEYS" "--jwks-file $SECRET"; do
        # shellcheck disable=SC2086
        postbox serve --port 0 --database "$DATABASE" --identity jwt $options
        ((EXIT != 0 && EXIT != 124)) || fail "exit code $EXIT"
        assert_one_line "postbox: *${options#* }*"
        assert_no_database
    done
}

@test "demo says that it believes everybody" {
    start_postbox
    grep -q '^postbox: demo identity: everybody is believed' "$OUT"
}
