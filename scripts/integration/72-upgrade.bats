#!/usr/bin/env bats
# Clients that poll while the server is upgraded. Those in the folder former are the ones that an earlier README showed, as they were.

load helpers

FORMER=$BATS_TEST_DIRNAME/former

# A database of the former schema, and in front of it what looks like the former version until `upgrade`.
setup() {
    mkdir -p "${DATABASE%/*}" "$FOLDER/work"
    cd "$FOLDER/work" || return
    sqlite3 "$DATABASE" <"$BATS_TEST_DIRNAME/../../Tests/SQLiteStoreTests/Schemas/v2.sql"
    in_background python3 "$FORMER/server.py" "$FOLDER/upgraded" >"$FOLDER/site" 2>"$FOLDER/polls"
    FRONT=${SERVERS[-1]}
    await test -s "$FOLDER/site"
    SITE=$(cat "$FOLDER/site")
}

# What nobody stops by itself, from here on as one of the servers.
in_background() {
    "$@" 3>&- &
    SERVERS+=("$!")
}

ends_by_signal() {
    local code=0
    kill -TERM "$1"
    wait "$1" || code=$?
    assert_equal "$code" 143
}

# upgrade: from here on every request is answered by the present version, from the same database.
upgrade() {
    start_postbox
    printf '%s\n' "$API" >"$FOLDER/address"
    mv "$FOLDER/address" "$FOLDER/upgraded"
}

# polled STATUS LINE…: whether so many lines of polls are like that.
polled() {
    (($(grep -cE "$2" "$FOLDER/polls") >= $1))
}

@test "the former client in JavaScript, which follows Link, recovers by itself" {
    {
        echo 'const setTimeout = (action, milliseconds) => globalThis.setTimeout(action, milliseconds / 100);'
        cat "$FORMER/poll.mjs"
    } >poll.mjs
    cat >run.mjs <<END
import { poll } from './poll.mjs';
poll('$SITE/api/messages/conversations/conv-1/messages', {'X-User-ID': 'bob'}, messages =>
  console.log(messages.map(message => message.content).join('|')));
END
    in_background node --no-warnings run.mjs >"$FOLDER/shown" 2>"$FOLDER/warnings"
    script=${SERVERS[-1]}
    await polled 2 '^200 .*\?since=7m57uuv8\.2\.2\.1 '
    upgrade
    await polled 3 '^200 .*\?since=7m57uuv8\.[a-z2-7]{10}\.2\.2\.1 '
    send alice conv-1 'after the upgrade'
    await grep -qx 'Hi|Hi yourself 👋|after the upgrade' "$FOLDER/shown"
    assert_equal "$(grep -c '^410 ' "$FOLDER/polls")" 1
    assert_lacks '^[45]' <(grep -v '^410 .*since=7m57uuv8\.2\.2\.1 ' "$FOLDER/polls")
    [[ ! -s $FOLDER/warnings ]] || fail "$(cat "$FOLDER/warnings")"
    ends_by_signal "$script"
    ends_by_signal "$FRONT"
}

@test "the former client in curl, which keeps a tag, gets everything once more, and 304s again" {
    sed -e "s|http://127.0.0.1:8080|$SITE|" -e 's/application-17/conv-1/; s/lee/bob/' "$FORMER/poll.sh" >poll.sh
    # Ten seconds pass in a tenth of one.
    printf '#!/bin/sh\nexec /bin/sleep "0.$1"\n' >"$PWD/sleep"
    chmod +x sleep
    in_background env PATH="$PWD:$PATH" bash poll.sh >"$FOLDER/shown"
    loop=${SERVERS[-1]}
    await polled 2 '^304 '
    upgrade
    await polled 3 '^304 .* "[A-Za-z0-9_-]{9}"'
    assert_equal "$(grep -o '"id": *"[^"]*"' "$FOLDER/shown" | tr -d ' ' | tr '\n' ' ')" '"id":"conv-1:2" "id":"conv-1:2" '
    send alice conv-1 'after the upgrade'
    await grep -q '"content":"after the upgrade"' "$FOLDER/shown"
    assert_lacks '^[45]' "$FOLDER/polls"
    ends_by_signal "$loop"
    ends_by_signal "$FRONT"
}

@test "the former client in Swift, which follows X-Cursor, recovers by itself" {
    cat "$FORMER/poll.swift" - >main.swift <<END
try await poll(URL(string: "$SITE/api/messages/conversations/conv-1/messages")!, as: "bob") { FileHandle.standardOutput.write(\$0 + Data("\n".utf8)) }
END
    swiftc -swift-version 6 -warnings-as-errors -o poll main.swift
    in_background ./poll >"$FOLDER/shown"
    program=${SERVERS[-1]}
    await polled 1 '^200 .*\?since=7m57uuv8\.2\.2\.1 '
    upgrade
    await polled 1 '^410 '
    send alice conv-1 'after the upgrade'
    # It really waits ten seconds after a problem.
    timeout 30 bash -c 'until grep -q "$1" "$2"; do sleep 0.1; done' - '"content":"after the upgrade"' "$FOLDER/shown"
    assert_equal "$(tail -n 1 "$FOLDER/shown" | jq -r '[.[].content] | join("|")')" 'Hi|Hi yourself 👋|after the upgrade'
    assert_equal "$(grep -c '^410 ' "$FOLDER/polls")" 1
    ends_by_signal "$program"
    ends_by_signal "$FRONT"
}

@test "whatever a former answer said to ask next is answered 200 or 410, and so are both at once" {
    upgrade
    for query in '' '?limit=1' '?messages=0'; do
        as bob GET "$API$query" --header 'If-None-Match: "7m57uuv8.9-msldpddd3pvs"'
        assert_status 200
    done
    for query in since=7m57uuv8.9 'since=7m57uuv8.9&limit=1' 'before=7m57uuv8.8&limit=1' since=7m57uuv8.0; do
        as bob GET "$API?$query" --header 'If-None-Match: "7m57uuv8.9-msldpddd3pvs"'
        assert_problem 410 cursor-expired
    done
    as bob GET "$API/conv-1/messages" --header 'If-None-Match: "7m57uuv8.2.2.1-qliyri9bjacf"'
    assert_contents Hi 'Hi yourself 👋'
    for query in since=7m57uuv8.2.2.1 'since=7m57uuv8.2.2.1&limit=1' before=7m57uuv8.2.2.1; do
        as bob GET "$API/conv-1/messages?$query" --header 'If-None-Match: "7m57uuv8.2.2.1-qliyri9bjacf"'
        assert_problem 410 cursor-expired
    done
    as bob GET "$API/conv-1/messages?before=2&limit=1"
    assert_contents Hi
    as bob GET "$API/conv-1/messages?since=conv-1:1"
    assert_contents 'Hi yourself 👋'
    ends_by_signal "$FRONT"
}
