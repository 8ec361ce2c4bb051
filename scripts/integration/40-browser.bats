#!/usr/bin/env bats
# What people and front ends see in a real browser; `browser/` has a function for each story.

load helpers

PYTHON=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/browser/bin/python

# Each story starts what it needs.
setup() {
    [[ -x $PYTHON ]] || fail "$PYTHON is not there; scripts/test puts it there"
}

story() {
    # Bats waits for everybody who holds descriptor 3.
    POSTBOX=$POSTBOX timeout 150 "$PYTHON" -B "$BATS_TEST_DIRNAME/browser" "$@" "$BATS_TEST_TMPDIR" 3>&-
}

@test "an unmodified front end on another origin is answered 304 on the wire, and sees a new message at the next poll" {
    story front_end unmodified
}

@test "two people who use one browser one after the other never see each other's data out of its cache" {
    story front_end two_people
}

@test "a page of another origin reads the sentence of a 404, a 405, a 400 and a 429" {
    story front_end reads_refusals
}

@test "in demo identity a page that another port serves writes without being named" {
    story front_end loopback
}

@test "a form of another origin stores nothing" {
    story front_end foreign_form
}

@test "a message sent in one window appears in the other within a poll interval; badges and ticks follow" {
    story page two_windows
}

@test "messages and names that look like markup stay text" {
    story page hostile_text
}

@test "where content was erased, that is said" {
    story page erased
}

@test "a stopped server is shown, and no message and no draft is lost until it is back" {
    story polling_page offline
}

@test "a message that may not be sent for now keeps nobody else's away" {
    story polling_page refused_for_now
}

@test "a message whose answer was lost is sent again with the same key, and stored once" {
    story polling_page lost_answer
}

@test "the meter says what was on the wire, and a hidden window asks for nothing" {
    story polling_page meter
}

@test "a page that idles and polls makes 360 requests an hour, for less than 400 KB" {
    story polling_page cost
}

@test "older pages come by scrolling up, without a gap or a jump" {
    story polling_page paging
}

@test "what one answer has no room for is asked for at once" {
    story polling_page cut_answers
}

@test "the page can be used by keyboard, and everything in it has a name" {
    story page keyboard
}

@test "axe finds nothing on the page" {
    story page accessible
}

@test "the page waits for its news or polls, and says what each costs" {
    story page ways
}

@test "seven windows of one browser leave room for requests, and those of one person share one poll" {
    story client_module seven_windows
}

@test "waiting polls for equal URLs do not hold each other up" {
    story client_module equal_polls
}

@test "the page fits a phone" {
    story page phone
}

@test "however long names are, the window keeps its shape" {
    story page long_names
}

@test "a page for tokens keeps the token to itself" {
    story page bearer
}

@test "a page behind a proxy that says who somebody is leaves nothing to the next one" {
    story page behind_proxy
}

@test "what an idle page costs an hour is counted: polling and waiting, over HTTP/1.1 and HTTP/2" {
    story cost idle
}
