# shellcheck shell=bash
# What the tests with the requests of front ends share; after helpers.bash.

# to USER JSON [curl arguments]: sends to whom or what the body names.
to() {
    as "$1" POST "$ORIGIN/api/messages/send" --header 'Content-Type: application/json' --data-binary "$2" "${@:3}"
}

# crowd FIRST LAST: user ids as a JSON array.
crowd() {
    jq -cn --argjson first "$1" --argjson last "$2" '[range($first; $last + 1) | "user-\(. + 100)"]'
}

# etag USER PATH: of what is below the list.
etag() {
    as "$1" GET "$API/$2"
    assert_status 200
    header ETag
}

# unchanged USER PATH TAG: twice, so that the second answer comes from memory.
unchanged() {
    as "$1" GET "$API/$2" --header "If-None-Match: $3"
    assert_status 304
    as "$1" GET "$API/$2" --header "If-None-Match: $3"
    assert_status 304
    assert_header ETag "$3"
}
