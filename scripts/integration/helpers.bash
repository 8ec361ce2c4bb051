# shellcheck shell=bash
# Starts the real program for one test, talks to it with curl, and says what was not as it should be.

set -euo pipefail
bats_require_minimum_version 1.5.0

POSTBOX=$(realpath -m "${POSTBOX:-$BATS_TEST_DIRNAME/../../.build/release/postbox}")
# sqlite or postgres; kept under another name, as this file is read several times in a run.
export TEST_STORE=${POSTBOX_STORE:-${TEST_STORE:-sqlite}}
# The settings of whoever runs the tests are not the settings under test.
[[ -z ${!POSTBOX_@} ]] || unset "${!POSTBOX_@}"

# Bats also loads this once for the whole file, before any test has a folder.
FOLDER=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}
HEADERS=$FOLDER/headers
BODY=$FOLDER/body
OUT=$FOLDER/out
ERR=$FOLDER/err
SERVERS=()
# For how many seconds `await` does so.
PATIENCE=10
# shellcheck source=scripts/integration/store.bash
source "$BATS_TEST_DIRNAME/store.bash"
DATABASE=$(database_named postbox)

setup() {
    start_postbox
}

teardown() {
    local code=0
    stop_postboxes || code=1
    drop_databases
    # Private servers, where the test has made a folder for them.
    stop_everything
    return "$code"
}

# stop_postboxes: ends every server that the test has started, and shows their log where the test has failed.
stop_postboxes() {
    local pid code=0
    [[ -n ${BATS_TEST_COMPLETED:-} || ! -s $ERR ]] || sed 's/^/log: /' "$ERR"
    for pid in "${SERVERS[@]}"; do
        running "$pid" || continue
        kill -TERM "$pid"
        stopped_within 15 "$pid" || {
            kill -KILL "$pid"
            fail "process $pid did not stop within 15 s of SIGTERM" || code=1
            continue
        }
        wait "$pid" || fail "process $pid ended with code $?" || code=1
    done
    return "$code"
}

fail() {
    printf '%s\n' "$@" >&2
    return 1
}

# Awaiting ---------------------------------------------------------------------------------

running() {
    kill -0 "$1" 2>/dev/null
}

await() {
    local tries=$((PATIENCE * 50))
    until "$@"; do
        ((tries-- > 0)) || fail "waited $PATIENCE s in vain for: $*" || return
        sleep 0.02
    done
}

stopped_within() {
    local tries=$(($1 * 50))
    while running "$2"; do
        ((tries-- > 0)) || return 1
        sleep 0.02
    done
}

# The program ------------------------------------------------------------------------------

started() {
    grep -q '^postbox: listening on ' "$OUT" || ! running "$SERVER"
}

# trace_less: bats runs a trap before each command to know where a test fails, which takes a quarter of the time of a test. From here on
# only before those of the test itself and of bats, not in the functions that the test calls.
trace_less() {
    local own
    mapfile -t own < <(compgen -A function bats_)
    declare -ft "${BATS_TEST_NAME:-setup_file}" "${own[@]}"
    set +T
}

# In demo identity, unless the arguments or the environment choose another one.
start_postbox() {
    trace_less
    local identity=(--identity demo)
    case " $* ${POSTBOX_IDENTITY:+--identity}" in
        *' --identity'* | *' --jwt-secret-file'* | *' --jwks-file'*) identity=() ;;
    esac
    prepare_database
    # The redirection below happens in the child, perhaps after the first look.
    : >"$OUT"
    # A shell without job control makes its children ignore SIGINT; the program must start as it would from a terminal.
    # Bats waits for everybody who holds descriptor 3.
    env --default-signal=INT "$POSTBOX" serve --port 0 --database "$DATABASE" --send-rate 0 --poll-rate 0 --open-rate 0 "${identity[@]}" "$@" >"$OUT" 2>"$ERR" 3>&- &
    SERVER=$!
    SERVERS+=("$SERVER")
    # A database server may still have the row of a process that was killed.
    PATIENCE=20 await started
    running "$SERVER" || fail "did not start: $(cat "$ERR")"
    ORIGIN=$(sed -n 's/^postbox: listening on \(https\{0,1\}:[^ ]*\).*/\1/p' "$OUT")
    PORT=${ORIGIN##*:}
    API=$ORIGIN/api/messages/conversations
}

