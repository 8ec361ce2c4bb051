#pragma once

#include <stdbool.h>
#include <stddef.h>

/// The client library of PostgreSQL (libpq), loaded on first use.
///
/// A process that keeps its data in SQLite does not load it, nor the libraries for TLS, Kerberos and LDAP behind it. The functions
/// here are those of the same names without `postbox_`; libpq-fe.h and the PostgreSQL manual, chapter "libpq", describe them.
/// ``postbox_pq_load`` must have returned NULL before any other is called.

/// A connection; one thread at a time may use it.
typedef struct pg_conn PGconn;
/// The result of one statement.
typedef struct pg_result PGresult;

/// Loads the library once; any thread may call it.
///
/// Returns NULL where it is loaded, or else the reason in the words of dlopen(3), good for the life of the process.
const char *postbox_pq_load(void);

/// ConnStatusType, as far as it is stable.
enum { POSTBOX_PQ_CONNECTION_OK = 0 };
/// ExecStatusType, as far as it is used.
enum {
    POSTBOX_PQ_EMPTY_QUERY = 0,
    POSTBOX_PQ_COMMAND_OK = 1,
    POSTBOX_PQ_TUPLES_OK = 2,
    POSTBOX_PQ_COPY_OUT = 3,
    POSTBOX_PQ_COPY_IN = 4,
    POSTBOX_PQ_FATAL_ERROR = 7,
};
/// The code of the field with the SQLSTATE in PQresultErrorField.
enum { POSTBOX_PQ_DIAG_SQLSTATE = 'C' };
/// The code of the field with the primary message.
enum { POSTBOX_PQ_DIAG_MESSAGE_PRIMARY = 'M' };
/// PGTransactionStatusType.
enum {
    POSTBOX_PQ_TRANS_IDLE = 0,
    POSTBOX_PQ_TRANS_ACTIVE = 1,
    POSTBOX_PQ_TRANS_INTRANS = 2,
    POSTBOX_PQ_TRANS_INERROR = 3,
    POSTBOX_PQ_TRANS_UNKNOWN = 4,
};

/// Blocks for at most `connect_timeout` for each address of each host.
PGconn *postbox_pq_connect(const char *const *keywords, const char *const *values);
void postbox_pq_finish(PGconn *connection);
int postbox_pq_status(const PGconn *connection);
/// Whether several hosts are named for it: in the connection string, the environment or a service file.
bool postbox_pq_has_several_hosts(PGconn *connection);
int postbox_pq_socket(const PGconn *connection);
int postbox_pq_backend_pid(const PGconn *connection);
const char *postbox_pq_error_message(const PGconn *connection);
int postbox_pq_transaction_status(const PGconn *connection);
int postbox_pq_set_nonblocking(PGconn *connection);
int postbox_pq_send_query(PGconn *connection, const char *command);
/// Parameters and results are binary.
int postbox_pq_send_query_params(
    PGconn *connection, const char *command, int count, const unsigned int *types, const char *const *values,
    const int *lengths, const int *formats);
int postbox_pq_send_prepare(
    PGconn *connection, const char *name, const char *command, int count, const unsigned int *types);
/// Parameters and results are binary.
int postbox_pq_send_query_prepared(
    PGconn *connection, const char *name, int count, const char *const *values, const int *lengths,
    const int *formats);
int postbox_pq_flush(PGconn *connection);
int postbox_pq_consume_input(PGconn *connection);
int postbox_pq_is_busy(PGconn *connection);
PGresult *postbox_pq_get_result(PGconn *connection);
void postbox_pq_clear(PGresult *result);
int postbox_pq_result_status(const PGresult *result);
const char *postbox_pq_result_error_field(const PGresult *result, int field);
int postbox_pq_ntuples(const PGresult *result);
int postbox_pq_nfields(const PGresult *result);
unsigned int postbox_pq_ftype(const PGresult *result, int column);
int postbox_pq_getisnull(const PGresult *result, int row, int column);
int postbox_pq_getlength(const PGresult *result, int row, int column);
const char *postbox_pq_getvalue(const PGresult *result, int row, int column);

/// Drops the server's notices instead of printing them, and counts its warnings in `count`, which must outlive the connection.
void postbox_pq_count_warnings(PGconn *connection, int *count);

/// Parses a connection string; calls `visit` for each parameter that it sets.
///
/// Returns false where it cannot be parsed: `error` then has the beginning of the reason. It may contain parts of the string.
bool postbox_pq_parse(
    const char *connection_string, char *error, size_t size,
    void (*visit)(void *context, const char *keyword, const char *value), void *context);
