# shellcheck shell=bash
# Private PostgreSQL servers for tests: each has a data folder and a Unix socket of its own, and no TCP port unless a test asks for one.

# PostgreSQL refuses to run as root, so its processes run as this user there.
POSTGRES_USER=postgres
POSTGRES_PROGRAMS=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
POSTGRES_MOUNTS=()

as_postgres() {
    if ((EUID == 0)); then
        (cd / && PATH=$POSTGRES_PROGRAMS:$PATH setpriv --reuid="$POSTGRES_USER" --regid="$POSTGRES_USER" --init-groups "$@")
    else
        PATH=$POSTGRES_PROGRAMS:$PATH "$@"
    fi
}

# make_postgres_folder: where the servers of this test are, in POSTGRES_FOLDER; its name is short, as names of sockets have to be.
make_postgres_folder() {
    POSTGRES_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/pg-XXXXXX")
    chmod 755 "$POSTGRES_FOLDER"
    ((EUID != 0)) || chown "$POSTGRES_USER" "$POSTGRES_FOLDER"
}

# server_port NAME: the number in the name of its socket, which it gets when it is made.
server_port() {
    cat "$POSTGRES_FOLDER/$1.port"
}

number_server() {
    local taken=("$POSTGRES_FOLDER"/*.port)
    [[ -e ${taken[0]} ]] || taken=()
    echo $((5432 + ${#taken[@]})) >"$POSTGRES_FOLDER/$1.port"
}

# configure_server NAME LINE…: settings for the next start.
configure_server() {
    printf '%s\n' "${@:2}" >>"$POSTGRES_FOLDER/$1/postgresql.conf"
}

# make_server NAME [LINE…]: a new server, not yet started. Its log of changes is in NAME.wal, on another file system if need be.
make_server() {
    local data=$POSTGRES_FOLDER/$1
    number_server "$1"
    # They may be there, as mount points.
    mkdir -p "$data" "$data.wal"
    ((EUID != 0)) || chown "$POSTGRES_USER" "$data" "$data.wal"
    as_postgres initdb --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8 --pgdata="$data" \
        --waldir="$data.wal" >"$data.made" 2>&1 ||
        fail "initdb failed: $(cat "$data.made")"
    configure_server "$1" "listen_addresses = ''" "unix_socket_directories = '$POSTGRES_FOLDER'" "port = $(server_port "$1")" \
        'shared_buffers = 32MB' "${@:2}"
}

start_server() {
    local data=$POSTGRES_FOLDER/$1
    as_postgres pg_ctl --wait --timeout=60 --pgdata="$data" --log="$data.log" start >/dev/null 3>&- ||
        fail "PostgreSQL did not start: $(tail -n 20 "$data.log")"
}

# stop_server NAME [MODE]
stop_server() {
    as_postgres pg_ctl --wait --timeout=60 --pgdata="$POSTGRES_FOLDER/$1" --mode="${2:-fast}" stop >/dev/null
}

# server_processes NAME: the process ids of a server, its own first.
server_processes() {
    local main
    main=$(head -n 1 "$POSTGRES_FOLDER/$1/postmaster.pid") || return
    echo "$main"
    ps -o pid= --ppid "$main" | tr -d ' '
}

# freeze_server NAME, thaw_server NAME: as a machine or a disk that hangs, and goes on.
freeze_server() {
    local all
    mapfile -t all < <(server_processes "$1")
    kill -STOP "${all[@]}"
}

thaw_server() {
    local all
    mapfile -t all < <(server_processes "$1")
    kill -CONT "${all[@]}"
}

# kill_server NAME: with -9, as a machine that loses its power, but for what the kernel still writes.
kill_server() {
    local all pid gone=0
    mapfile -t all < <(server_processes "$1")
    kill -KILL "${all[@]}" 2>/dev/null || true
    until ((gone)); do
        gone=1
        for pid in "${all[@]}"; do ! kill -0 "$pid" 2>/dev/null || gone=0; done
        sleep 0.02
    done
}

# server_sql NAME SQL [DATABASE]: as superuser.
server_sql() {
    psql -XAtq --set ON_ERROR_STOP=1 --host "$POSTGRES_FOLDER" --port "$(server_port "$1")" --username postgres --dbname "${3:-postgres}" \
        --command "$2"
}

# make_database NAME DATABASE [ROLE]: a new database, owned by a role without further rights.
make_database() {
    local role=${3:-postbox}
    server_sql "$1" "DO \$\$ BEGIN CREATE ROLE \"$role\" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$"
    server_sql "$1" "CREATE DATABASE \"$2\" OWNER \"$role\" TEMPLATE template0"
}

# address NAME DATABASE [ROLE]: for postbox and psql, through the socket.
address() {
    printf 'postgresql://%s@/%s?host=%s&port=%s\n' "${3:-postbox}" "$2" "$POSTGRES_FOLDER" "$(server_port "$1")"
}

# make_standby NAME OF: a copy of a server that runs, which follows it under its own name once it is started.
make_standby() {
    local data=$POSTGRES_FOLDER/$1
    number_server "$1"
    as_postgres pg_basebackup --no-sync --checkpoint=fast --write-recovery-conf --pgdata="$data" \
        --dbname="host=$POSTGRES_FOLDER port=$(server_port "$2") user=postgres application_name=$1" >"$data.made" 2>&1 ||
        fail "pg_basebackup failed: $(cat "$data.made")"
    configure_server "$1" "port = $(server_port "$1")"
}

# promote NAME: makes a standby the primary.
promote() {
    as_postgres pg_ctl --wait --pgdata="$POSTGRES_FOLDER/$1" promote >/dev/null
}

# start_bouncer NAME OF MODE [LINE…]: a PgBouncer before a server, which is addressed as a server is.
start_bouncer() {
    local base=$POSTGRES_FOLDER/$1
    number_server "$1"
    echo '"postbox" ""' >"$base.users"
    printf '%s\n' '[databases]' "* = host=$POSTGRES_FOLDER port=$(server_port "$2")" '[pgbouncer]' "listen_port = $(server_port "$1")" \
        "unix_socket_dir = $POSTGRES_FOLDER" 'auth_type = trust' "auth_file = $base.users" "pool_mode = $3" "logfile = $base.log" \
        "pidfile = $base.pid" "${@:4}" >"$base.ini"
    ((EUID != 0)) || chown "$POSTGRES_USER" "$base".*
    as_postgres pgbouncer --daemon --quiet "$base.ini" >/dev/null 2>&1 3>&-
    await test -S "$POSTGRES_FOLDER/.s.PGSQL.$(server_port "$1")"
}

# make_small_disk NAME BYTES: a file system of this size for a server of this name.
make_small_disk() {
    mkdir -p "$POSTGRES_FOLDER/$1"
    mount -t tmpfs -o "size=$2" tmpfs "$POSTGRES_FOLDER/$1" || skip 'file systems cannot be mounted here'
    POSTGRES_MOUNTS+=("$POSTGRES_FOLDER/$1")
}

# stop_everything: ends what was started and removes the folder.
stop_everything() {
    local file pids
    [[ -n ${POSTGRES_FOLDER:-} ]] || return 0
    for file in "$POSTGRES_FOLDER"/*.pid; do
        [[ ! -e $file ]] || kill -KILL "$(cat "$file")" 2>/dev/null || true
    done
    for file in "$POSTGRES_FOLDER"/*/postmaster.pid; do
        [[ -e $file ]] || continue
        # A server that was stopped with SIGSTOP does not hear of it.
        mapfile -t pids < <(server_processes "$(basename "${file%/*}")")
        kill -CONT "${pids[@]}" 2>/dev/null || true
        as_postgres pg_ctl --wait --pgdata="${file%/*}" --mode=immediate stop >/dev/null 2>&1 || true
    done
    for file in "${POSTGRES_MOUNTS[@]}"; do umount "$file"; done
    rm -rf "$POSTGRES_FOLDER"
}
