#include "postgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// Declared here and not by libpq-fe.h, so that the program is built without libpq-dev. All of it has been the same since
// PostgreSQL 9; libpq.so.5 keeps it as it is.
typedef unsigned int Oid;
typedef void (*notice_receiver)(void *context, const PGresult *result);
typedef struct {
    char *keyword;
    char *envvar;
    char *compiled;
    char *val;
    char *label;
    char *dispchar;
    int dispsize;
} conninfo_option;

// The field with the severity that is never translated.
enum { DIAG_SEVERITY_NONLOCALIZED = 'V' };

static struct {
    PGconn *(*connectdbParams)(const char *const *, const char *const *, int);
    void (*finish)(PGconn *);
    int (*status)(const PGconn *);
    int (*socket)(const PGconn *);
    int (*backendPID)(const PGconn *);
    char *(*errorMessage)(const PGconn *);
    int (*transactionStatus)(const PGconn *);
    int (*setnonblocking)(PGconn *, int);
    int (*sendQuery)(PGconn *, const char *);
    int (*sendQueryParams)(
        PGconn *, const char *, int, const Oid *, const char *const *, const int *, const int *, int);
    int (*sendPrepare)(PGconn *, const char *, const char *, int, const Oid *);
    int (*sendQueryPrepared)(PGconn *, const char *, int, const char *const *, const int *, const int *, int);
    int (*flush)(PGconn *);
    int (*consumeInput)(PGconn *);
    int (*isBusy)(PGconn *);
    PGresult *(*getResult)(PGconn *);
    void (*clear)(PGresult *);
    int (*resultStatus)(const PGresult *);
    char *(*resultErrorField)(const PGresult *, int);
    int (*ntuples)(const PGresult *);
    int (*nfields)(const PGresult *);
    Oid (*ftype)(const PGresult *, int);
    int (*getisnull)(const PGresult *, int, int);
    int (*getlength)(const PGresult *, int, int);
    char *(*getvalue)(const PGresult *, int, int);
    notice_receiver (*setNoticeReceiver)(PGconn *, notice_receiver, void *);
    conninfo_option *(*conninfo)(PGconn *);
    conninfo_option *(*conninfoParse)(const char *, char **);
    void (*conninfoFree)(conninfo_option *);
    void (*freemem)(void *);
} pq;

static char failure[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    // Never unloaded: libraries behind it register functions to be called at exit.
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *reason = dlerror();
        snprintf(failure, sizeof failure, "%s", reason ? reason : "libpq.so.5 cannot be loaded");
        return;
    }
