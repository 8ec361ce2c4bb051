// The limit of the disk: one writer that only inserts, 64 messages a transaction, each transaction on disk before the next.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static sqlite3 *database;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void run(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK) return;
    fprintf(stderr, "insert: %s: %s\n", sql, sqlite3_errmsg(database));
    exit(1);
}

int main(int count, char **arguments) {
    if (count != 3 || sqlite3_open(arguments[1], &database) != SQLITE_OK) return 1;
    double seconds = atof(arguments[2]);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE messages (conversation_key INTEGER NOT NULL, n INTEGER NOT NULL, sender_id TEXT NOT NULL,"
        "  content TEXT NOT NULL, sent_at_ms INTEGER NOT NULL, PRIMARY KEY (conversation_key, n)) STRICT, WITHOUT ROWID");
    sqlite3_stmt *insert;
    const char *sql = "INSERT INTO messages VALUES (?, ?, 'user-000700', ?, 1700000000000)";
    const char *content = "send-0 000-000000000000 and as much text as people write to each other on an ordinary day";
    if (sqlite3_prepare_v2(database, sql, -1, &insert, NULL) != SQLITE_OK) return 1;
    long total = 0;
    double start = now();
    while (now() - start < seconds) {
        run("BEGIN IMMEDIATE");
        for (int place = 0; place < 64; place++, total++) {
            // As many conversations as the clients write to, in no order.
            sqlite3_bind_int64(insert, 1, total * 7919 % 2000);
            sqlite3_bind_int64(insert, 2, total / 2000 + 1);
            sqlite3_bind_text(insert, 3, content, -1, SQLITE_STATIC);
            if (sqlite3_step(insert) != SQLITE_DONE) return 1;
            sqlite3_reset(insert);
        }
        run("COMMIT");
    }
    printf("%f\n", (double)total / (now() - start));
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return 0;
}
