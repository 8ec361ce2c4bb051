#!/usr/bin/env bats
# postbox health, as a container's or an operator's probe runs it; and the metrics about certificate, backups and disk.
# bats file_tags=every-store

load helpers

setup() {
    prepare_database
}

certify() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "${1:-30}" -subj /CN=one \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$FOLDER/key.pem" -out "$FOLDER/cert.pem" 2>/dev/null
    chmod 600 "$FOLDER/key.pem"
}

# metric NAME: its value in a new scrape; nothing where it is not there.
metric() {
    curl --silent --fail "$ADMIN/metrics" | awk -v name="$1" '$1 == name { print $2 }'
}

start_watched() {
    start_postbox --admin 127.0.0.1:0 "$@"
    ADMIN=$(sed -n 's|^postbox: metrics on \(http:.*\)/metrics$|\1|p' "$OUT")
}

@test "a server that is ready is said to be, in one line and exit code 0" {
    start_postbox
    run -0 "$POSTBOX" health --port "$PORT"
    assert_equal "$output" "postbox: http://127.0.0.1:$PORT/readyz is ready"
    # As in a container, whose environment is the server's.
    POSTBOX_HOST=0.0.0.0 POSTBOX_PORT=$PORT POSTBOX_IDENTITY=demo run -0 "$POSTBOX" health
    POSTBOX_PORT=$PORT POSTBOX_DATABASE=nowhere run -0 "$POSTBOX" health --host localhost
}

@test "a server with another identity is asked without a token, on IPv6 too" {
    printf '%s' 0123456789abcdef0123456789abcdef >"$FOLDER/secret"
    start_postbox --jwt-secret-file "$FOLDER/secret" --host ::1
    run -0 "$POSTBOX" health --host :: --port "$PORT"
    assert_equal "$output" "postbox: http://[::]:$PORT/readyz is ready"
}

@test "over HTTPS the certificate is not verified, and the listener for metrics is asked instead where it is named" {
    certify
    start_watched --tls-cert "$FOLDER/cert.pem" --tls-key "$FOLDER/key.pem"
    run -0 "$POSTBOX" health --port "$PORT" --tls-cert "$FOLDER/cert.pem"
    run -0 "$POSTBOX" health --port 1 --tls-cert "$FOLDER/cert.pem" --admin "${ADMIN#http://}"
    assert_equal "$output" "postbox: $ADMIN/readyz is ready"
    run -69 "$POSTBOX" health --port "$PORT"
    [[ $output == "postbox: http://127.0.0.1:$PORT/readyz does not answer: "* ]]
    stop_postbox
    start_postbox
    run -69 "$POSTBOX" health --port "$PORT" --tls-cert "$FOLDER/cert.pem"
    [[ $output == *'the TLS handshake failed'* ]]
}

# bats test_tags=sqlite
@test "a server whose store fails is not ready, and the reason is said" {
    start_postbox
    send alice conv-1 'Hi' bob
    mv "$DATABASE" "$DATABASE.away"
    # Apart from the server's log, which goes on.
    not_ready() {
        run --separate-stderr "$POSTBOX" health --port "$PORT"
        ((status == 69))
    }
    await not_ready
    # shellcheck disable=SC2154
    [[ $stderr == "postbox: http://127.0.0.1:$PORT/readyz is not ready, and answers 503: "*file_missing* ]]
    assert_equal "${#stderr_lines[@]}" 1
    mv "$DATABASE.away" "$DATABASE"
}

@test "where nobody answers, or not in time, health says so within its time" {
    postbox health --port 1
    assert_equal "$EXIT" 69
    assert_one_line 'postbox: http://127.0.0.1:1/readyz does not answer: connect failed: Connection refused'
    # The kernel takes the connection, and nobody ever says a word.
    python3 -uc 'import socket, time; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1]); time.sleep(60)' >"$FOLDER/port" 3>&- &
    silent=$!
    await test -s "$FOLDER/port"
    for options in '' '--tls-cert x'; do
        start=$EPOCHREALTIME
        # shellcheck disable=SC2086
        postbox health --port "$(cat "$FOLDER/port")" --timeout 0.5 $options
        assert_equal "$EXIT" 69
        assert_one_line '*does not answer*'
        ((${EPOCHREALTIME/./} - ${start/./} < 3000000)) || fail 'it took more than 3 s'
    done
    kill "$silent"
    for options in '--port 0' '--timeout 0' '--timeout 61' '--port x'; do
        # shellcheck disable=SC2086
        postbox health $options
        assert_equal "$EXIT" 64
    done
    postbox health --host example.org
    assert_equal "$EXIT" 69
    assert_one_line '*neither an IPv4 nor an IPv6 address*'
}

