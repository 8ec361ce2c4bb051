#!/usr/bin/env bats
# A messages page that was written for another backend, and that nobody changed: in the three browser engines, on another origin and
# behind proxies that take a prefix off the path. `browser/messages_app.py` has the stories. Then the client module and the page for people.

load helpers

PYTHON=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/browser/bin/python

# Each story starts what it needs.
setup() {
    [[ -x $PYTHON ]] || fail "$PYTHON is not there; scripts/test puts it there"
}

story() {
    play messages_app "$@"
}

client_module() {
    play client_module "$@"
}

page() {
    play page_engines "$@"
}

play() {
    # Bats waits for everybody who holds descriptor 3.
    POSTBOX=$POSTBOX timeout 150 "$PYTHON" -B "$BATS_TEST_DIRNAME/browser" "$@" "$BATS_TEST_TMPDIR" 3>&-
}

# A day: two people list, send and read; idle polls get 304, 12 a minute; /ws is given up; a token expires and is renewed.

@test "a messages page of another backend works unchanged in Chromium on another origin" {
    story day chromium cross-origin
}

@test "a messages page of another backend works unchanged in Firefox on another origin" {
    story day firefox cross-origin
}

@test "a messages page of another backend works unchanged in WebKit on another origin" {
    story day webkit cross-origin
}

@test "a messages page of another backend works unchanged in Chromium behind a development server that strips a prefix" {
    story day chromium development-proxy
}

@test "a messages page of another backend works unchanged in Firefox behind a development server that strips a prefix" {
    story day firefox development-proxy
}

@test "a messages page of another backend works unchanged in WebKit behind a development server that strips a prefix" {
    story day webkit development-proxy
}

@test "a messages page of another backend works unchanged in Chromium behind nginx that strips a prefix and speaks HTTP/2" {
    story day chromium nginx
}

@test "a messages page of another backend works unchanged in Firefox behind nginx that strips a prefix and speaks HTTP/2" {
    story day firefox nginx
}

@test "a messages page of another backend works unchanged in WebKit behind nginx that strips a prefix and speaks HTTP/2" {
    story day webkit nginx
}

@test "an app of another origin imports the client module in Chromium" {
    client_module day chromium
}

@test "an app of another origin imports the client module in Firefox" {
    client_module day firefox
}

@test "an app of another origin imports the client module in WebKit" {
    client_module day webkit
}

@test "a page of another origin in Chromium can read the sentence of a 404, a 405 and a 429" {
    story refusals chromium
}

@test "a page of another origin in Firefox can read the sentence of a 404, a 405 and a 429" {
    story refusals firefox
}

@test "a page of another origin in WebKit can read the sentence of a 404, a 405 and a 429" {
    story refusals webkit
}

@test "a page of another origin in Chromium reads the fields of the 200 after a 304" {
    story unchanged chromium
}

@test "a page of another origin in Firefox reads the fields of the 200 after a 304" {
    story unchanged firefox
}

@test "a page of another origin in WebKit reads the fields of the 200 after a 304" {
    story unchanged webkit
}

@test "in demo identity, a page of any loopback port in Chromium lists, sends and reads" {
    story demo chromium
}

@test "in demo identity, a page of any loopback port in Firefox lists, sends and reads" {
    story demo firefox
}

@test "in demo identity, a page of any loopback port in WebKit lists, sends and reads" {
    story demo webkit
}

# The page for people: what all three engines have to do alike.

@test "the page waits, sends, and falls back to polling in Chromium" {
    page waits chromium
}

@test "the page waits, sends, and falls back to polling in Firefox" {
    page waits firefox
}

@test "the page waits, sends, and falls back to polling in WebKit" {
    page waits webkit
}

@test "seven windows of the page share one poll in Chromium" {
    page seven_windows chromium
}

@test "seven windows of the page share one poll in Firefox" {
    page seven_windows firefox
}

@test "seven windows of the page share one poll in WebKit" {
    page seven_windows webkit
}

@test "arrow keys and the focus are right on the page at 390 px in Chromium" {
    page narrow chromium
}

@test "arrow keys and the focus are right on the page at 390 px in Firefox" {
    page narrow firefox
}

@test "arrow keys and the focus are right on the page at 390 px in WebKit" {
    page narrow webkit
}

@test "the page shows the server's sentence for a bad token in Chromium" {
    page bad_token chromium
}

@test "the page shows the server's sentence for a bad token in Firefox" {
    page bad_token firefox
}

@test "the page shows the server's sentence for a bad token in WebKit" {
    page bad_token webkit
}
