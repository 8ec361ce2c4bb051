#!/usr/bin/env bats
# The package's units under a real systemd: start, stop, restart, a database that is in use, and the nightly backup.

load helpers
load package
load systemd

SYSTEM=$BATS_FILE_TMPDIR/system
DATA=$SYSTEM/var/lib/postbox

setup_file() {
    ((EUID == 0)) || skip 'namespaces with a systemd in them need root'
    export MANAGER BOOTED CGROUP
    mkdir "$SYSTEM"
    tar -xf "$(minimal_system "$(debian)-systemd")" -C "$SYSTEM" --exclude=./dev
    mkdir -p "$SYSTEM/dev"
    # What is about the machine, which is not this system's.
    for unit in systemd-sysctl systemd-modules-load systemd-udevd systemd-udev-trigger systemd-firstboot; do
        ln -s /dev/null "$SYSTEM/etc/systemd/system/$unit.service"
    done
    cp "$(built_package)" "$SYSTEM/root/postbox.deb"
    boot "$SYSTEM"
    inside dpkg --install /root/postbox.deb >"$BATS_FILE_TMPDIR/log" 2>&1 || fail "$(cat "$BATS_FILE_TMPDIR/log")"
    printf 'a shared secret of thirty-two bytes or more\n' >"$BATS_FILE_TMPDIR/secret"
    install -D -m 600 "$BATS_FILE_TMPDIR/secret" "$SYSTEM/etc/postbox/jwt-secret"
    inside chgrp postbox /etc/postbox/jwt-secret
    chmod 640 "$SYSTEM/etc/postbox/jwt-secret"
    sed -i 's/^#\(POSTBOX_JWT_SECRET_FILE=\)/\1/; s/^#\(POSTBOX_ADMIN=\)/\1/' "$SYSTEM/etc/default/postbox"
    cp "$SYSTEM/etc/default/postbox" "$BATS_FILE_TMPDIR/settings"
}

teardown_file() {
    [[ -z ${BOOTED:-} ]] || halt
}

setup() {
    ORIGIN=http://127.0.0.1:8080
    API=$ORIGIN/api/messages/conversations
    token=$(python3 "$BATS_TEST_DIRNAME/tokens.py" token "$BATS_FILE_TMPDIR/secret" '{"sub": "alice", "exp": "+600"}')
    BEARER=(--header "Authorization: Bearer $token")
}

teardown() {
    cp "$BATS_FILE_TMPDIR/settings" "$SYSTEM/etc/default/postbox"
    chmod 640 "$SYSTEM/etc/postbox/jwt-secret"
    inside systemctl stop postbox.socket postbox-backup.timer
    inside systemctl reset-failed
    [[ -n ${BATS_TEST_COMPLETED:-} ]] || inside journalctl --no-pager --lines 40 --output cat
}

# In the system's network.
curl() {
    nsenter --target "$MANAGER" --net -- curl "$@"
}

state() {
    inside systemctl show --property "${2:-ActiveState}" --value "$1"
}

is() {
    [[ $(state "$1") == "$2" ]]
}

say() {
    request POST "$API/@bob/messages" "${BEARER[@]}" --header 'Content-Type: text/plain' --data "$1"
    assert_status 201
}

# poll_on: polls as fast as it can in the background, whether anybody answers or not; leaves POLLER.
poll_on() {
    nsenter --target "$MANAGER" --net -- bash -c 'while sleep 0.01; do curl --silent --output /dev/null --max-time 20 "$0"; done' "$ORIGIN/healthz" 3>&- 9>&- &
    POLLER=$!
}

@test "what was installed neither listens nor makes backups" {
    for unit in postbox.service postbox.socket postbox-backup.timer; do
        assert_equal "$(state "$unit") $(inside systemctl is-enabled "$unit" || true)" 'inactive disabled'
    done
}

@test "one command enables and starts it; a restart, a crash and an upgrade leave the socket open" {
    inside systemctl enable --now postbox.socket postbox.service
    say one
    opened=$(state postbox.socket ActiveEnterTimestampMonotonic)
    inside systemctl restart postbox.service
    say two
    inside systemctl kill --signal KILL postbox.service
    say three
    before=$(state postbox.service MainPID)
    poll_on
    inside dpkg --install /root/postbox.deb >"$OUT" 2>&1 || fail "$(cat "$OUT")"
    kill "$POLLER"
    say four
    [[ $(state postbox.service MainPID) != "$before" ]] || fail 'the former program still runs'
    assert_equal "$(state postbox.socket ActiveEnterTimestampMonotonic)" "$opened"
    assert_equal "$(state postbox.service Result)" success
    inside systemctl disable postbox.socket postbox.service
}

