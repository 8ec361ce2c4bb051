#!/usr/bin/env bats
# What an operator's programs read on the separate listener.
# bats file_tags=every-store

load helpers

PROMTOOL=${PROMTOOL:-${XDG_CACHE_HOME:-$HOME/.cache}/postbox/promtool}
METRICS_FILE=$FOLDER/metrics

setup() {
    start_watched
}

# Leaves the address of the admin listener in ADMIN.
start_watched() {
    start_postbox --admin 127.0.0.1:0 "$@"
    ADMIN=$(sed -n 's|^postbox: metrics on \(http:.*\)/metrics$|\1|p' "$OUT")
}

scrape() {
    curl --silent --show-error --fail --max-time 20 --output "$METRICS_FILE" "$ADMIN/metrics"
}

# assert_metric NAME[{LABELS}] PATTERN: of the last scrape.
assert_metric() {
    local value
    value=$(awk -v name="$1" '$1 == name { print $2 }' "$METRICS_FILE")
    # shellcheck disable=SC2053
    [[ $value == $2 ]] || fail "expected $1 to be $2, got '$value'"
}

# reaches NAME VALUE: whether a new scrape shows it.
reaches() {
    scrape
    [[ $(awk -v name="$1" '$1 == name { print $2 }' "$METRICS_FILE") == "$2" ]]
}

@test "promtool finds nothing wrong, before anything has happened and after" {
    scrape
    "$PROMTOOL" check metrics <"$METRICS_FILE"
    send alice conv-1 'Hi' bob
    as bob GET "$API/conv-1/messages"
    as carol GET "$API/conv-1/messages?limit=0"
    scrape
    "$PROMTOOL" check metrics <"$METRICS_FILE"
}

@test "polls are counted by endpoint and outcome" {
    send alice conv-1 'Hi' bob
    as bob GET "$API"
    tag=$(header ETag) next=$(link next)
    as bob GET "$API" --header "If-None-Match: $tag"
    as bob GET "$API" --header "If-None-Match: $tag"
    as bob GET "$next"
    as bob GET "$API/conv-1/messages"
    cursor=$(header X-Cursor)
    for number in 1 2 3; do
        send alice conv-1 "$number"
        as bob GET "$API/conv-1/messages?since=$cursor"
        cursor=$(header X-Cursor)
    done
    as bob GET "$API/conv-1/messages?limit=0"
    assert_status 400
    scrape
    assert_metric 'postbox_polls_total{endpoint="conversations",outcome="full"}' 1
    assert_metric 'postbox_polls_total{endpoint="conversations",outcome="not_modified"}' 2
    assert_metric 'postbox_polls_total{endpoint="conversations",outcome="delta"}' 1
    assert_metric 'postbox_polls_total{endpoint="messages",outcome="full"}' 1
    assert_metric 'postbox_polls_total{endpoint="messages",outcome="delta"}' 3
    assert_metric 'postbox_polls_total{endpoint="messages",outcome="not_modified"}' 0
    assert_metric 'postbox_refusals_total{endpoint="messages",reason="malformed_request"}' 1
    assert_metric 'postbox_request_duration_seconds_count{endpoint="messages"}' 5
    assert_metric 'postbox_request_duration_seconds_bucket{endpoint="messages",le="+Inf"}' 5
}

