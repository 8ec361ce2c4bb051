#!/usr/bin/env bats
# The Debian package: what is in it, and whether what was installed from it serves, in a system where nothing else is.

load helpers
load package

SYSTEM=$BATS_FILE_TMPDIR/system

# What the package's scripts run may look at /proc, which is mounted for nobody else.
INSIDE=(unshare --mount --root="$SYSTEM" --mount-proc)
((EUID == 0)) || INSIDE=(sudo -n "${INSIDE[@]}")

inside() {
    "${INSIDE[@]}" "$@"
}

setup_file() {
    export PACKAGE
    PACKAGE=$(built_package)
    mkdir "$SYSTEM"
    tar -xf "$(minimal_system "$(debian)")" -C "$SYSTEM" --exclude=./dev
    mkdir -p "$SYSTEM/dev"
    cp "$PACKAGE" "$SYSTEM/root/postbox.deb"
    inside dpkg --install /root/postbox.deb >"$BATS_FILE_TMPDIR/log" 2>&1 || {
        cat "$BATS_FILE_TMPDIR/log" >&2
        return 1
    }
}

setup() {
    mkdir -p "${DATABASE%/*}"
}

unit() {
    sed -n "s/^$1=//p" "$SYSTEM/lib/systemd/system/postbox.service"
}

# The program's settings as the service has them: first those of the unit, then those of the file it names.
service_environment() {
    unit Environment
    file=$(unit EnvironmentFile)
    grep -E '^[A-Z]' "$SYSTEM/${file#-}"
}

@test "lintian finds nothing that is not explained" {
    lintian --allow-root --fail-on error,warning "$PACKAGE" >"$OUT" 2>&1 || fail "$(cat "$OUT")"
}

@test "the package has the version of the program, and needs libraries of Debian only" {
    assert_equal "$(dpkg-deb --field "$PACKAGE" Version)" "$("$POSTBOX" --version)"
    needs=$(dpkg-deb --field "$PACKAGE" Depends)
    for library in libmicrohttpd12 libgnutls30 libsqlite3-0 zlib1g; do [[ $needs == *$library* ]]; done
    inside ldd /usr/bin/postbox >"$OUT"
    assert_lacks 'not found|[Ss]wift|Foundation' "$OUT"
}

@test "the package makes its own user, and does not serve before an identity is set" {
    inside getent passwd postbox | grep -q ':/var/lib/postbox:/usr/sbin/nologin$'
    [[ -z $(find "$SYSTEM/etc/systemd/system" -name 'postbox*') ]]
    dpkg-deb --control "$PACKAGE" "$FOLDER/control"
    grep -qx /etc/default/postbox "$FOLDER/control/conffiles"
}

@test "the service starts the program as its user, on its socket, with its settings, and it can be polled" {
    user=$(unit User)
    state=/var/lib/$(unit StateDirectory)
    inside install -d -o "$user" -g "$user" -m 750 "$state"
    printf 'a shared secret of thirty-two bytes or more\n' >"$FOLDER/secret"
    inside install -d /etc/postbox
    inside sh -c "cat >/etc/postbox/jwt-secret && chgrp $user /etc/postbox/jwt-secret && chmod 640 /etc/postbox/jwt-secret" <"$FOLDER/secret"
    inside sed -i 's/^#\(POSTBOX_JWT_SECRET_FILE=\)/\1/' /etc/default/postbox
    mapfile -t environment < <(service_environment)
    read -ra command < <(unit ExecStart)
    python3 "$BATS_TEST_DIRNAME/service_manager.py" "${INSIDE[@]}" \
        chroot --userspec="$user:$user" / env "${environment[@]}" "${command[@]}" >"$OUT" 2>"$ERR" 3>&- &
    SERVERS+=("$!")
    await grep -q 'told READY=1' "$OUT"
    ORIGIN=http://127.0.0.1:$(sed -n 's/^port //p' "$OUT")
    API=$ORIGIN/api/messages/conversations
    process=$(sed -n 's/^process //p' "$OUT")
    assert_equal "$(stat --format %u "/proc/$process")" "$(inside id --user "$user")"
    assert_serves_tokens
    [[ -s $SYSTEM$state/postbox.sqlite ]]
}

@test "without settings the service does not start, and says what is missing" {
    mapfile -t environment < <(unit Environment)
    read -ra command < <(unit ExecStart)
    run -64 inside env "${environment[@]}" "${command[@]}"
    assert_equal "$output" 'postbox: --identity jwt needs either --jwt-secret-file or --jwks-file'
}

@test "systemd understands the units, and finds little that the service could do beyond its task" {
    cp "$SYSTEM"/lib/systemd/system/postbox.* "$FOLDER"
    sed -i "s#/usr/bin/postbox#$POSTBOX#" "$FOLDER/postbox.service"
    systemd-analyze verify --man=no "$FOLDER/postbox.socket" "$FOLDER/postbox.service" >"$OUT" 2>&1 || fail "$(cat "$OUT")"
    assert_equal "$(grep postbox "$OUT" || true)" ''
    systemd-analyze security --offline=true --threshold=20 "$FOLDER/postbox.service" >"$OUT" || fail "$(tail -n 3 "$OUT")"
}

@test "the manual page is well formed and has every option that the help has" {
    page=$SYSTEM/usr/share/man/man1/postbox.1.gz
    LC_ALL=C.UTF-8 MANWIDTH=200 man --warnings --local-file "$page" 2>"$ERR" | col -bx >"$OUT"
    assert_equal "$(cat "$ERR")" ''
    for command in serve import 'users set' 'conversations open'; do
        # shellcheck disable=SC2086
        "$POSTBOX" $command --help >"$FOLDER/help"
        grep -q "postbox $command" "$OUT"
        mapfile -t options < <(grep -oE '^  --[a-z-]+' "$FOLDER/help" | grep -v version)
        ((${#options[@]}))
        for option in "${options[@]}"; do
            grep -qE -- "^ *$option" "$OUT" || fail "$option of $command is missing"
        done
    done
}

@test "a shell completes commands and options" {
    completed=$(bash -c '
        source "$1"
        COMP_WORDS=(postbox serve --tls-c) COMP_CWORD=2 COMP_LINE="postbox serve --tls-c" COMP_POINT=21 COMP_TYPE=9
        _postbox postbox --tls-c serve
        printf "%s\n" "${COMPREPLY[@]}"' bash "$SYSTEM/usr/share/bash-completion/completions/postbox.bash")
    assert_equal "${completed% }" --tls-cert
    for file in zsh/vendor-completions/_postbox fish/vendor_completions.d/postbox.fish; do
        grep -q tls-cert "$SYSTEM/usr/share/$file"
    done
}

@test "the package can be removed, and leaves the data" {
    inside install -d /var/lib/postbox
    inside touch /var/lib/postbox/kept
    inside dpkg --purge postbox >"$OUT" 2>&1 || fail "$(cat "$OUT")"
    [[ ! -e $SYSTEM/usr/bin/postbox && ! -e $SYSTEM/etc/default/postbox && -e $SYSTEM/var/lib/postbox/kept ]]
    inside dpkg --install /root/postbox.deb >"$OUT" 2>&1 || fail "$(cat "$OUT")"
}
