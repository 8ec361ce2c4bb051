#!/usr/bin/env bats
# What happens when there are no descriptors left for further connections.

load helpers

setup() {
    mkdir -p "${DATABASE%/*}"
}

# open_connections COUNT: on descriptors of the test's own, in CONNECTIONS.
open_connections() {
    local number descriptor
    CONNECTIONS=()
    for ((number = 0; number < $1; number++)); do
        exec {descriptor}<>"/dev/tcp/127.0.0.1/$PORT"
        CONNECTIONS+=("$descriptor")
    done
}

close_connections() {
    local descriptor
    for descriptor in "$@"; do exec {descriptor}>&-; done
}

# ask_on DESCRIPTOR: whether a request over this connection is answered within 2 s.
ask_on() {
    local status line
    printf '%s\r\n' 'GET /healthz HTTP/1.1' 'Host: localhost' '' >&"$1"
    read -r -t 2 -u "$1" status || return
    while read -r -t 2 -u "$1" line && [[ $line != ok ]]; do :; done
    [[ $status == 'HTTP/1.1 200'* ]]
}

# The number that the next descriptor of the program gets. There may be higher ones, which Bats has left it.
next_descriptor() {
    local number=0
    while [[ -e /proc/$SERVER/fd/$number || -L /proc/$SERVER/fd/$number ]]; do ((++number)); done
    echo "$number"
}

# Hundredths of a second of processor time so far.
processor_time() {
    awk '{ print $14 + $15 }' "/proc/$SERVER/stat"
}

# stays_quiet: takes less than a fifth of a processor for 2 s. There is nothing to wait for: that nothing happens is the point.
stays_quiet() {
    local before
    before=$(processor_time)
    sleep 2
    (($(processor_time) - before < 40)) || fail "$(($(processor_time) - before)) hundredths of a second in 2 s"
}

is_alive() {
    curl --silent --max-time 2 --output /dev/null "$ORIGIN/healthz"
}

@test "with as many connections as there are descriptors for, those there are go on, new ones wait, and it recovers" {
    cat >"$FOLDER/limited" <<EOF
#!/bin/sh
ulimit -n 150 && exec "$POSTBOX" "\$@"
EOF
    chmod +x "$FOLDER/limited"
    POSTBOX=$FOLDER/limited start_postbox --loops 2
    open_connections 60
    served=()
    waiting=()
    for descriptor in "${CONNECTIONS[@]}"; do
        if ask_on "$descriptor"; then served+=("$descriptor"); else waiting+=("$descriptor"); fi
        ((${#waiting[@]} == 0)) || break
    done
    ((${#served[@]} >= 20)) || fail "only ${#served[@]} connections were served"
    ((${#waiting[@]} == 1)) || fail "all were served: the limit was not reached"
    stays_quiet
    for descriptor in "${served[@]}"; do ask_on "$descriptor"; done
    ! is_alive || fail 'a new connection was served beyond the limit'
    close_connections "${CONNECTIONS[@]}"
    await is_alive
    send alice conv-1 'Hi' bob
}

@test "when the system has no descriptor left, those there are go on, new ones wait, and it recovers without spinning" {
    start_postbox --loops 2
    hard=$(prlimit --pid "$SERVER" --nofile --output HARD --noheadings)
    # First with no connection at all: that is when the library asks for one again and again.
    for connections in 0 8; do
        open_connections "$connections"
        before=("${CONNECTIONS[@]}")
        for descriptor in "${before[@]}"; do ask_on "$descriptor"; done
        prlimit --pid "$SERVER" --nofile="$(next_descriptor):$hard"
        open_connections 4
        more=("${CONNECTIONS[@]}")
        stays_quiet
        for descriptor in "${before[@]}"; do ask_on "$descriptor"; done
        ! is_alive || fail 'there was a descriptor left'
        prlimit --pid "$SERVER" --nofile="$hard:$hard"
        close_connections "${before[@]}" "${more[@]}"
        await is_alive
    done
    send alice conv-1 'Hi' bob
}