@test "sends, failed sends by reason, read markers and bytes are counted" {
    send alice conv-1 'Hi' bob
    post alice conv-1 '{"content": "again"}' --header 'Idempotency-Key: k'
    post alice conv-1 '{"content": "again"}' --header 'Idempotency-Key: k'
    first='{"content": "Hi", "receiverId": "bob"}'
    received=$((2 * 20 + ${#first}))
    post alice nowhere '{"content": "lost"}'
    assert_status 404
    post alice conv-1 '{"content": " "}'
    assert_status 422
    mark_read bob conv-1
    scrape
    assert_metric 'postbox_sends_total{outcome="stored"}' 2
    assert_metric 'postbox_sends_total{outcome="replayed"}' 1
    assert_metric 'postbox_send_failures_total{reason="conversation_not_found"}' 1
    assert_metric 'postbox_send_failures_total{reason="invalid_message"}' 1
    assert_metric 'postbox_send_failures_total{reason="overloaded"}' 0
    assert_metric postbox_read_markers_total 1
    assert_metric 'postbox_request_body_bytes_total{endpoint="send"}' $((received + 19 + 16))
    as bob GET "$API"
    size=$(wc -c <"$BODY")
    as bob HEAD "$API"
    scrape
    assert_metric 'postbox_response_body_bytes_total{endpoint="conversations"}' "$size"
}

@test "a delivery is measured once for each recipient, when a poll first has the message in it" {
    send alice conv-1 'One' bob
    as alice GET "$API/conv-1/messages"
    as bob HEAD "$API/conv-1/messages"
    as bob GET "$API?messages=0"
    as bob GET "$API/conv-1/messages" --header 'If-None-Match: *'
    assert_status 304
    scrape
    assert_metric postbox_delivery_latency_seconds_count 0
    sleep 0.3
    as bob GET "$API"
    as bob GET "$API/conv-1/messages"
    scrape
    assert_metric postbox_delivery_latency_seconds_count 1
    assert_metric 'postbox_delivery_latency_seconds_bucket{le="0.25"}' 0
    post alice team '{"content": "Two", "participantIds": ["bob", "carol"]}'
    as bob GET "$API/team/messages"
    as carol GET "$API/team/messages"
    as carol GET "$API"
    scrape
    assert_metric postbox_delivery_latency_seconds_count 3
}

@test "people who poll are counted as people, however often and over however many connections" {
    send alice conv-1 'Hi' bob
    for user in alice bob carol; do
        for _ in {1..4}; do
            as "$user" GET "$API" --header 'If-None-Match: *'
        done
    done
    scrape
    assert_metric postbox_people_polling 3
}

@test "connections are counted while they are open, and suspended ones while they wait" {
    stop_postbox
    start_watched --max-connections 200
    send alice conv-1 'Hi' bob
    exec {socket}<>"/dev/tcp/127.0.0.1/$PORT"
    await reaches postbox_connections_open 1
    assert_metric postbox_connections_limit 200
    hold_writes
    printf 'PUT /api/messages/conversations/conv-1/read HTTP/1.1\r\nHost: localhost\r\nX-User-ID: bob\r\nContent-Length: 0\r\n\r\n' >&"$socket"
    await reaches postbox_connections_suspended 1
    # It has the socket too, until it ends.
    release_writes
    await reaches postbox_connections_suspended 0
    exec {socket}>&-
    await reaches postbox_connections_open 0
}

@test "commits, files, the index and the process are measured" {
    send alice conv-1 'Hi' bob
    as bob GET "$API/conv-1/messages" --header 'If-None-Match: *'
    as bob GET "$API/conv-1/messages" --header 'If-None-Match: *'
    as bob GET "$API/conv-1/messages"
    scrape
    # A PostgreSQL is tried out with a transaction at the start.
    commits=1
    ! on_postgres || commits='[12]'
    assert_metric postbox_group_commit_writes_count "$commits"
    assert_metric postbox_group_commit_writes_sum "$commits"
    assert_metric postbox_group_commit_sync_seconds_count "$commits"
    if on_postgres; then
        assert_metric postbox_postgres_connections '[1-9]*'
        assert_metric postbox_postgres_broken_connections_total 0
        assert_lacks '^postbox_(wal|database|disk)' "$METRICS_FILE"
    else
        # A file may grow between the two looks.
        is_size() { reaches "$1" "$(stat --format %s "$2")"; }
        await is_size postbox_wal_bytes "$DATABASE-wal"
        await is_size postbox_database_bytes "$DATABASE"
    fi
    assert_metric 'postbox_index_entries{table="conversations"}' 1
    assert_metric 'postbox_index_hits_total{table="conversations"}' '[1-9]*'
    assert_metric 'postbox_index_misses_total{table="conversations"}' '[1-9]*'
    assert_metric 'postbox_build_info{version="'"$("$POSTBOX" --version 2>/dev/null || sed -n 's/.*build_info{version="\(.*\)"}.*/\1/p' "$METRICS_FILE")"'"}' 1
    assert_metric process_open_fds '[1-9]*'
    assert_metric process_resident_memory_bytes '[1-9]???????*'
    started=$(awk '$1 == "process_start_time_seconds" { print int($2) }' "$METRICS_FILE")
    ((started > $(date +%s) - 60 && started <= $(date +%s) + 2)) || fail "started at $started"
}

@test "entries that make room are counted" {
    DATABASE=$(database_named other) start_watched --index-capacity 2
    for user in a b c d; do as "$user" GET "$API"; done
    scrape
    assert_metric 'postbox_index_evictions_total{table="lists"}' 2
    assert_metric 'postbox_index_entries{table="lists"}' 2
}

@test "limits that turned somebody away are counted" {
    DATABASE=$(database_named other) start_watched --send-rate 1 --send-burst 2 --poll-rate 1 --poll-burst 2 --request-timeout 0.2
    for _ in {1..5}; do as alice GET "$API"; done
    for _ in {1..4}; do post alice @bob '{"content": "x"}'; done
    head -c 300000 /dev/zero >"$FOLDER/large"
    as carol POST "$API/@bob/messages" --data-binary "@$FOLDER/large"
    assert_status 413
    exec {socket}<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET / HT' >&"$socket"
    await reaches 'postbox_limits_hit_total{limit="request_timeout"}' 1
    exec {socket}>&-
    assert_metric 'postbox_limits_hit_total{limit="poll_rate"}' '[123]'
    assert_metric 'postbox_limits_hit_total{limit="send_rate"}' '[12]'
    assert_metric 'postbox_limits_hit_total{limit="open_rate"}' 0
    assert_metric postbox_people_limited 1
    assert_metric 'postbox_limits_hit_total{limit="content_size"}' 1
    assert_metric 'postbox_refusals_total{endpoint="conversations",reason="rate_limited"}' '[123]'
}

@test "a slow commit is named with its time" {
    stop_postbox
    start_postbox --slow-commit 0.000001
    send alice conv-1 'Hi' bob
    await grep -qE ' warning slow commit writes=1 seconds=0\.[0-9]+ sync_seconds=0\.[0-9]+$' "$ERR"
}

@test "metrics are on no public port, and the admin listener has nothing else" {
    request GET "$ORIGIN/metrics"
    assert_problem 404 not-found
    for path in /metrics/all /api/messages/conversations; do
        request GET "$ADMIN$path" --header 'X-User-ID: alice'
        assert_status 404
    done
    request GET "$ADMIN/healthz"
    assert_status 200
    request GET "$ADMIN/readyz"
    assert_status 200
    request HEAD "$ADMIN/metrics"
    assert_status 200
    assert_header Content-Type 'text/plain; version=0.0.4*'
    request GET "$ADMIN/metrics/"
    assert_status 200
    request POST "$ADMIN/metrics" --data x
    [[ $CODE == 405 || $CODE == 413 ]] || fail "got $CODE"
}

@test "an address that cannot be had ends the start with one line" {
    for address in "127.0.0.1:${ADMIN##*:}" 9090 192.0.2.1:9090; do
        postbox serve --port 0 --identity demo --database "$(database_named other)" --admin "$address"
        [[ $EXIT == 64 || $EXIT == 69 ]] || fail "$address: exit code $EXIT"
        assert_one_line 'postbox: *'
    done
}

@test "every metric that the dashboard names is exported" {
    scrape
    named=$(jq -r '.. | .expr? // .query? | strings' "$BATS_TEST_DIRNAME/../grafana-dashboard.json" |
        grep -oE '\b(postbox|process)_[a-z_]+' | sort -u)
    # Prometheus makes these three of a histogram.
    exported=$(awk '$2 == "TYPE" { print $3; if ($4 == "histogram") { print $3 "_bucket"; print $3 "_sum"; print $3 "_count" } }' \
        "$METRICS_FILE" | sort -u)
    [[ $(wc -l <<<"$named") -ge 20 ]] || fail "the dashboard names too little: $named"
    # Exported only where there is a folder of backups, and a certificate; 53-health.bats has both.
    exported=$(printf '%s\n' "$exported" postbox_backup_timestamp_seconds postbox_certificate_expiry_timestamp_seconds | sort -u)
    # Only of files.
    ! on_postgres || exported=$(printf '%s\n' "$exported" postbox_{database,wal,disk,disk_available}_bytes postbox_control_commands_total | sort -u)
    unknown=$(comm -23 <(echo "$named") <(echo "$exported"))
    [[ -z $unknown ]] || fail "not exported: $unknown"
}
