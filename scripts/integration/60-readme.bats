#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# Every block of code in README.md and the guides does what is said of it; only addresses and ports are other ones here.

load helpers

NGINX=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/nginx
REPOSITORY=$(realpath "$BATS_TEST_DIRNAME/../..")
DOCUMENTS=("$REPOSITORY/README.md" "$REPOSITORY"/Sources/postbox/Documentation.docc/*.md)

# Which block a test is about: its language, and something that only it has in it.
declare -gA BLOCKS=(
    [start]='sh scripts/serve' [polls]='console curl -i' [javascript]='js export async function poll' [module]='js openMessages'
    [angular-service]='ts @Injectable' [react]='js useConversation' [curl]='sh --etag-save'
    [swift]='swift func poll' [nginx]='nginx proxy_pass' [angular]='json "target"' [operator]='sh postbox import' [sql]='sh sqlite3'
    [keeping]='sh postbox backup' [moving]='console postbox export' [grants]='sql GRANT USAGE' [waiting]='sh Prefer: wait' [alerts]='yaml scrape_configs'
    [haproxy]='haproxy backend postbox' [retention]='sh postbox retention' [nodes]='console postbox nodes'
)

# Whether the program under test is the one that scripts/serve builds. .build/release is a symbolic link.
is_release() {
    [[ $POSTBOX == "$(realpath -m "$REPOSITORY/.build/release/postbox")" ]]
}

# Each test starts what it needs.
setup() {
    mkdir -p "$FOLDER/work"
    cd "$FOLDER/work" || return
}

blocks() {
    python3 "$BATS_TEST_DIRNAME/readme.py" "$@"
}

# block NAME: the text of it, with the address of the server under test.
block() {
    local found
    # shellcheck disable=SC2086
    found=$(blocks text ${BLOCKS[$1]%% *} "${BLOCKS[$1]#* }" "${DOCUMENTS[@]}")
    printf '%s\n' "${found//127.0.0.1:8080/127.0.0.1:${PORT:-8080}}"
}

# What nobody stops by itself, from here on as one of the servers.
in_background() {
    "$@" 3>&- &
    SERVERS+=("$!")
}

# What ends by a signal ended as it should.
ends_by_signal() {
    local code=0
    kill -TERM "$1"
    wait "$1" || code=$?
    assert_equal "$code" 143
}

@test "each block is run by a test" {
    for name in "${!BLOCKS[@]}"; do
        grep -Eq "^[^#]*\bblock $name\b" "$BATS_TEST_FILENAME" || fail "no test runs the block $name"
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

# quick_start [arguments]: the quick start's line, with a port and a database of its own, which it finds in its environment.
quick_start() {
    local tries=0
    : >"$OUT"
    in_background env POSTBOX_PORT=0 "POSTBOX_DATABASE=$FOLDER/quick.sqlite" \
        "$REPOSITORY/$(block start | awk 'NR == 1 { print $1 }')" "$@" >"$OUT" 2>"$ERR"
    SERVER=${SERVERS[-1]}
    until grep -q '^postbox: listening on ' "$OUT"; do
        running "$SERVER" || fail "$(cat "$OUT" "$ERR")"
        ((tries++ < 3000)) || fail 'did not start within five minutes'
        sleep 0.1
    done
    ORIGIN=$(sed -n 's/^postbox: listening on //p' "$OUT")
}

# run_lines: each curl line that the quick start prints, against the server it started; all of them are answered well.
run_lines() {
    local line
    assert_equal "$(grep -c '^  curl ' "$OUT")" 7
    while read -r line; do
        line=${line//:PORT/:${ORIGIN##*:}}
        bash -c "${line/curl/curl --fail --silent --show-error}" >"$BODY" || fail "$line"
    done < <(grep '^  curl ' "$OUT")
    grep -q '^HTTP/1.1 304' "$BODY" || fail "$(cat "$BODY")"
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
    python3 "$BATS_TEST_DIRNAME/hostile.py" jwks key "$FOLDER/key.pem" >"$FOLDER/keys.json"
    DANA=$(python3 "$BATS_TEST_DIRNAME/hostile.py" rsa-token "$FOLDER/key.pem" key '{"sub": "dana"}')
    LEE=$(python3 "$BATS_TEST_DIRNAME/hostile.py" rsa-token "$FOLDER/key.pem" key '{"sub": "lee"}')
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

# inline COMMAND…: a command that stands in the text, from its first words on.
inline() {
    grep -oF "\`$*" "$REPOSITORY/README.md" >/dev/null || fail "README.md does not have: $*"
    grep -oP "\`\K\Q$*\E[^\`]*" "$REPOSITORY/README.md"
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

# The module, beside the blocks that use it.
fetch_module() {
    request GET "$ORIGIN/postbox.js"
    cp "$BODY" postbox.js
    request GET "$ORIGIN/postbox.d.ts"
    cp "$BODY" postbox.d.ts
    mkdir -p node_modules
    printf '{ "type": "module" }\n' >package.json
}

@test "the client module, in plain JavaScript, shows what comes" {
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret"
    fetch_module
    # Node imports nothing over HTTP; 41-frontends has the module in browsers.
    block module | sed "s|http://127.0.0.1:$PORT/postbox.js|./postbox.js|; s|{ user, token }|{ user, token, url: '$ORIGIN' }|" >messages.js
    ann=$(python3 "$BATS_TEST_DIRNAME/hostile.py" token "$FOLDER/secret" '{"sub": "ann", "exp": "+60"}')
    bea=$(python3 "$BATS_TEST_DIRNAME/hostile.py" token "$FOLDER/secret" '{"sub": "bea", "exp": "+60"}')
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

# serve_behind_nginx DIRECTIVES [sed arguments]: the block as the whole configuration but for the directives, changed by sed, and with a
# socket file in place of a port.
serve_behind_nginx() {
    local socket=$FOLDER/nginx.sock kind
    [[ -x $NGINX ]] || fail "$NGINX is not there; scripts/test puts it there"
    mkdir -p app logs
    echo 'the page' >app/index.html
    # nginx gives up root's rights, and has to get at these.
    chmod 755 "$BATS_RUN_TMPDIR" "$FOLDER" "$FOLDER/work"
    {
        printf '%s\n' "pid $PWD/nginx.pid;" 'daemon off;' "error_log $PWD/logs/error.log;" 'events {}' 'http {' \
            "access_log off; gzip on; gzip_min_length 1; gzip_types application/json; $1"
        for kind in client_body proxy fastcgi uwsgi scgi; do printf '%s_temp_path %s;\n' "$kind" "$PWD/$kind"; done
        block nginx | sed -e "s|listen 80;|listen unix:$socket;|" -e "s|/srv/app|$PWD/app|" "${@:2}"
        echo '}'
    } >nginx.conf
    in_background "$NGINX" -c "$PWD/nginx.conf" -p "$PWD" -e "$PWD/logs/error.log"
    await test -S "$socket"
    SITE=(--unix-socket "$socket")
}

# The block with an application that knows who is logged in.
serve_with_sessions() {
    in_background python3 "$BATS_TEST_DIRNAME/session_app.py" >"$FOLDER/sessions"
    await test -s "$FOLDER/sessions"
    serve_behind_nginx '' -e "s/127\.0\.0\.1:4000/127.0.0.1:$(cat "$FOLDER/sessions")/"
}

@test "behind nginx: page and API on one origin, tokens pass, and an ETag that nginx weakened still brings a 304" {
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret"
    # Where nginx compresses all the same.
    serve_behind_nginx '' -e '/auth_request \/session;/d' -e '/gzip off;/d'
    bearer=(--header "Authorization: Bearer $(python3 "$BATS_TEST_DIRNAME/hostile.py" token "$FOLDER/secret" '{"sub": "ann", "exp": "+60"}')")
    request GET http://site/ "${SITE[@]}"
    assert_status 200
    assert_equal "$(cat "$BODY")" 'the page'
    request POST http://site/api/messages/conversations/@bea/messages "${SITE[@]}" "${bearer[@]}" --data-raw 'through nginx' \
        --header 'Content-Type: text/plain'
    assert_status 201
    request GET http://site/api/messages/conversations "${SITE[@]}" "${bearer[@]}" --compressed
    assert_status 200
    assert_json '.[0].lastMessage == "through nginx"'
    assert_header ETag 'W/"*'
    [[ $(header X-Request-Id) =~ ^[0-9a-f]{32}$ ]] || fail "$(cat "$HEADERS")"
    request GET http://site/api/messages/conversations "${SITE[@]}" "${bearer[@]}" --compressed --header "If-None-Match: $(header ETag)"
    assert_status 304
    request GET http://site/api/messages/conversations "${SITE[@]}"
    assert_problem 401 unauthenticated
    request GET http://site/ws "${SITE[@]}"
    assert_problem 404 polling-only
    request GET http://site/api/messages/conversations/%40a%2Fb/messages "${SITE[@]}" "${bearer[@]}"
    assert_problem 404 conversation-not-found
}

@test "behind nginx, with gateway identity: who somebody claims to be does not matter, only who nginx found them to be" {
    start_postbox --identity gateway
    serve_with_sessions
    for claimed in ann bea; do
        request POST http://site/api/messages/conversations/@cem/messages "${SITE[@]}" --cookie user=ann --user "$claimed:one" \
            --header "X-User-ID: $claimed" --header 'X-Tenant-ID: other' --header 'Content-Type: text/plain' --data-raw 'Hello!'
        assert_status 201
        assert_json '.senderId == "ann"'
        request GET http://site/api/messages/conversations "${SITE[@]}" --user "$claimed:" --header "X-User-ID: $claimed"
        assert_status 401
    done
    request GET http://site/api/messages/conversations "${SITE[@]}" --cookie user=cem
    assert_status 200
    assert_json '.[0].name == "ann"'
}

@test "behind nginx, with gateway identity: the site's own page can write, and another site's cannot" {
    start_postbox --identity gateway
    serve_with_sessions
    for try in '201 http://site' '201 https://site' '403 https://evil.example' '403 null'; do
        request POST http://site/api/messages/conversations/@cem/messages "${SITE[@]}" --cookie user=ann --header "Origin: ${try#* }" \
            --header 'Content-Type: text/plain' --data-raw 'Hello!'
        assert_status "${try%% *}"
    done
}

@test "behind nginx: cookies that are for the application take no memory from a request to Postbox" {
    start_postbox --identity gateway
    serve_with_sessions
    request GET http://site/api/messages/conversations "${SITE[@]}" --header "Cookie: user=ann; consent=$(printf '%7000s' '' | tr ' ' x)"
    assert_status 200
}

@test "beside Angular's development server: its rules pass on the endpoints, and nothing else" {
    start_postbox
    block angular >proxy.conf.json
    in_background python3 "$BATS_TEST_DIRNAME/readme.py" development-server proxy.conf.json >"$FOLDER/site" 2>"$FOLDER/errors"
    server=${SERVERS[-1]}
    await test -s "$FOLDER/site"
    API=$(cat "$FOLDER/site")/api/messages/conversations
    send alice conv-1 'through the proxy' bob
    as bob GET "$API"
    assert_json '.[0].lastMessage == "through the proxy"'
    as bob GET "$API" --header "If-None-Match: $(header ETag)"
    assert_status 304
    as bob GET "$API/conv-1/messages?since=0"
    assert_contents 'through the proxy'
    mark_read bob conv-1
    request GET "$(cat "$FOLDER/site")/ws"
    assert_problem 404 polling-only
    for path in / /messages /assets/logo.svg /api/jobs; do
        request GET "$(cat "$FOLDER/site")$path"
        assert_equal "$(cat "$BODY")" 'the page'
    done
    ends_by_signal "$server"
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

@test "behind HAProxy with the example, polls are answered though a server is away" {
    start_postbox
    {
        printf '%s\n' defaults '    mode http' '    timeout connect 2s' '    timeout client 10s' '    timeout server 10s' \
            'frontend all' "    bind unix@$PWD/haproxy.socket" '    default_backend postbox'
        block haproxy | sed "s|10.0.0.1:8080|127.0.0.1:$PORT|; s|10.0.0.2:8080|127.0.0.1:1|"
    } >haproxy.cfg
    PATH=$PATH:/usr/sbin haproxy -db -f haproxy.cfg >haproxy.log 2>&1 3>&- &
    local proxy=$!
    await test -S haproxy.socket
    for ((poll = 0; poll < 20; poll++)); do
        curl --silent --show-error --fail --output /dev/null --unix-socket haproxy.socket --header 'X-User-ID: lee' \
            http://localhost/api/messages/conversations
    done
    kill -TERM "$proxy"
    wait "$proxy" || true
}
