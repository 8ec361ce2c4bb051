#!/usr/bin/env bats
# The description of the service, as it is served.
# bats file_tags=every-store

load helpers

# Debian's package python3-yaml is for Debian's Python.
both_say_the_same() {
    /usr/bin/python3 -c '
import json, sys, yaml
with open(sys.argv[1], encoding="utf-8") as a, open(sys.argv[2], encoding="utf-8") as b:
    sys.exit(yaml.safe_load(a) != json.load(b))' "$1" "$2"
}

@test "the YAML form is the file in the repository, byte for byte" {
    request GET "$ORIGIN/openapi.yaml"
    assert_status 200
    assert_header Content-Type application/yaml
    cmp "$BODY" "$BATS_TEST_DIRNAME/../../openapi/openapi.yaml"
}

@test "the JSON form is valid JSON, and says where the four endpoints are" {
    request GET "$ORIGIN/openapi.json"
    assert_status 200
    assert_header Content-Type application/json
    assert_json '.openapi == "3.0.3"'
    assert_json '[.paths[][] | objects | .operationId] | contains(["listConversations", "listMessages", "sendMessage", "markAsRead"])'
}

@test "the description says the same in YAML and in JSON" {
    request GET "$ORIGIN/openapi.yaml"
    cp "$BODY" "$FOLDER/openapi.yaml"
    request GET "$ORIGIN/openapi.json"
    both_say_the_same "$FOLDER/openapi.yaml" "$BODY"
}

@test "the description is a valid OpenAPI document" {
    for form in yaml json; do
        curl --silent --show-error --output "$FOLDER/openapi.$form" "$ORIGIN/openapi.$form"
        tool openapi-spec-validator --subschema-errors all "$FOLDER/openapi.$form"
    done
}

@test "the description needs no identity, and may be kept by caches" {
    for form in yaml json; do
        request GET "$ORIGIN/openapi.$form"
        assert_status 200
        assert_header Cache-Control no-cache
        assert_header Vary 'Accept-Encoding, Origin'
    done
}

@test "its ETag brings a 304, also after a restart" {
    for form in yaml json; do
        request GET "$ORIGIN/openapi.$form"
        tag=$(header ETag)
        [[ $tag == \"*\" ]] || fail "not a strong entity tag: $tag"
        request GET "$ORIGIN/openapi.$form" --header "If-None-Match: $tag"
        assert_status 304
        assert_header ETag "$tag"
        [[ ! -s $BODY ]]
        restart_postbox
        request GET "$ORIGIN/openapi.$form" --header "If-None-Match: W/$tag"
        assert_status 304
        request GET "$ORIGIN/openapi.$form" --header 'If-None-Match: "another"'
        assert_status 200
    done
}

@test "HEAD has the header fields of GET and no body" {
    for form in yaml json; do
        request GET "$ORIGIN/openapi.$form"
        tag=$(header ETag) length=$(wc -c <"$BODY")
        request HEAD "$ORIGIN/openapi.$form"
        assert_status 200
        assert_header ETag "$tag"
        assert_header Content-Length "$length"
    done
}

@test "pages of an allowed origin may read it" {
    for form in yaml json; do
        for condition in '"another"' '*'; do
            request GET "$ORIGIN/openapi.$form" --header 'Origin: http://localhost:4200' \
                --header "If-None-Match: $condition"
            assert_header Access-Control-Allow-Origin http://localhost:4200
        done
        request OPTIONS "$ORIGIN/openapi.$form" --header 'Origin: http://localhost:4200' \
            --header 'Access-Control-Request-Method: GET'
        assert_status 204
        assert_header Access-Control-Allow-Methods 'GET, *'
    done
}

@test "no other method is allowed" {
    request POST "$ORIGIN/openapi.yaml" --data-raw '{}'
    assert_problem 405 method-not-allowed
    assert_header Allow 'GET, HEAD, OPTIONS'
}
