# shellcheck shell=bash
# With POSTBOX_STORE=postgres, one PostgreSQL for all tests of a run; each test has a database of its own in it (see store.bash).

setup_suite() {
    [[ ${POSTBOX_STORE:-sqlite} == postgres ]] || return 0
    # shellcheck source=scripts/integration/postgres.bash
    source "${BASH_SOURCE[0]%/*}/postgres.bash"
    make_postgres_folder
    # The tests of faults and of durability have servers of their own, which do sync.
    make_server main 'fsync = off' 'full_page_writes = off' 'max_connections = 300' "autovacuum_naptime = '1h'"
    start_server main
    export POSTGRES_SUITE=$POSTGRES_FOLDER
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
