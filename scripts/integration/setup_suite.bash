# shellcheck shell=bash
# What all tests of a run have in common: their programs, and with POSTBOX_STORE=postgres one PostgreSQL, in which each test has a
# database of its own (see store.bash).

setup_suite() {
    # shellcheck source=scripts/integration/postgres.bash
    source "${BASH_SOURCE[0]%/*}/postgres.bash"
    link_programs
    [[ ${POSTBOX_STORE:-sqlite} == postgres ]] || return 0
    make_postgres_folder
    # The tests of faults and of durability have servers of their own, which do sync.
    make_server main 'fsync = off' 'full_page_writes = off' 'max_connections = 300' "autovacuum_naptime = '1h'"
    start_server main
    export POSTGRES_SUITE=$POSTGRES_FOLDER
}

# link_programs: puts the programs themselves before the scripts that choose their version, which take longer than most calls of them.
link_programs() {
    local folder=$BATS_SUITE_TMPDIR/programs
    mkdir "$folder"
    ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$folder/python3"
    [[ ! -x $POSTGRES_PROGRAMS/psql ]] || ln -s "$POSTGRES_PROGRAMS/psql" "$folder/psql"
    export PATH=$folder:$PATH
}

teardown_suite() {
    [[ -n ${POSTGRES_SUITE:-} ]] || return 0
    # shellcheck source=scripts/integration/postgres.bash
    source "${BASH_SOURCE[0]%/*}/postgres.bash"
    POSTGRES_FOLDER=$POSTGRES_SUITE
    stop_everything
}

fail() {
    printf '%s\n' "$@" >&2
    return 1
}
