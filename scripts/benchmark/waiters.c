// Many open connections, each of one user whose list waits for a change, and messages that some of them send each other meanwhile.
// Arguments: port, file ("URL TOKEN" of each waiter's list), waiters, seconds of a wait, seconds over which the waiters begin, seconds to
// wait undisturbed, file of sends ("URL TOKEN FIRST SECOND BODY" lines: the waiters that each must reach, -1 -1 for all of them; in the
// body `bench-wait-NUMBER `, counted from 0), sends a second, and a file for the bodies of the answers to sends, one a line.
// Prints "waiting", "undisturbed", "sent"; then, of the sends: answered, deliveries, missing, microseconds from the beginning of a send, and
// from its answer, to the last byte at the (first) recipient: p50 p99 max each; and of the answers to waits: timed out, changed, woken for
// nothing, wrong. The connections stay open until its standard input ends.
#include "connections.h"

enum { SENDERS = 64, MOST = 1 << 16, FIELD = 256 };

struct peer {
    int socket, length, send;
    long asked;
    char *url, *token, *answer, cursor[FIELD];
};

struct send {
    char *url, *token, *body, *reached;
    int first, second;
    long began, answered, arrived;
};

static struct peer *peers;
static struct send *sends;
static int epoll, port, count, planned, begun;
static long period, timed_out, changed, for_nothing, wrong, confirmed, deliveries;
static FILE *kept;

static void *room(size_t items, size_t size) {
    void *memory = calloc(items, size);
    return memory ? memory : (fail("memory"), NULL);
}

