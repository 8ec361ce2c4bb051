#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# Every block of code in README.md and the guides does what is said of it; only addresses and ports are other ones here.

load helpers
load readme

@test "each block is run by a test" {
    for name in "${!BLOCKS[@]}"; do
        grep -Eq "^[^#]*\bblock $name\b" "$BATS_TEST_DIRNAME"/{60-readme,60-proxies}.bats "$BATS_TEST_DIRNAME/readme.bash" || fail "no test runs the block $name"
    done
    printf '%s\n' "${BLOCKS[@]}" | blocks check "${DOCUMENTS[@]}"
}

@test "each link in the README and the guides leads to a file and a heading" {
    blocks links "${DOCUMENTS[@]}"
}

@test "the guides can be made into a web site" {
    "$REPOSITORY/scripts/guides" "$PWD/site"
    jq --exit-status '.metadata.title == "Keeping the data"' site/data/documentation/postbox/keepingthedata.json
}

@test "the quick start serves" {
    [[ $(block start | awk '{ print $1 }') == $'scripts/serve\nscripts/test' ]] || fail "$(block start)"
    # With an argument that it does not have it installs nothing and runs nothing, this test least of all.
    EXIT=0
    "$REPOSITORY/scripts/test" nothing 2>"$ERR" || EXIT=$?
    assert_equal "$EXIT" 64
    # It would build what is tested here anyway.
    is_release || return 0
    quick_start
    request GET "$ORIGIN/api/messages/conversations" --header 'X-User-ID: dana'
    assert_status 200
    assert_json 'length > 0'
    run_lines
}

@test "the quick start, asked for another identity, prints lines that fit it" {
    is_release || return 0
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    # The tokens are in the lines, whatever the server wants of them.
    quick_start --identity jwt --jwt-secret-file "$FOLDER/secret"
    assert_lacks 'X-User-ID|demo|browser|application-17|DANA' "$OUT"
    run_lines
    lee=$(grep -oP "^  curl -H \K'Authorization: Bearer [^']*'" "$OUT" | tail -n 1)
    request GET "$ORIGIN/api/messages/conversations" --header "$(tr -d "'" <<<"$lee")"
    assert_json '.[0].name == "Dana Reyes" and .[0].initials == "DR"'
    stop_postbox
    rm "$FOLDER/quick.sqlite"
    POSTBOX_JWT_ISSUER=https://id.example quick_start "--jwt-secret-file=$FOLDER/secret" --jwt-audience postbox --jwt-user-claim uid
    run_lines
    stop_postbox
    rm "$FOLDER/quick.sqlite"
    # Public keys cannot sign, so the lines are for tokens from elsewhere.
    openssl genrsa -out "$FOLDER/key.pem" 2048 2>/dev/null
    python3 "$BATS_TEST_DIRNAME/tokens.py" jwks key "$FOLDER/key.pem" >"$FOLDER/keys.json"
    DANA=$(python3 "$BATS_TEST_DIRNAME/tokens.py" rsa-token "$FOLDER/key.pem" key '{"sub": "dana"}')
    LEE=$(python3 "$BATS_TEST_DIRNAME/tokens.py" rsa-token "$FOLDER/key.pem" key '{"sub": "lee"}')
    export DANA LEE
    quick_start --jwks-file "$FOLDER/keys.json"
    grep -q 'where DANA and LEE hold a token each' "$OUT"
    run_lines
    stop_postbox
    rm "$FOLDER/quick.sqlite"
    POSTBOX_IDENTITY=gateway POSTBOX_PAGE=on quick_start
    assert_lacks 'Bearer|demo|application-17' "$OUT"
    grep -q 'http://127.0.0.1:PORT/$' "$OUT"
    run_lines
    stop_postbox
    # Demo is what it asks for by itself, not what it falls back to.
    run -64 env POSTBOX_PORT=0 "$REPOSITORY/scripts/serve" --identity jwt
    run -64 env POSTBOX_PORT=0 "$REPOSITORY/scripts/serve" --host 0.0.0.0
    [[ $output == *'loopback only'* ]]
}

@test "one poll, and the same poll again" {
    # A fresh database, whose tags are not those that stand there.
    start_postbox --sample-data
    block polls >"$FOLDER/console"
    python3 "$BATS_TEST_DIRNAME/readme.py" console "$FOLDER/console"
}

