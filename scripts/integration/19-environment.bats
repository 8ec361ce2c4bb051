#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# Where arguments come from, for every command: the command line, and variables.

load helpers

BACKUP=$FOLDER/backup.sqlite

setup() {
    prepare_database
    postbox conversations open --participants alice,bob --id conv-1 --database "$DATABASE"
    assert_equal "$EXIT" 0
}

# Every command, with arguments that are good; the first one changes nothing.
COMMANDS=(
    "check --database $DATABASE" "export --database $DATABASE" "backup $BACKUP --database $DATABASE"
    "serve --port 0 --identity demo --database $DATABASE" "users set alice --name Alice --database $DATABASE"
    "conversations open --participants bob,carol --database $DATABASE" "import /dev/null --database $DATABASE"
    "restore $BACKUP --force --database $DATABASE" "erase user alice --database $DATABASE"
    "prune --older-than 1d --all --database $DATABASE"
)

@test "every command refuses a variable that it does not know, names the nearest, and does nothing" {
    before=$(listing "$FOLDER/data")
    for command in "${COMMANDS[@]}"; do
        # shellcheck disable=SC2086
        POSTBOX_IDENTIY=jwt postbox $command
        assert_equal "$EXIT" 64
        assert_one_line 'postbox: there is no variable POSTBOX_IDENTIY; the nearest is POSTBOX_IDENTITY'
        [[ ! -s $OUT ]]
        # shellcheck disable=SC2086
        POSTBOX_ACCESS_LOG=maybe postbox $command
        assert_equal "$EXIT" 64
        assert_one_line 'postbox: POSTBOX_ACCESS_LOG is maybe, and must be *on or off*'
    done
    assert_equal "$(listing "$FOLDER/data")" "$before"
    [[ ! -e $BACKUP ]]
}

@test "one environment is good for every command, and help needs none" {
    export POSTBOX_IDENTITY=demo POSTBOX_PORT=0 POSTBOX_ACCESS_LOG=off POSTBOX_CORS_ORIGIN='' POSTBOX_UNHEARD_OF=''
    POSTBOX_DATABASE=$DATABASE postbox check
    assert_equal "$EXIT" 0
    assert_equal "$(cat "$ERR")" ''
    for arguments in --help --version 'serve --help' 'help backup'; do
        # shellcheck disable=SC2086
        POSTBOX_IDENTIY=jwt postbox $arguments
        assert_equal "$EXIT" 0
    done
}

@test "a flag's variable turns it on in all the usual words, and off" {
    for word in on YES 1 true; do
        POSTBOX_ACCESS_LOG=$word start_postbox
        request GET "$ORIGIN/healthz"
        await grep -q 'path=/healthz' "$ERR"
        stop_postbox
    done
    for word in off No 0 FALSE ''; do
        POSTBOX_ACCESS_LOG=$word start_postbox
        request GET "$ORIGIN/healthz"
        stop_postbox
        assert_equal "$(cat "$ERR")" ''
    done
}

@test "the variables that Kubernetes sets for a service called postbox are ignored, with one notice" {
    export POSTBOX_PORT=tcp://10.0.0.11:8080 POSTBOX_SERVICE_HOST=10.0.0.11 POSTBOX_SERVICE_PORT=8080 POSTBOX_SERVICE_PORT_HTTP=8080 \
        POSTBOX_PORT_8080_TCP=tcp://10.0.0.11:8080 POSTBOX_PORT_8080_TCP_ADDR=10.0.0.11 POSTBOX_PORT_8080_TCP_PORT=8080 \
        POSTBOX_PORT_8080_TCP_PROTO=tcp POSTBOX_ADMIN_PORT=udp://10.0.0.12:9 POSTBOX_ADMIN_PORT_9_UDP=udp://10.0.0.12:9
    postbox check --database "$DATABASE"
    assert_equal "$EXIT" 0
    assert_one_line 'postbox: ignored what Kubernetes or Docker says*: POSTBOX_ADMIN_PORT, *POSTBOX_PORT, *POSTBOX_SERVICE_PORT_HTTP'
    start_postbox --log-format json
    assert_equal "$(jq -r '.level + " " + .message' "$ERR" | cut -d: -f1)" 'notice ignored what Kubernetes or Docker says of a service beside it'
    [[ $PORT != 8080 ]]
}

# Lost arguments --------------------------------------------------------------------------

backs_up() {
    rm -f "$BACKUP"
    EXIT=0
    "$@" "$POSTBOX" backup "$BACKUP" --database "$DATABASE" >"$OUT" 2>"$ERR" || EXIT=$?
    assert_equal "$EXIT" 0
    assert_equal "$(sqlite3 "$BACKUP" 'SELECT id FROM conversations')" conv-1
}

@test "arguments arrive where a preloaded library has changed the environment before the program began" {
    cat >"$FOLDER/changes.c" <<'END'
#include <stdlib.h>
__attribute__((constructor)) static void change(void)
{
    char name[] = "NEW_A";
    for (; name[4] <= 'Z'; name[4]++) setenv(name, "1", 1);
}
END
    gcc -shared -fPIC -o "$FOLDER/changes.so" "$FOLDER/changes.c"
    backs_up env LD_PRELOAD="$FOLDER/changes.so"
}

@test "a name that is not UTF-8 is refused, and no file of a similar name is made" {
    name=$FOLDER/$'b\xff'.sqlite
    postbox backup "$name" --database "$DATABASE"
    assert_equal "$EXIT" 64
    assert_one_line 'postbox: argument 2 is not valid UTF-8'
    POSTBOX_DATABASE=$name postbox users set alice --name Alice
    assert_equal "$EXIT" 64
    assert_one_line 'postbox: the value of POSTBOX_DATABASE is not valid UTF-8'
    assert_equal "$(find "$FOLDER" -name 'b*.sqlite')" ''
}

@test "arguments arrive where there is no /proc" {
    backs_up unshare --mount --map-root-user sh -c 'mount -t tmpfs none /proc && exec "$@"' sh
}
