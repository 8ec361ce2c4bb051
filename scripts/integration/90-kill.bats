#!/usr/bin/env bats
# Every acknowledged message survives whatever ends the program, and so does the truth of what polls that wait are answered.
# bats file_tags=every-store

load helpers

setup() {
    prepare_database
}

@test "after kill -9 at random moments under load, every acknowledged message is there once, and cursors and read markers hold" {
    # With PostgreSQL each start waits until the one that was killed is certainly gone: some 10 s.
    local rounds=20
    ! on_postgres || rounds=5
    timeout 120 python3 "$BATS_TEST_DIRNAME/kill_audit.py" "$POSTBOX" "$DATABASE" --rounds "$rounds" --signal KILL 3>&-
}

@test "after clean stops under load, every acknowledged message is there exactly once" {
    timeout 60 python3 "$BATS_TEST_DIRNAME/kill_audit.py" "$POSTBOX" "$DATABASE" --rounds 5 --signal TERM 3>&-
}

# On PostgreSQL a start waits until the process that was killed is certainly gone, longer than these polls wait.
# bats test_tags=sqlite
@test "over kill -9, stops and restarts, a poll that waits is answered if and only if its view changed or its time is over" {
    timeout 120 python3 "$BATS_TEST_DIRNAME/waiting_audit.py" "$POSTBOX" "$DATABASE" 3>&-
}

# On PostgreSQL a start waits until the process that was killed is certainly gone, longer than these polls wait.
# bats test_tags=sqlite
@test "with a socket that a service manager holds, polls that wait lose no message and no connection attempt over kill -9 and restarts" {
    timeout 120 python3 "$BATS_TEST_DIRNAME/waiting_audit.py" "$POSTBOX" "$DATABASE" --managed 3>&-
}