@test "trying it with tokens takes the commands that stand there" {
    is_release || return 0
    bash -c "$(inline '(umask 077; openssl')"
    assert_equal "$(inline scripts/serve --jwt-secret-file)" 'scripts/serve --jwt-secret-file jwt-secret'
    read -ra claims < <(inline --jwt-name-claim)
    assert_equal "${claims[*]}" '--jwt-name-claim name --jwt-name-claim email'
    quick_start --jwt-secret-file jwt-secret "${claims[@]}"
    assert_lacks 'everybody' "$ERR"
    run_lines
    token=$(bash -c "$REPOSITORY/$(inline .build/release/postbox token)")
    request GET "$ORIGIN/api/messages/conversations" --header "Authorization: Bearer $token"
    assert_status 200
    assert_json '. == []'
}

@test "polling in JavaScript shows what comes, what is read, and a new epoch of the database" {
    start_postbox --sample-data
    # Ten seconds pass in a tenth of one.
    {
        echo 'const setTimeout = (action, milliseconds) => globalThis.setTimeout(action, milliseconds / 100);'
        block javascript
    } >poll.mjs
    cat >run.mjs <<END
import { poll } from './poll.mjs';
poll('$API/application-17/messages', {'X-User-ID': 'lee'}, messages =>
  console.log(messages.map(message => \`\${message.content}=\${message.read}\`).join('|')));
END
    in_background node --no-warnings run.mjs >"$FOLDER/shown" 2>"$FOLDER/warnings"
    script=${SERVERS[-1]}
    await grep -q '^[^|]*|[^|]*|Great[^|]*$' "$FOLDER/shown"
    send lee application-17 'from Lee'
    await grep -q '^[^|]*|[^|]*|Great[^|]*|from Lee=false$' "$FOLDER/shown"
    mark_read dana application-17
    await grep -q '^[^|]*|[^|]*|Great[^|]*|from Lee=true$' "$FOLDER/shown"
    port=$PORT
    stop_postbox
    rm "$DATABASE"*
    start_postbox --sample-data --port "$port"
    await eval '[[ $(tail -n 1 "$FOLDER/shown") == *"|"*"|Great"* && $(tail -n 1 "$FOLDER/shown") != *"from Lee"* ]]'
    [[ ! -s $FOLDER/warnings ]] || fail "$(cat "$FOLDER/warnings")"
    ends_by_signal "$script"
}

@test "the client module, in plain JavaScript, shows what comes" {
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret"
    fetch_module
    # Node imports nothing over HTTP; 41-frontends has the module in browsers.
    block module | sed "s|http://127.0.0.1:$PORT/postbox.js|./postbox.js|; s|{ user, token }|{ user, token, url: '$ORIGIN' }|" >messages.js
    ann=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" '{"sub": "ann", "exp": "+60"}')
    bea=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$FOLDER/secret" '{"sub": "bea", "exp": "+60"}')
    cat >run.js <<END
import { openMessages } from './messages.js';
const postbox = openMessages('bea', () => '$bea', '@ann', () => {}, messages => {
  console.log(messages.map(({ content }) => content).join('|'));
  if (messages.length === 2) postbox.close();
});
postbox.send('@ann', 'from Bea');
END
    node --no-warnings run.js >"$FOLDER/shown" 2>&1 3>&- &
    script=$!
    await grep -q '^from Bea$' "$FOLDER/shown"
    request POST "$API/@bea/messages" --header "Authorization: Bearer $ann" --header 'Content-Type: text/plain' --data-raw 'from Ann'
    assert_status 201
    stopped_within 30 "$script" || fail "$(cat "$FOLDER/shown")"
    grep -q '^from Bea|from Ann$' "$FOLDER/shown" || fail "$(cat "$FOLDER/shown")"
}

@test "the client module, in a service of Angular, shows what comes" {
    start_postbox --sample-data
    fetch_module
    block angular-service >messages.ts
    # Debian has no Angular; this is as much of it as the service uses.
    mkdir -p node_modules/@angular/core
    cat >node_modules/@angular/core/index.d.ts <<'END'
export declare function Injectable(options: { providedIn: 'root' }): ClassDecorator;
export declare function signal<T>(value: T): { (): T; set(value: T): void };
END
    cat >node_modules/@angular/core/index.js <<'END'
export const Injectable = () => () => {};
export function signal(value) { return Object.assign(() => value, { set(next) { value = next; } }); }
END
    printf '{ "name": "@angular/core", "type": "module", "main": "index.js" }\n' >node_modules/@angular/core/package.json
    tsc --strict --experimentalDecorators --target es2020 --lib es2020,dom --module es2020 --moduleResolution node messages.ts
    cat >run.js <<'END'
import { Messages } from './messages.js';
const service = new Messages();
service.show('application-17');
setInterval(() => {
  console.log(service.conversations().length, service.open()?.messages.length);
  if (service.conversations().length === 2 && service.open()?.messages.length === 3) process.exit();
}, 50);
END
    timeout 20 node --no-warnings run.js >"$FOLDER/shown" 2>&1 || fail "$(cat "$FOLDER/shown")"
}

@test "the client module, in a hook of React, shows what comes" {
    start_postbox --sample-data
    fetch_module
    ln -s /usr/share/nodejs/react /usr/share/nodejs/react-test-renderer node_modules
    block react >hook.js
    cat >run.js <<END
import { createElement } from 'react';
import renderer from 'react-test-renderer';
import { Postbox } from './postbox.js';
import { useConversation } from './hook.js';
const postbox = new Postbox({ url: '$ORIGIN', headers: { 'X-User-ID': 'lee' } });
const Thread = () => String(useConversation(postbox, 'application-17')?.messages.length);
const root = renderer.create(createElement(Thread));
setInterval(() => {
  console.log(root.toJSON());
  if (root.toJSON() !== '3') return;
  root.unmount();
  process.exit();
}, 50);
END
    NODE_PATH=/usr/share/nodejs timeout 20 node --no-warnings run.js >"$FOLDER/shown" 2>&1 || fail "$(cat "$FOLDER/shown")"
}

@test "polling in curl shows the newest message once" {
    start_postbox --sample-data --access-log
    block curl >poll.sh
    # Ten seconds pass in a tenth of one.
    printf '#!/bin/sh\nexec /bin/sleep "0.$1"\n' >"$PWD/sleep"
    chmod +x sleep
    in_background env PATH="$PWD:$PATH" bash poll.sh >"$FOLDER/shown"
    loop=${SERVERS[-1]}
    await grep -q '^\[{"id":"application-17:3"' "$FOLDER/shown"
    await eval '(($(grep -c " status=304 " "$ERR") >= 3))'
    send dana application-17 'from Dana'
    await grep -q '"content":"from Dana"' "$FOLDER/shown"
    await eval '(($(grep -c " status=304 " "$ERR") >= 6))'
    assert_equal "$(grep -o '"id":"[^"]*"' "$FOLDER/shown" | tr '\n' ' ')" '"id":"application-17:3" "id":"application-17:4" '
    ends_by_signal "$loop"
}

@test "polling with waits shows each message as it comes" {
    start_postbox
    send dana application-17 'First' lee
    block waiting >wait.sh
    in_background bash wait.sh >"$FOLDER/shown"
    loop=${SERVERS[-1]}
    await grep -q First "$FOLDER/shown"
    local text
    for text in Second Third; do
        send dana application-17 "$text"
        await grep -q "$text" "$FOLDER/shown"
    done
    # Each message came once, and no poll before it was due but those that found something.
    assert_equal "$(grep -o '"content"' "$FOLDER/shown" | wc -l)" 3
    ends_by_signal "$loop"
}

@test "polling in Swift shows all there is, and then what is new" {
    start_postbox --sample-data
    block swift >main.swift
    cat >>main.swift <<END
try await poll(URL(string: "$API/application-17/messages")!, as: "lee") { FileHandle.standardOutput.write(\$0 + Data("\n".utf8)) }
END
    swiftc -swift-version 6 -warnings-as-errors -o poll main.swift
    in_background ./poll >"$FOLDER/shown"
    program=${SERVERS[-1]}
    await grep -q '"id":"application-17:3"' "$FOLDER/shown"
    send dana application-17 'from Dana'
    # It really waits the ten seconds that it is asked to.
    timeout 20 bash -c 'until grep -q "$1" "$2"; do sleep 0.1; done' - '^\[{"id":"application-17:4".*"content":"from Dana"' "$FOLDER/shown"
    assert_equal "$(wc -l <"$FOLDER/shown")" 2
    ends_by_signal "$program"
}

@test "the operator's commands do what they say, and the database can be asked" {
    mkdir bin
    ln -s "$POSTBOX" bin/postbox
    printf '%s\n' '{"kind": "message", "conversationId": "conv-456", "senderId": "bob", "content": "from before", "timestamp": "2024-12-01T10:30:00.000Z"}' \
        >history.jsonl
    PATH=$PWD/bin:$PATH bash -e <(block operator)
    assert_equal "$(bash -e <(block sql))" 'conv-456|1|bob|from before'
    DATABASE=$PWD/postbox.sqlite start_postbox
    as bob GET "$API"
    assert_json 'map([.id, .name, .company]) == [["conv-456", "Alice Moreau", "Acme"]]'
}

@test "the commands that keep the data do what they say" {
    mkdir bin backup
    ln -s "$POSTBOX" bin/postbox
    {
        echo '{"kind": "conversation", "id": "conv-456", "participantIds": ["alice", "bob"]}'
        for year in 2020 2999; do
            echo '{"kind": "message", "conversationId": "conv-456", "senderId": "alice", "content": "secret", "timestamp": "'$year'-01-01T00:00:00Z"}'
        done
    } >before.jsonl
    "$POSTBOX" import before.jsonl
    epoch=$(sqlite3 postbox.sqlite "SELECT value FROM store WHERE key = 'epoch'")
    block keeping | sed "s|/backup/|$PWD/backup/|" >keeping.sh
    PATH=$PWD/bin:$PATH bash -e keeping.sh
    assert_equal "$(grep -c secret history.jsonl)" 2
    assert_equal "$(sqlite3 backup/postbox.sqlite 'SELECT content FROM messages')" $'secret\nsecret'
    assert_equal "$(sqlite3 postbox.sqlite 'SELECT n, content FROM messages')" '2|'
    [[ $(sqlite3 postbox.sqlite "SELECT value FROM store WHERE key = 'epoch'") != "$epoch" ]]
}

@test "a file moves to a PostgreSQL with the commands that stand there, and a role that owns nothing serves it" {
    mkdir bin
    ln -s "$POSTBOX" bin/postbox
    DATABASE=$PWD/postbox.sqlite start_postbox --sample-data
    stop_postbox
    make_postgres_folder
    make_server main
    start_server main
    block moving >"$FOLDER/console"
    export PGHOST=$POSTGRES_FOLDER
    PATH=$PWD/bin:$PATH python3 "$BATS_TEST_DIRNAME/readme.py" console "$FOLDER/console"
    server_sql main 'CREATE ROLE app LOGIN'
    psql -Xq --set ON_ERROR_STOP=1 --dbname postgres://postbox@/chat --file <(block grants)
    DATABASE=postgresql://app@/chat start_postbox
    as dana GET "$API"
    assert_json 'length == 3'
    send dana application-17 'On time?'
    PATH=$PWD/bin:$PATH bash -e <(block nodes | sed -n 's/^\$ //p') >listed
    assert_equal "$(head -n 1 listed | tr -s ' ')" "$(block nodes | sed -n 2p | tr -s ' ')"
    assert_equal "$(wc -l <listed)" 2
}

@test "what stands about alerts is a configuration that Prometheus takes, with all rules" {
    block alerts >prometheus.yml
    cp "$REPOSITORY/scripts/alerts.yml" .
    "${XDG_CACHE_HOME:-$HOME/.cache}/postbox/promtool" check config prometheus.yml >"$OUT"
    grep -q 'alerts.yml' "$OUT"
}

@test "a tenant's retention is set and listed" {
    mkdir bin
    ln -s "$POSTBOX" bin/postbox
    postbox users set alice --name Alice
    assert_equal "$EXIT" 0
    PATH=$PWD/bin:$PATH bash -e <(block retention) >listed
    assert_equal "$(cat listed)" $'acme\t90d'
}