# Leaves the exit code in EXIT.
stop_postbox() {
    kill "-${1:-TERM}" "$SERVER"
    stopped_within 15 "$SERVER" || fail "did not stop within 15 s of SIG${1:-TERM}"
    EXIT=0
    wait "$SERVER" || EXIT=$?
}

restart_postbox() {
    stop_postbox
    start_postbox "$@"
}

# A command that needs the database for itself; leaves EXIT, OUT and ERR.
postbox() {
    EXIT=0
    timeout 20 "$POSTBOX" "$@" >"$OUT" 2>"$ERR" || EXIT=$?
}

# What a folder holds, byte for byte, to compare before and after.
listing() {
    (cd "$1" && find . -type d -print -o -type f -exec sha256sum {} + | sort)
}

# Tools ------------------------------------------------------------------------------------

# Where scripts/test leaves what comes from PyPI to try the description with.
CLIENTS=${XDG_CACHE_HOME:-$HOME/.cache}/postbox/clients

# tool NAME [arguments]: one of them.
tool() {
    [[ -x $CLIENTS/bin/$1 ]] || fail "$CLIENTS/bin/$1 is not there; scripts/test puts it there" || return
    "$CLIENTS/bin/$1" "${@:2}"
}

# Requests ---------------------------------------------------------------------------------

# request METHOD URL [curl arguments]: leaves ASKED, CODE, HEADERS and BODY.
request() {
    local method=$1 url=$2 how
    shift 2
    ASKED=$url
    how=(--request "$method" --output "$BODY")
    # With --head curl would write the header fields where the body belongs.
    [[ $method != HEAD ]] || how=(--head --output /dev/null)
    : >"$HEADERS"
    : >"$BODY"
    CODE=$(curl --silent --show-error --max-time 20 --path-as-is --dump-header "$HEADERS" \
        --write-out '%{http_code}' "${how[@]}" "$@" "$url")
}

as() {
    local user=$1
    shift
    request "$@" --header "X-User-ID: $user"
}

# post USER CONVERSATION JSON [curl arguments]
post() {
    as "$1" POST "$API/$2/messages" --header 'Content-Type: application/json' --data-binary "$3" "${@:4}"
}

# send USER CONVERSATION TEXT [RECEIVER]
send() {
    post "$1" "$2" "{\"content\": $(json_string "$3")${4:+, \"receiverId\": $(json_string "$4")}}"
    assert_status 201
}