// POSIX lets a pointer to an object stand for a function here, which ISO C does not.
#define FIND(name) \
    do { \
        void *found = dlsym(library, "PQ" #name); \
        if (!found) { \
            snprintf(failure, sizeof failure, "libpq.so.5 has no function PQ%s", #name); \
            return; \
        } \
        memcpy(&pq.name, &found, sizeof found); \
    } while (0)
    FIND(connectdbParams);
    FIND(finish);
    FIND(status);
    FIND(socket);
    FIND(backendPID);
    FIND(errorMessage);
    FIND(transactionStatus);
    FIND(setnonblocking);
    FIND(sendQuery);
    FIND(sendQueryParams);
    FIND(sendPrepare);
    FIND(sendQueryPrepared);
    FIND(flush);
    FIND(consumeInput);
    FIND(isBusy);
    FIND(getResult);
    FIND(clear);
    FIND(resultStatus);
    FIND(resultErrorField);
    FIND(ntuples);
    FIND(nfields);
    FIND(ftype);
    FIND(getisnull);
    FIND(getlength);
    FIND(getvalue);
    FIND(setNoticeReceiver);
    FIND(conninfo);
    FIND(conninfoParse);
    FIND(conninfoFree);
    FIND(freemem);
#undef FIND
}

const char *postbox_pq_load(void)
{
    pthread_once(&once, load);
    return failure[0] ? failure : NULL;
}

PGconn *postbox_pq_connect(const char *const *keywords, const char *const *values)
{
    return pq.connectdbParams(keywords, values, 1);
}

void postbox_pq_finish(PGconn *connection) { pq.finish(connection); }
int postbox_pq_status(const PGconn *connection) { return pq.status(connection); }

bool postbox_pq_has_several_hosts(PGconn *connection)
{
    bool found = false;
    conninfo_option *options = pq.conninfo(connection);
    if (!options) return false;
    for (conninfo_option *option = options; option->keyword; ++option) {
        if (strcmp(option->keyword, "host") != 0 && strcmp(option->keyword, "hostaddr") != 0) continue;
        if (option->val && strchr(option->val, ',')) found = true;
    }
    pq.conninfoFree(options);
    return found;
}

int postbox_pq_socket(const PGconn *connection) { return pq.socket(connection); }
int postbox_pq_backend_pid(const PGconn *connection) { return pq.backendPID(connection); }
const char *postbox_pq_error_message(const PGconn *connection) { return pq.errorMessage(connection); }
int postbox_pq_transaction_status(const PGconn *connection) { return pq.transactionStatus(connection); }
int postbox_pq_set_nonblocking(PGconn *connection) { return pq.setnonblocking(connection, 1); }

int postbox_pq_send_query(PGconn *connection, const char *command) { return pq.sendQuery(connection, command); }

int postbox_pq_send_query_params(
    PGconn *connection, const char *command, int count, const unsigned int *types, const char *const *values,
    const int *lengths, const int *formats)
{
    return pq.sendQueryParams(connection, command, count, types, values, lengths, formats, 1);
}

int postbox_pq_send_prepare(
    PGconn *connection, const char *name, const char *command, int count, const unsigned int *types)
{
    return pq.sendPrepare(connection, name, command, count, types);
}

int postbox_pq_send_query_prepared(
    PGconn *connection, const char *name, int count, const char *const *values, const int *lengths,
    const int *formats)
{
    return pq.sendQueryPrepared(connection, name, count, values, lengths, formats, 1);
}

int postbox_pq_flush(PGconn *connection) { return pq.flush(connection); }
int postbox_pq_consume_input(PGconn *connection) { return pq.consumeInput(connection); }
int postbox_pq_is_busy(PGconn *connection) { return pq.isBusy(connection); }
PGresult *postbox_pq_get_result(PGconn *connection) { return pq.getResult(connection); }
void postbox_pq_clear(PGresult *result) { pq.clear(result); }
int postbox_pq_result_status(const PGresult *result) { return pq.resultStatus(result); }

const char *postbox_pq_result_error_field(const PGresult *result, int field)
{
    return pq.resultErrorField(result, field);
}

int postbox_pq_ntuples(const PGresult *result) { return pq.ntuples(result); }
int postbox_pq_nfields(const PGresult *result) { return pq.nfields(result); }
unsigned int postbox_pq_ftype(const PGresult *result, int column) { return pq.ftype(result, column); }

int postbox_pq_getisnull(const PGresult *result, int row, int column)
{
    return pq.getisnull(result, row, column);
}

int postbox_pq_getlength(const PGresult *result, int row, int column)
{
    return pq.getlength(result, row, column);
}

const char *postbox_pq_getvalue(const PGresult *result, int row, int column)
{
    return pq.getvalue(result, row, column);
}

static void count_warning(void *context, const PGresult *result)
{
    const char *severity = pq.resultErrorField(result, DIAG_SEVERITY_NONLOCALIZED);
    if (severity && strcmp(severity, "WARNING") == 0) ++*(int *)context;
}

void postbox_pq_count_warnings(PGconn *connection, int *count)
{
    pq.setNoticeReceiver(connection, count_warning, count);
}

bool postbox_pq_parse(
    const char *connection_string, char *error, size_t size,
    void (*visit)(void *context, const char *keyword, const char *value), void *context)
{
    char *reason = NULL;
    conninfo_option *options = pq.conninfoParse(connection_string, &reason);
    if (!options) {
        snprintf(error, size, "%s", reason ? reason : "out of memory");
        if (reason) pq.freemem(reason);
        return false;
    }
    for (conninfo_option *option = options; option->keyword; ++option) {
        if (option->val) visit(context, option->keyword, option->val);
    }
    pq.conninfoFree(options);
    return true;
}
