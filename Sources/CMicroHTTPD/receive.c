// The linker resolves the library's calls of recv and gnutls_record_recv to the functions of these names in the program. The library parses
// a head in place and overwrites the ends of names and lines, so a head has to be judged before the library sees it. To look into the
// socket's queue first would cost a system call for each request.

#define _GNU_SOURCE
#include "receive.h"
#include <dlfcn.h>
#include <sys/socket.h>

static _Thread_local const struct receiver *current;

void
set_receiver (const struct receiver *receiver)
{
  current = receiver;
}

/// Flags are the program's own: the library has none.
ssize_t
recv (int socket, void *buffer, size_t size, int flags)
{
  if (NULL != current && 0 == flags)
    return current->plain (current->context, socket, buffer, size);
  return recvfrom (socket, buffer, size, flags, NULL, NULL);
}

ssize_t
gnutls_record_recv (gnutls_session_t session, void *buffer, size_t size)
{
  unsigned char sequence[8];
  if (NULL != current)
    return current->tls (current->context, session, buffer, size);
  return gnutls_record_recv_seq (session, buffer, size, sequence);
}

bool
receives_for_libraries (void)
{
  return dlsym (RTLD_DEFAULT, "recv") == (void *) &recv
         && dlsym (RTLD_DEFAULT, "gnutls_record_recv") == (void *) &gnutls_record_recv;
}
