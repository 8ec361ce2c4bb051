# shellcheck shell=bash
# The store under test: a file, or with POSTBOX_STORE=postgres a database in the PostgreSQL that setup_suite.bash starts.
#
# `bats --filter-tags 'every-store,!sqlite' scripts/integration` runs what does not depend on the store. A file says so with
# `# bats file_tags=every-store`; a test in it that is about files has `# bats test_tags=sqlite`.

# shellcheck source=scripts/integration/postgres.bash
source "${BASH_SOURCE[0]%/*}/postgres.bash"

on_postgres() {
    [[ $TEST_STORE == postgres ]]
}

# database_named NAME: the address of a database of this test.
database_named() {
    if on_postgres; then
        [[ -n ${POSTGRES_SUITE:-} ]] || fail 'setup_suite.bash has not started a PostgreSQL'
        # One name for each test of a run, and short enough.
        local name=${FOLDER//[^A-Za-z0-9]/_}_$1
        POSTGRES_FOLDER=$POSTGRES_SUITE address main "${name:$((${#name} > 60 ? ${#name} - 60 : 0))}"
    else
        printf '%s\n' "$FOLDER/data/$1.sqlite"
    fi
}

# name_of DATABASE: its name in the PostgreSQL.
name_of() {
    local rest=${1#postgresql://*@/}
    printf '%s\n' "${rest%%\?*}"
}

# prepare_database [DATABASE]: makes what has to be there before postbox makes the rest: the folder, or the empty database.
prepare_database() {
    local database=${1:-$DATABASE}
    if [[ $database != postgresql://* ]]; then
        mkdir -p "${database%/*}"
    elif on_postgres && ! grep -qsFx -- "$database" "$FOLDER/databases"; then
        POSTGRES_FOLDER=$POSTGRES_SUITE make_database main "$(name_of "$database")"
        printf '%s\n' "$database" >>"$FOLDER/databases"
    fi
}

# shown_database: as postbox names it to people.
shown_database() {
    if on_postgres; then
        printf '%s at %s:%s\n' "$(name_of "$DATABASE")" "$POSTGRES_SUITE" "$(cat "$POSTGRES_SUITE/main.port")"
    else
        printf '%s\n' "$DATABASE"
    fi
}

# remove_database: so that the next start makes a new one.
remove_database() {
    if on_postgres; then
        POSTGRES_FOLDER=$POSTGRES_SUITE server_sql main "DROP DATABASE \"$(name_of "$DATABASE")\" WITH (FORCE)"
        sed -i '\|/'"$(name_of "$DATABASE")"'?|d' "$FOLDER/databases"
        prepare_database
    else
        rm "$DATABASE"*
    fi
}

drop_databases() {
    local database
    [[ -s $FOLDER/databases ]] || return 0
    while read -r database; do
        POSTGRES_FOLDER=$POSTGRES_SUITE server_sql main "DROP DATABASE \"$(name_of "$database")\" WITH (FORCE)"
    done <"$FOLDER/databases"
}

# assert_no_database: nothing of postbox is in it.
assert_no_database() {
    if on_postgres; then
        prepare_database
        assert_equal "$(query "SELECT to_regnamespace('postbox')")" ''
    else
        [[ ! -e $DATABASE ]] || fail "there is a file $DATABASE"
    fi
}

# query SQL: what is stored, with | between columns.
query() {
    if on_postgres; then
        PGOPTIONS='-c search_path=postbox' psql -XAtq --set ON_ERROR_STOP=1 --dbname "$DATABASE" --command "$1"
    else
        sqlite3 "$DATABASE" "$1"
    fi
}

# hold_writes: keeps the writer waiting, as a slow disk would, until release_writes. The coprocess is HOLDER.
hold_writes() {
    if on_postgres; then
        coproc HOLDER { psql -XAtq --dbname "$DATABASE" 2>&1; }
        printf '%s\n' "BEGIN; SELECT 'locked' FROM pg_advisory_xact_lock(5794, 1);" >&"${HOLDER[1]}"
    else
        coproc HOLDER { sqlite3 "$DATABASE" 2>&1; }
        printf '%s\n' "BEGIN IMMEDIATE; SELECT 'locked';" >&"${HOLDER[1]}"
    fi
    read -r <&"${HOLDER[0]}"
}

release_writes() {
    # A child may have the other end of its pipe, so that closing this one would not end it.
    if on_postgres; then printf '%s\n' 'COMMIT;' '\q'; else printf '%s\n' 'COMMIT;' .quit; fi >&"${HOLDER[1]}"
}
