// The limit of the library: libmicrohttpd on epoll loops of our own, one a processor, with answers made beforehand.
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct MHD_Response *not_modified, *two_kilobytes, *whole_list;

static enum MHD_Result answer(void *unused, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *part, size_t *part_size, void **request) {
    (void)unused, (void)method, (void)version, (void)part, (void)part_size;
    // Queueing in the first call closes the connection.
    if (*request == NULL) return *request = connection, MHD_YES;
    if (strcmp(url, "/api/messages/conversations/some/messages") == 0) return MHD_queue_response(connection, MHD_HTTP_OK, two_kilobytes);
    // As much as a list of 20 conversations with 20 messages each.
    if (strcmp(url, "/api/messages/conversations/whole") == 0) return MHD_queue_response(connection, MHD_HTTP_OK, whole_list);
    return MHD_queue_response(connection, MHD_HTTP_NOT_MODIFIED, not_modified);
}

static void *turn(void *argument) {
    struct MHD_Daemon *daemon = argument;
    struct pollfd wait = {.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN};
    MHD_UNSIGNED_LONG_LONG timeout;
    do poll(&wait, 1, MHD_get_timeout(daemon, &timeout) == MHD_YES ? (int)timeout : -1);
    while (MHD_run(daemon) == MHD_YES);
    return NULL;
}

static struct MHD_Response *make(size_t size) {
    static char body[120 << 10];
    memset(body, 'x', sizeof body);
    struct MHD_Response *response = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_PERSISTENT);
    if (size > 0) MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "ETag", "\"1ev2c06g.100.50.50-153i1rdwsu7nn\"");
    MHD_add_response_header(response, "Cache-Control", "private, no-cache");
    MHD_add_response_header(response, "X-Poll-Interval", "10");
    MHD_add_response_header(response, "X-Cursor", "1ev2c06g.100.50.50");
    MHD_add_response_header(response, "Link", "<?since=1ev2c06g.100.50.50>; rel=\"next\"");
    MHD_add_response_header(response, "Vary", "Authorization, Origin");
    return response;
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listening, (struct sockaddr *)&address, size) != 0 || listen(listening, SOMAXCONN) != 0) return 1;
    getsockname(listening, (struct sockaddr *)&address, &size);
    not_modified = make(0);
    two_kilobytes = make(2048);
    whole_list = make(120 << 10);
    for (long loops = sysconf(_SC_NPROCESSORS_ONLN); loops > 0; loops--) {
        pthread_t thread;
        struct MHD_Daemon *daemon =
            MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL, MHD_OPTION_LISTEN_SOCKET, dup(listening),
                             MHD_OPTION_CONNECTION_LIMIT, 20000u, MHD_OPTION_END);
        if (daemon == NULL || pthread_create(&thread, NULL, turn, daemon) != 0) return 1;
    }
    printf("bare: listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pause();
    return 0;
}
