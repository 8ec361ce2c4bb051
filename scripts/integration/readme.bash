# shellcheck shell=bash
# What the tests of the README and the guides share; after helpers.bash.

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

# inline COMMAND…: a command that stands in the text, from its first words on.
inline() {
    grep -oF "\`$*" "$REPOSITORY/README.md" >/dev/null || fail "README.md does not have: $*"
    grep -oP "\`\K\Q$*\E[^\`]*" "$REPOSITORY/README.md"
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
