#!/usr/bin/env bats
# The page for people, as it is served.
# bats file_tags=every-store

load helpers

directive() {
    header Content-Security-Policy | tr ';' '\n' | sed -nE "s/^ *$1 //p"
}

# The hash of what stands inside an element of the page, as a policy names it.
hash_of() {
    python3 -c '
import sys
page = open(sys.argv[1], encoding="utf-8").read()
start = page.index(">", page.index(f"<{sys.argv[2]}")) + 1
sys.stdout.write(page[start:page.index(f"</{sys.argv[2]}>")])' "$BODY" "$1" |
        openssl dgst -sha256 -binary | base64 | sed "s/.*/'sha256-&'/"
}

@test "in demo identity it is there, and a browser may run its script and what comes from here, and nothing else" {
    request GET "$ORIGIN/"
    assert_status 200
    assert_header Content-Type 'text/html; charset=utf-8'
    assert_header X-Content-Type-Options nosniff
    cmp "$BODY" "$BATS_TEST_DIRNAME/../../Sources/WebClient/page.html"
    assert_equal "$(directive default-src)" "'none'"
    assert_equal "$(directive frame-ancestors)" "'none'"
    assert_equal "$(directive script-src)" "'self' $(hash_of script)"
    assert_equal "$(directive style-src)" "$(hash_of style)"
}

@test "its ETag brings a 304, also after a restart; HEAD works" {
    request GET "$ORIGIN/"
    tag=$(header ETag) length=$(wc -c <"$BODY")
    restart_postbox
    request GET "$ORIGIN/" --header "If-None-Match: $tag"
    assert_status 304
    request HEAD "$ORIGIN/"
    assert_status 200
    assert_header ETag "$tag"
    assert_header Content-Length "$length"
    request POST "$ORIGIN/" --data-raw x
    assert_problem 405 method-not-allowed
    assert_header Allow 'GET, HEAD, OPTIONS'
}

@test "in other identities it is there only where it is wanted" {
    restart_postbox --identity gateway
    request GET "$ORIGIN/"
    assert_problem 404 not-found
    restart_postbox --identity gateway --page
    request GET "$ORIGIN/"
    assert_status 200
    grep -q '<html lang="en" data-identity="gateway">' "$BODY"
}

@test "a token is asked for where there are tokens" {
    head -c 32 /dev/urandom | base64 >"$FOLDER/secret"
    POSTBOX_PAGE=yes restart_postbox --jwt-secret-file "$FOLDER/secret"
    request GET "$ORIGIN/"
    assert_status 200
    grep -q '<html lang="en" data-identity="jwt">' "$BODY"
}