# follow FILE: alice's polls wait, one after the other and each on a connection of its own. The file gets what is new, and "lost" where there was
# no answer.
follow() {
    # shellcheck disable=SC2016
    nsenter --target "$MANAGER" --net -- bash -c '
        next=limit=1
        while answer=$(curl --silent --max-time 90 --dump-header "$1" --header "$2" --header "Prefer: wait=60" "$0?$next"); do
            jq --raw-output ".[].content" <<<"$answer" || echo "answered: $answer"
            next=since=$(sed -n "s/^X-Cursor: \\(.*\\)\r\$/\\1/p" "$1")
        done
        echo lost' "$API/@bob/messages" "$FOLDER/head" "${BEARER[1]}" >"$1" 3>&- 9>&- &
    FOLLOWER=$!
}

@test "a restart answers polls that wait, and takes neither a message nor a connection attempt from those who come back at once" {
    inside systemctl start postbox.service
    say one
    follow "$FOLDER/followed"
    await grep -qx one "$FOLDER/followed"
    for content in two three four; do
        inside systemctl restart postbox.service
        say "$content"
        await grep -qx "$content" "$FOLDER/followed"
    done
    kill "$FOLLOWER"
    assert_equal "$(tr '\n' ' ' <"$FOLDER/followed")" 'one two three four '
}

@test "an upgrade starts nothing that was stopped, and a removal stops what runs" {
    inside dpkg --install /root/postbox.deb >"$OUT" 2>&1 || fail "$(cat "$OUT")"
    assert_equal "$(state postbox.service) $(state postbox.socket)" 'inactive inactive'
    inside systemctl start postbox.service postbox-backup.timer
    say Hi
    inside dpkg --remove postbox >"$OUT" 2>&1 || fail "$(cat "$OUT")"
    for unit in postbox.service postbox.socket postbox-backup.timer; do assert_equal "$(state "$unit")" inactive; done
    inside dpkg --install /root/postbox.deb >"$OUT" 2>&1 || fail "$(cat "$OUT")"
}

@test "stopping the socket stops the service too, also while clients poll, and what needs it stopped finds it stopped" {
    inside systemctl start postbox.service
    say Hi
    poll_on
    inside systemctl stop postbox.socket
    for _ in {1..20}; do
        is postbox.service inactive && is postbox.socket inactive || fail 'it runs again'
        sleep 0.05
    done
    inside runuser -u postbox -- postbox users set alice --name Alice --database /var/lib/postbox/postbox.sqlite
    inside runuser -u postbox -- postbox prune --older-than 1y --all --database /var/lib/postbox/postbox.sqlite
    inside systemctl start postbox.service
    kill "$POLLER"
    say again
    assert_equal "$(state postbox.socket)" active
}

@test "the running service takes commands from its own user and from root" {
    inside systemctl start postbox.service
    say Hi
    inside runuser -u postbox -- postbox users set alice --name Alice --database /var/lib/postbox/postbox.sqlite
    inside postbox users set alice --company Acme --database /var/lib/postbox/postbox.sqlite
    assert_equal "$(state postbox.service)" active
}

@test "while an import has the database the service is tried again and again, and the socket stays" {
    inside systemctl start postbox.service
    say Hi
    inside systemctl stop postbox.socket
    mkfifo "$SYSTEM/root/lines"
    chmod 755 "$SYSTEM/root"
    chmod 644 "$SYSTEM/root/lines"
    inside runuser -u postbox -- postbox import /root/lines --database /var/lib/postbox/postbox.sqlite >"$OUT" 2>&1 3>&- &
    import=$!
    exec 9>"$SYSTEM/root/lines"
    printf '{"kind":"user","id":"carol","name":"Carol"}\n' >&9
    # It has the database once it reads its lines.
    imports() { ! inside runuser -u postbox -- postbox users set x --name X --database /var/lib/postbox/postbox.sqlite 2>/dev/null; }
    await imports
    poll_on
    inside systemctl start --no-block postbox.service
    # The limit of systemd is five starts in ten seconds.
    tried() { (($(state postbox.service NRestarts) >= 7)); }
    for _ in {1..3}; do tried || await tried || true; done
    tried || fail "it was tried $(state postbox.service NRestarts) times"
    assert_equal "$(state postbox.socket)" active
    exec 9>&-
    wait "$import" || fail "$(cat "$OUT")"
    await is postbox.service active
    kill "$POLLER"
    say again
    rm "$SYSTEM/root/lines"
}