static void give(struct peer *peer, const char *request, int size) {
    peer->length = 0;
    peer->asked = now();
    if (send(peer->socket, request, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

// The first answer brings the cursor; from then on it waits.
static void await_news(struct peer *peer) {
    char request[4096];
    int size = snprintf(request, sizeof request,
                    "GET %s%s%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nPrefer: wait=%ld\r\n\r\n", peer->url,
                    peer->cursor[0] ? "&since=" : "", peer->cursor, peer->token, period / 1000000);
    give(peer, request, size);
}

static void begin_send(struct peer *sender) {
    static char request[MOST];
    struct send *next = &sends[begun];
    // Not earlier: a connection without a request is cut.
    if (sender->socket == 0) sender->socket = join(epoll, port, (int)(sender - peers));
    int size = snprintf(request, sizeof request,
                    "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                    "Content-Length: %zu\r\n\r\n%s", next->url, next->token, strlen(next->body), next->body);
    sender->send = begun++;
    give(sender, request, size);
    next->began = sender->asked;
}

static int field(const char *head, const char *name, char *value) {
    const char *found = strcasestr(head, name);
    size_t size = found ? strcspn(found + strlen(name), "\r") : FIELD;
    if (size >= FIELD) return 0;
    memcpy(value, found + strlen(name), size);
    value[size] = 0;
    return 1;
}

// Each send that a body tells of counts once for each waiter that it must reach.
static void arrived(int number, const char *body, long time) {
    for (const char *found = body; (found = strstr(found, "bench-wait-")) != NULL; found++) {
        int which = atoi(found + 11);
        if (which < 0 || which >= begun) { wrong++; continue; }
        struct send *it = &sends[which];
        int is_all = it->first < 0, place = is_all ? number : number == it->first ? 0 : 1;
        if (!is_all && number != it->first && number != it->second) { wrong++; continue; }
        if (it->reached[place]) continue;
        it->reached[place] = 1;
        deliveries++;
        if (is_all || place == 0) it->arrived = time;
    }
}

static void take(int number, char *body, long time) {
    struct peer *peer = &peers[number];
    int status = atoi(peer->answer + 9);
    if (number >= count) {
        // One that had to be answered before the next goes out, so each answer is to the send that the sender is at.
        if (status != 201) wrong++;
        confirmed += status == 201;
        sends[peer->send].answered = time;
        peer->send = -1;
        fprintf(kept, "%s\n", body);
        return;
    }
    char value[FIELD];
    int is_first = peer->cursor[0] == 0, is_empty = strcmp(body, "[]") == 0;
    if (status != 200 || !field(peer->answer, "\r\nPreference-Applied: ", value) || atol(value + 5) != period / 1000000) wrong++;
    if (!field(peer->answer, "\r\nX-Poll-Interval: ", value) || strcmp(value, "0") != 0) wrong++;
    if (!field(peer->answer, "\r\nX-Cursor: ", peer->cursor)) wrong++;
    if (!is_first) {
        long lasted = time - peer->asked;
        timed_out += is_empty && lasted >= period - 200000;
        for_nothing += is_empty && lasted < period - 200000;
        changed += !is_empty;
        if (lasted > period + 2000000) wrong++;
    }
    arrived(number, body, time);
    await_news(peer);
}

static void receive(int number) {
    struct peer *peer = &peers[number];
    if (peer->answer == NULL) peer->answer = malloc(MOST);
    if (peer->answer == NULL || peer->length == MOST - 1) errno = EMSGSIZE, fail("an answer");
    long got = recv(peer->socket, peer->answer + peer->length, (size_t)(MOST - 1 - peer->length), 0);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) return;
        fail("the server ended a connection");
    }
    peer->length += (int)got;
    peer->answer[peer->length] = 0;
    char *end = strstr(peer->answer, "\r\n\r\n"), value[FIELD];
    long length = end && field(peer->answer, "\r\nContent-Length: ", value) ? atol(value) : 0;
    long whole = end ? end + 4 - peer->answer + length : 0;
    if (!end || peer->length < whole) return;
    if (peer->length > whole) wrong++;
    take(number, end + 4, now());
}

static void turn(long until) {
    struct epoll_event events[512];
    long wait = until - now();
    struct timespec limit = {.tv_sec = wait > 0 ? wait / 1000000 : 0, .tv_nsec = wait > 0 ? wait % 1000000 * 1000 : 0};
    int ready = epoll_pwait2(epoll, events, 512, &limit, NULL);
    for (int place = 0; place < ready; place++) receive((int)events[place].data.u32);
}

static void serve(long seconds) {
    for (long end = now() + seconds * 1000000; now() < end;) turn(end);
}

static void say(const char *what) {
    puts(what);
    fflush(stdout);
}

static void say_times(int from_answer) {
    long *times = room((size_t)planned + 1, sizeof *times), found = 0;
    for (int which = 0; which < begun; which++)
        if (sends[which].arrived) times[found++] = sends[which].arrived - (from_answer ? sends[which].answered : sends[which].began);
    qsort(times, (size_t)found, sizeof *times, later);
    printf(" %ld %ld %ld", found ? times[found / 2] : -1, found ? times[found * 99 / 100] : -1, found ? times[found - 1] : -1);
    free(times);
}

static void read_waiters(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    for (int number = 0; number < count; number++)
        if (fscanf(file, "%ms %ms", &peers[number].url, &peers[number].token) != 2) fail(path);
    fclose(file);
}

static void read_sends(const char *path) {
    FILE *file = fopen(path, "r");
    struct send one = {0};
    if (!file) fail(path);
    while (fscanf(file, "%ms %ms %d %d %m[^\n]", &one.url, &one.token, &one.first, &one.second, &one.body) == 5) {
        if ((sends = realloc(sends, sizeof *sends * (size_t)(planned + 1))) == NULL) fail("memory");
        one.reached = room(one.first < 0 ? (size_t)count : 2, 1);
        sends[planned++] = one;
    }
    fclose(file);
}

static void send_all(long rate) {
    long start = now();
    while (begun < planned || confirmed + wrong < begun) {
        long time = now(), due = start + begun * 1000000L / rate;
        for (int number = count; number < count + SENDERS && begun < planned && due <= time; number++) {
            if (peers[number].send >= 0) continue;
            begin_send(&peers[number]);
            due = start + begun * 1000000L / rate;
        }
        turn(begun < planned && due > time ? due : time + 1000);
        if (time > start + planned * 1000000L / rate + 30000000) fail("sends that nobody answers");
    }
}

int main(int argc, char **argv) {
    if (argc != 10) return 64;
    port = atoi(argv[1]), count = atoi(argv[3]), period = atol(argv[4]) * 1000000;
    long ramp = atol(argv[5]) * 1000000, start;
    peers = room((size_t)count + SENDERS, sizeof *peers);
    if ((epoll = epoll_create1(0)) < 0) fail("epoll_create1");
    if ((kept = fopen(argv[9], "w")) == NULL) fail(argv[9]);
    read_waiters(argv[2]);
    read_sends(argv[7]);
    start = now();
    for (int number = 0; number < count; number++) {
        for (long due = start + ramp * number / count; now() < due;) turn(due);
        peers[number].socket = join(epoll, port, number);
        await_news(&peers[number]);
    }
    for (int number = count; number < count + SENDERS; number++) peers[number].send = -1;
    serve(2);
    say("waiting");
    serve(atol(argv[6]));
    say("undisturbed");
    if (planned) send_all(atol(argv[8]));
    serve(2);
    fclose(kept);
    say("sent");
    long missing = 0;
    for (int which = 0; which < planned; which++) {
        int reach = sends[which].first < 0 ? count : 2;
        for (int place = 0; place < reach; place++) missing += !sends[which].reached[place];
    }
    printf("%ld %ld %ld", confirmed, deliveries, missing);
    say_times(0);
    say_times(1);
    printf(" %ld %ld %ld %ld\n", timed_out, changed, for_nothing, wrong);
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