@test "the expiry of the certificate is exported, and that of the new one after a reload" {
    certify 30
    start_watched --tls-cert "$FOLDER/cert.pem" --tls-key "$FOLDER/key.pem"
    expiry() { date +%s --date="$(openssl x509 -enddate -noout -in "$FOLDER/cert.pem" | cut -d = -f 2)"; }
    assert_equal "$(metric postbox_certificate_expiry_timestamp_seconds)" "$(expiry)"
    certify 60
    kill -HUP "$SERVER"
    reloaded() { [[ $(metric postbox_certificate_expiry_timestamp_seconds) == "$(expiry)" ]]; }
    await reloaded
    stop_postbox
    start_watched
    assert_equal "$(metric postbox_certificate_expiry_timestamp_seconds)" ''
    assert_equal "$(metric postbox_backup_timestamp_seconds)" ''
}

# bats test_tags=sqlite
@test "the newest complete backup counts, and nothing else that is in its folder" {
    backups=$FOLDER/data
    start_watched --backup-folder "$backups"
    send alice conv-1 'Hi' bob
    # The database itself is in that folder, and is no backup.
    assert_equal "$(metric postbox_backup_timestamp_seconds)" 0
    for name in old new; do
        "$POSTBOX" backup "$backups/$name.sqlite" --database "$DATABASE" >/dev/null
    done
    touch --date='2 days ago' "$backups/old.sqlite"
    touch --date='1 day ago' "$backups/new.sqlite"
    old=$(stat --format %Y "$backups/old.sqlite") new=$(stat --format %Y "$backups/new.sqlite")
    assert_equal "$(metric postbox_backup_timestamp_seconds)" "$new"
    # One that is not checked, notes, a half of one, another program's database, one from the future, one that is in use, and no file.
    cp "$backups/new.sqlite" "$backups/unchecked"
    echo notes >"$backups/notes.sqlite"
    head -c 8192 "$backups/new.sqlite" >"$backups/half.sqlite"
    sqlite3 "$backups/foreign.sqlite" 'CREATE TABLE t (x)'
    cp "$backups/new.sqlite" "$backups/future.sqlite"
    touch --date='1 hour' "$backups/future.sqlite"
    cp "$DATABASE" "$backups/used.sqlite"
    mkfifo "$backups/pipe.sqlite"
    mkdir "$backups/folder.sqlite"
    ln -s nowhere "$backups/link.sqlite"
    assert_equal "$(metric postbox_backup_timestamp_seconds)" "$new"
    rm "$backups/new.sqlite"
    assert_equal "$(metric postbox_backup_timestamp_seconds)" "$old"
    rm "$backups/old.sqlite"
    assert_equal "$(metric postbox_backup_timestamp_seconds)" 0
    # Looking at them has not taken the server's locks from it.
    send alice conv-1 'Still here'
    ! flock --nonblock "$DATABASE" true || fail 'the server does not hold its database'
    stop_postbox
    start_watched --backup-folder "$FOLDER/nowhere"
    assert_equal "$(metric postbox_backup_timestamp_seconds)" 0
}

# bats test_tags=sqlite
@test "the space of the disk and the pause of the event loops are exported" {
    start_watched
    read -r size available < <(df --output=size,avail --block-size=1 "$DATABASE" | tail -n 1)
    assert_equal "$(metric postbox_disk_bytes)" "$size"
    shown=$(metric postbox_disk_available_bytes)
    ((shown > available - 1000000000 && shown < available + 1000000000)) || fail "$shown is not near $available"
    stall=$(metric postbox_loop_stall_seconds)
    awk -v stall="$stall" 'BEGIN { exit !(stall >= 0 && stall < 5) }' || fail "the loops have paused for $stall s"
}
