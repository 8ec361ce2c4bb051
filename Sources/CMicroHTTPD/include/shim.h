#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/// What one daemon is started with: a struct, because the options themselves are variadic.
struct mhd_settings
{
  unsigned int connection_limit;
  size_t memory_per_connection;
  unsigned int idle_timeout_seconds;
  bool uses_tls;
  void *context;
  MHD_AccessHandlerCallback access;
  void *(*uri) (void *context, const char *uri, struct MHD_Connection *connection);
  size_t (*unescape) (void *context, struct MHD_Connection *connection, char *text);
  MHD_RequestCompletedCallback completed;
  MHD_NotifyConnectionCallback connection;
};

/// A certificate for a connection that was given none: a handshake then fails. The library wants one way or another to get
/// certificates, and each connection is given its own before the handshake.
static inline int
mhd_no_certificate (gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **certificate,
                    unsigned int *certificate_count, gnutls_privkey_t *key)
{
  (void) session, (void) authorities, (void) authority_count, (void) algorithms, (void) algorithm_count;
  (void) certificate, (void) certificate_count, (void) key;
  return -1;
}

/// Starts a daemon that our own thread drives. `MHD_start_daemon` is variadic, which Swift does not import, and here
/// the C compiler at least sees the real type of each argument.
///
/// No internal thread (it can stall with 128 ready clients), no error log (it would take a `va_list` from a loop
/// thread to print what clients can provoke at will), and no listening socket: it is handed connections.
static inline struct MHD_Daemon *
mhd_start_daemon (const struct mhd_settings *settings)
{
  // RFC 9325, section 3.1.1: nothing before TLS 1.2.
  struct MHD_OptionItem tls[] = {
    { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
    { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *) &mhd_no_certificate },
    { MHD_OPTION_END, 0, NULL },
  };
  unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME
                       | (settings->uses_tls ? MHD_USE_TLS : 0);
  return MHD_start_daemon (flags, 0, NULL, NULL,
                           settings->access, settings->context,
                           MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit,
                           MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->memory_per_connection,
                           MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_timeout_seconds,
                           MHD_OPTION_URI_LOG_CALLBACK, settings->uri, settings->context,
                           MHD_OPTION_UNESCAPE_CALLBACK, settings->unescape, settings->context,
                           MHD_OPTION_NOTIFY_COMPLETED, settings->completed, settings->context,
                           MHD_OPTION_NOTIFY_CONNECTION, settings->connection, settings->context,
                           MHD_OPTION_ARRAY, settings->uses_tls ? tls : &tls[2],
                           MHD_OPTION_END);
}

/// A non-blocking event counter, or -1. Swift's Glibc module leaves `<sys/eventfd.h>` out.
static inline int
event_counter (void)
{
  return eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/// An empty set of watched sockets, or -1. Swift's Glibc module leaves out much of `<sys/epoll.h>`, here and below.
static inline int
watched_sockets (void)
{
  return epoll_create1 (EPOLL_CLOEXEC);
}

/// Has the set tell once when the peer of a socket sends no more or is gone; 0, or -1.
static inline int
watch_for_end (int set, int socket)
{
  struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET, .data = { .fd = socket } };
  return epoll_ctl (set, EPOLL_CTL_ADD, socket, &event);
}

/// Takes a socket out of the set.
static inline void
forget_socket (int set, int socket)
{
  epoll_ctl (set, EPOLL_CTL_DEL, socket, NULL);
}

/// A socket that the set tells of, or -1.
static inline int
take_ended_socket (int set)
{
  struct epoll_event event;
  return 1 == epoll_wait (set, &event, 1, 0) ? event.data.fd : -1;
}

/// Whether the peer of a socket sends no more or is gone, whatever is still to be read.
static inline bool
has_ended (int socket)
{
  // The kernel has one value for EPOLLRDHUP and POLLRDHUP, and glibc shows the second one only to GNU sources.
  struct pollfd peer = { .fd = socket, .events = (short) EPOLLRDHUP };
  return poll (&peer, 1, 0) > 0;
}

/// The descriptor that becomes readable when the daemon has work, or -1. `MHD_get_daemon_info` is variadic.
static inline int
mhd_epoll_descriptor (struct MHD_Daemon *daemon)
{
  const union MHD_DaemonInfo *info = MHD_get_daemon_info (daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return NULL == info ? -1 : info->epoll_fd;
}

/// The socket of a connection, or -1. `MHD_get_connection_info` is variadic.
static inline int
mhd_connection_descriptor (struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return NULL == info ? -1 : info->connect_fd;
}

/// The address of a connection's peer, or NULL. `MHD_get_connection_info` is variadic.
static inline const struct sockaddr *
mhd_client_address (struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  return NULL == info ? NULL : info->client_addr;
}

/// What was left in a connection when it started, or NULL. `MHD_get_connection_info` is variadic.
static inline void *
mhd_connection_context (struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return NULL == info ? NULL : info->socket_context;
}

/// The size of a request's head as the library sees it, from its first line to the empty one; 0 before that has come in.
/// `MHD_get_connection_info` is variadic.
static inline size_t
mhd_head_size (struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return NULL == info ? 0 : info->header_size;
}

/// The TLS session of a connection, or NULL. `MHD_get_connection_info` is variadic.
static inline gnutls_session_t
mhd_tls_session (struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return NULL == info ? NULL : (gnutls_session_t) info->tls_session;
}

/// How many bytes the peer of a TCP socket has sent so far; 0 where the kernel does not tell (Linux before 4.1).
///
/// glibc's `struct tcp_info` ends before this member, and `<linux/tcp.h>` cannot be included beside glibc's header:
/// so by the offset of `tcpi_bytes_received`, which is kernel ABI (8 single bytes, 24 words, 3 double words before it).
static inline uint64_t
mhd_bytes_received (int socket)
{
  enum { offset = 8 + 24 * 4 + 3 * 8 };
  unsigned char info[offset + sizeof (uint64_t)];
  socklen_t size = sizeof (info);
  uint64_t received;
  if (0 != getsockopt (socket, IPPROTO_TCP, TCP_INFO, info, &size) || size < sizeof (info))
    return 0;
  memcpy (&received, info + offset, sizeof (received));
  return received;
}

/// Gives no part of a body: there is none, and a response to `HEAD` needs none.
static inline ssize_t
mhd_no_body (void *context, uint64_t position, char *buffer, size_t size)
{
  (void) context, (void) position, (void) buffer, (void) size;
  return MHD_CONTENT_READER_END_WITH_ERROR;
}

/// A response to `HEAD` that says how long the body would be, or NULL. Given to anything else, it closes the connection.
static inline struct MHD_Response *
mhd_response_to_head (uint64_t size)
{
  return MHD_create_response_from_callback (size, 1, &mhd_no_body, NULL, NULL);
}