@test "a secret that the service's user cannot read keeps it from starting, and the log says why" {
    chmod 600 "$SYSTEM/etc/postbox/jwt-secret"
    inside systemctl start postbox.service || true
    await inside bash -c 'journalctl --unit postbox --output cat | grep -q "cannot read /etc/postbox/jwt-secret: Permission denied"'
    inside systemctl stop postbox.socket
    chmod 640 "$SYSTEM/etc/postbox/jwt-secret"
    inside systemctl start postbox.service
    say Hi
}

@test "with a wrong setting a start fails, and the service starts by itself when it is right, whatever clients did meanwhile" {
    echo 'POSTBOX_POLL_RATE=many' >>"$SYSTEM/etc/default/postbox"
    run -1 inside systemctl start postbox.service
    poll_on
    tried() { (($(state postbox.service NRestarts) >= 4)); }
    await tried
    assert_equal "$(state postbox.socket)" active
    tries=$(state postbox.service NRestarts)
    sed -i '/^POSTBOX_POLL_RATE/d' "$SYSTEM/etc/default/postbox"
    await is postbox.service active
    kill "$POLLER"
    say Hi
    # Each second, and not for each client.
    (($(state postbox.service NRestarts) <= tries + 3)) || fail "$(state postbox.service NRestarts) tries"
}

backups() {
    find "$DATA/backups" -name 'postbox-*.sqlite' -printf '%f\n' | sort
}

metric() {
    curl --silent --fail http://127.0.0.1:9090/metrics | awk -v name="$1" '$1 == name { print $2 }'
}

@test "one command turns on nightly backups; each is checked, the newest seven stay, and the metrics know them" {
    inside systemctl start postbox.service
    say 'In the backup'
    assert_equal "$(metric postbox_backup_timestamp_seconds)" 0
    inside systemctl enable --now postbox-backup.timer
    next=$(inside systemctl list-timers --output=json postbox-backup.timer | jq '.[0].next / 1000000 | floor')
    ((next > $(date +%s) && next < $(date +%s) + 90000)) || fail "the next backup is at $next"
    inside systemctl start postbox-backup.service
    assert_equal "$(backups | wc -l)" 1
    backup=$DATA/backups/$(backups)
    assert_equal "$(metric postbox_backup_timestamp_seconds)" "$(stat --format %Y "$backup")"
    assert_equal "$(stat --format '%a %U' "$backup" | sed "s/ .*//")" 640
    "$POSTBOX" check --database "$backup" >/dev/null
    [[ $(sqlite3 "$backup" 'SELECT content FROM messages' | tail -n 1) == 'In the backup' ]]
    # Both of this test may be of one second.
    mv "$backup" "${backup%/*}/postbox-2025-01-01T020000Z.sqlite"
    backup=${backup%/*}/postbox-2025-01-01T020000Z.sqlite
    for day in {1..9}; do cp -p "$backup" "$DATA/backups/postbox-2024-01-0${day}T020000Z.sqlite"; done
    echo notes >"$DATA/backups/notes"
    inside systemctl start postbox-backup.service
    assert_equal "$(backups | wc -l)" 7
    assert_equal "$(backups | head -n 1)" "postbox-2024-01-05T020000Z.sqlite"
    [[ -e $DATA/backups/notes && ! -e $DATA/backups/unchecked ]]
    inside systemctl disable postbox-backup.timer
}

@test "a backup in which something is wrong does not count, and replaces none" {
    inside systemctl start postbox.service
    say Hi
    inside systemctl start postbox-backup.service
    before=$(backups) newest=$(metric postbox_backup_timestamp_seconds)
    inside systemctl stop postbox.socket
    cp -p "$DATA/postbox.sqlite" "$FOLDER/kept"
    # A gap in the numbers of messages, which only "check" sees.
    sqlite3 "$DATA/postbox.sqlite" 'UPDATE messages SET n = n + 7 WHERE n = (SELECT max(n) FROM messages)'
    run inside systemctl start postbox-backup.service
    ((status != 0))
    assert_equal "$(backups)" "$before"
    assert_equal "$(state postbox-backup.service Result)" exit-code
    cp "$FOLDER/kept" "$DATA/postbox.sqlite"
    inside systemctl start postbox.service
    assert_equal "$(metric postbox_backup_timestamp_seconds)" "$newest"
    # The next night is a new one.
    inside systemctl start postbox-backup.service
    inside systemctl show --property Result --value postbox-backup.service | grep -qx success
}
