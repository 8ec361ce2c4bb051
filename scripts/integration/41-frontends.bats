#!/usr/bin/env bats
# A messages page that was written for another backend, and that nobody changed: in the three browser engines, on another origin and
# behind proxies that take a prefix off the path. `browser/messages_app.py` has the stories.

load helpers

PYTHON=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/browser/bin/python

# Each story starts what it needs.
setup() {
    [[ -x $PYTHON ]] || fail "$PYTHON is not there; scripts/test puts it there"
}

story() {
    # Bats waits for everybody who holds descriptor 3.
    POSTBOX=$POSTBOX timeout 150 "$PYTHON" -B "$BATS_TEST_DIRNAME/browser" messages_app "$@" "$BATS_TEST_TMPDIR" 3>&-
}

@test "two Chromiums on another origin list, send and read; idle polls get 304, a token is renewed, and /ws is given up" {
    story day chromium cross-origin
}

@test "so does Firefox on another origin" {
    story day firefox cross-origin
}

@test "so does WebKit on another origin" {
    story day webkit cross-origin
}

@test "so do two Chromiums behind a development server that takes a prefix off" {
    story day chromium development-proxy
}

@test "so does Firefox behind a development server" {
    story day firefox development-proxy
}

@test "so does WebKit behind a development server" {
    story day webkit development-proxy
}

@test "so do two Chromiums behind nginx, which takes a prefix off and speaks HTTP/2" {
    story day chromium nginx
}

@test "so does Firefox behind nginx with HTTP/2" {
    story day firefox nginx
}

@test "so does WebKit behind nginx with HTTP/2" {
    story day webkit nginx
}
