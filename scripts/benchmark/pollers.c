// Many open connections, each of one user who polls two URLs every so often, as browsers do: evenly spread, conditional.
// Arguments: port, file ("URL TOKEN" lines, two for each connection), connections, seconds between polls, seconds to measure, a
// file for first bodies ("CONNECTION URL SIZE\n" before each), and of every how-many-th connection it gets them.
// Prints "measuring" and "measured", and a second later, for the last answers: polls errors p50_microseconds p99_microseconds.
// The connections stay open until its standard input ends.
#include "connections.h"

enum { URLS = 2, ANSWER = 8192 };

struct client {
    int socket, which, is_waiting, length;
    long asked;
    char *url[URLS], *token[URLS], tag[URLS][96];
    char answer[ANSWER];
};

static struct client *clients;
static int epoll, port, count;
static long start, period, measure_from = -1, polls, errors, *times, room;
static int sample;
static FILE *kept;

// `due`: when this poll has to go out. Times are measured from then, so that a late one does not look quick.
static void ask(struct client *client, int which, long due) {
    char request[2048];
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n%s%s%s\r\n",
                    client->url[which], client->token[which], client->tag[which][0] ? "If-None-Match: " : "",
                    client->tag[which], client->tag[which][0] ? "\r\n" : "");
    client->asked = due;
    client->which = which;
    client->is_waiting = 1;
    client->length = 0;
    if (send(client->socket, request, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

// Takes a whole answer; the first one to each URL must be 200 and bring a tag, every later one 304 with that tag.
static void take(struct client *client, const char *body, long length) {
    char *tag = strcasestr(client->answer, "\r\nETag: ");
    int which = client->which, known = client->tag[which][0] != 0, size = tag ? (int)strcspn(tag + 8, "\r") : 0;
    int status = atoi(client->answer + 9);
    int is_right = tag && size < 96 && status == (known ? 304 : 200) &&
                   (!known || (strncmp(client->tag[which], tag + 8, (size_t)size) == 0 && client->tag[which][size] == 0));
    if (!known && is_right) memcpy(client->tag[which], tag + 8, (size_t)size);
    // What nobody asked for is wrong, whatever it says.
    if (!is_right || !client->is_waiting) errors++;
    if (!known && (client - clients) % sample == 0) {
        fprintf(kept, "%ld %d %ld\n", (long)(client - clients), which, length);
        fwrite(body, 1, (size_t)length, kept);
    }
    if (client->is_waiting && measure_from >= 0 && client->asked >= measure_from) {
        if (polls == room) times = realloc(times, sizeof *times * (size_t)(room = room ? 2 * room : 65536));
        times[polls++] = now() - client->asked;
    }
    client->is_waiting = 0;
}

static void receive(struct client *client) {
    if (client->length == ANSWER - 1) errno = EMSGSIZE, fail("an answer");
    long got = recv(client->socket, client->answer + client->length, (size_t)(ANSWER - 1 - client->length), 0);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) return;
        fail("the server ended a connection");
    }
    client->length += (int)got;
    client->answer[client->length] = 0;
    char *end = strstr(client->answer, "\r\n\r\n"), *size = strcasestr(client->answer, "\r\nContent-Length: ");
    long length = size && size < end ? atol(size + 18) : 0;
    long whole = end ? end + 4 - client->answer + length : 0;
    if (!end || client->length < whole) return;
    if (client->length > whole) errors++;
    take(client, end + 4, length);
    client->length = 0;
}

// When the poll after so many is due: all polls of a period, one after the other, at even distances.
static long due(long turn) { return start + turn * period / (URLS * count); }

static void turn_to(long time, long turn) {
    struct epoll_event events[512];
    long wait = due(turn) - time;
    struct timespec limit = {.tv_nsec = wait > 0 ? wait * 1000 : 0};
    int ready = epoll_pwait2(epoll, events, 512, &limit, NULL);
    for (int place = 0; place < ready; place++) receive(&clients[events[place].data.u32]);
}

int main(int argc, char **argv) {
    if (argc != 8) return 64;
    port = atoi(argv[1]), count = atoi(argv[3]), period = atol(argv[4]) * 1000000, sample = atoi(argv[7]);
    long measured = atol(argv[5]) * 1000000, time;
    FILE *file = fopen(argv[2], "r");
    if ((clients = calloc((size_t)count, sizeof *clients)) == NULL || (epoll = epoll_create1(0)) < 0 || !file) fail("start");
    if ((kept = fopen(argv[6], "w")) == NULL) fail(argv[6]);
    for (int number = 0; number < count; number++) {
        for (int which = 0; which < URLS; which++)
            if (fscanf(file, "%ms %ms", &clients[number].url[which], &clients[number].token[which]) != 2) fail(argv[2]);
        clients[number].socket = join(epoll, port, number);
    }
    start = now();
    for (long turn = 0;;) {
        turn_to(now(), turn);
        time = now();
        // The first period brings the tags; whoever waits for this program measures along with it from then on.
        if (measure_from < 0 && time >= start + period + 1000000) {
            measure_from = time;
            puts("measuring");
            fflush(stdout);
        }
        if (measure_from >= 0 && time >= measure_from + measured) break;
        for (; due(turn) <= time; turn++) {
            // Whoever still waits when the next poll is due gets an error, and goes on waiting.
            if (clients[turn % count].is_waiting) errors++;
            else ask(&clients[turn % count], (int)(turn / count % URLS), due(turn));
        }
    }
    puts("measured");
    fflush(stdout);
    // The last ones have a second to be answered.
    for (long end = now() + 1000000; (time = now()) < end;) turn_to(time, (time - start) * URLS * count / period + 1);
    for (int number = 0; number < count; number++) errors += clients[number].is_waiting;
    fclose(kept);
    qsort(times, (size_t)polls, sizeof *times, later);
    printf("%ld %ld %ld %ld\n", polls, errors, polls ? times[polls / 2] : 0, polls ? times[polls * 99 / 100] : 0);
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