# json_string TEXT: as a JSON string. To start jq takes longer than to send, and hardly any text needs it.
json_string() {
    if [[ $1 == *[[:cntrl:]\"\\]* ]]; then
        jq -n --arg text "$1" '$text'
    else
        printf '"%s"' "$1"
    fi
}

# send_many USER CONVERSATION FIRST LAST: over one connection, each content its number.
send_many() {
    local codes n
    codes=$(for ((n = $3; n <= $4; n++)); do
        ((n == $3)) || echo next
        printf '%s\n' silent show-error 'max-time = 20' "url = \"$API/$2/messages\"" "header = \"X-User-ID: $1\"" \
            'header = "Content-Type: text/plain"' "data = \"$n\"" 'output = "/dev/null"' 'write-out = "%{http_code}\n"'
    done | curl --config - | sort -u)
    [[ $codes == 201 ]] || fail "sending many got: $codes"
}

mark_read() {
    as "$1" PUT "$API/$2/read"
    assert_status 200
}

# twenty COMMAND…: runs it 20 times at the same time, with 1 to 20 as its last argument.
twenty() {
    local pids=() number pid
    for number in {1..20}; do
        HEADERS=$HEADERS.$number BODY=$BODY.$number "$@" "$number" 3>&- &
        pids+=("$!")
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || fail "one of the twenty failed: $*"
    done
}

# tokens COMMAND [arguments]: a token or a set of keys made by hand.
tokens() {
    python3 "$BATS_TEST_DIRNAME/tokens.py" "$@"
}

# hostile [arguments]: what curl would not send.
hostile() {
    python3 "$BATS_TEST_DIRNAME/hostile.py" "$@"
}

# Answers ----------------------------------------------------------------------------------

# header NAME: its value in the last answer, with commas between several. Tests ask for thousands, so no program is started for it.
header() {
    local name=${1,,} line value=''
    while IFS= read -r line; do
        case ${line,,} in
            http/*) value='' ;;
            "$name":*)
                line=${line#*:}
                line=${line%$'\r'}
                value+=${value:+, }${line# }
                ;;
        esac
    done <"$HEADERS"
    printf '%s\n' "$value"
}

# The header fields a poller depends on, to compare two answers.
polling_headers() {
    local name
    for name in ETag Cache-Control Vary X-Poll-Interval X-Cursor Link; do
        printf '%s: %s\n' "$name" "$(header "$name")"
    done
}

# assert_unchanged FIELDS: the last answer is a `304` that has these polling_headers of its `200`, but for Link, which stays the same.
assert_unchanged() {
    assert_status 304
    assert_header Link ''
    # Each line of several: no replacement in a parameter does that.
    # shellcheck disable=SC2001
    assert_equal "$(polling_headers)" "$(sed 's/^Link: .*/Link: /' <<<"$1")"
}

# Where Link points for a relation, as an absolute URL; nothing where it does not. It is relative to what was asked: another query.
link() {
    local query
    query=$(header Link | grep -oP "<\\K\\?[^>]*(?=>; *rel=\"$1\")") || return 0
    printf '%s%s\n' "${ASKED%%\?*}" "$query"
}

json() {
    jq -r "$@" "$BODY"
}

answer() {
    printf '%s\n' "$(cat "$HEADERS")" '' "$(cat "$BODY")"
}

assert_status() {
    [[ $CODE == "$1" ]] || fail "expected status $1, got $CODE:" "$(answer)"
}

# The value is a pattern.
assert_header() {
    # shellcheck disable=SC2053
    [[ $(header "$1") == $2 ]] || fail "expected $1 to be $2, got '$(header "$1")'"
}

# assert_json FILTER [jq arguments]: the filter must give true; `time` says whether something is an RFC 3339 time.
assert_json() {
    jq -e "def time: test(\"^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\dT\\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d\\\\.\\\\d{3}Z$\"); $1" \
        "${@:2}" "$BODY" >/dev/null || fail "does not hold: $1" "$(answer)"
}

assert_problem() {
    assert_status "$1"
    assert_header Content-Type 'application/problem+json*'
    assert_json '.type == "urn:postbox:problem:" + $slug and .status == $status and (.title | type == "string")' \
        --arg slug "$2" --argjson status "$1"
}

assert_contents() {
    assert_status 200
    [[ $(json '[.[].content] | join(" ")') == "$*" ]] || fail "expected the contents: $*" "$(answer)"
}

# assert_lacks PATTERN FILE…: a negated command would not end a test.
assert_lacks() {
    local found
    found=$(grep -E -- "$1" "${@:2}") || return 0
    fail "should not be there:" "$found"
}

assert_equal() {
    [[ $1 == "$2" ]] || fail "expected: $2" "got:      $1"
}

# One clear line on standard error, and nothing else there.
assert_one_line() {
    [[ $(wc -l <"$ERR") == 1 ]] || fail 'expected one line on standard error, got:' "$(cat "$ERR")"
    # shellcheck disable=SC2053
    [[ $(cat "$ERR") == $1 ]] || fail "expected $1, got: $(cat "$ERR")"
}
