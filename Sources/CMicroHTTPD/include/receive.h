#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// What the library's calls of `recv` and `gnutls_record_recv` on one thread go to; both take the place of the call.
struct receiver
{
  void *context;
  ssize_t (*plain) (void *context, int socket, void *buffer, size_t size);
  ssize_t (*tls) (void *context, gnutls_session_t session, void *buffer, size_t size);
};

/// Has the calls of this thread go to `receiver`, which has to live as long as it is set; NULL for the functions themselves.
void set_receiver (const struct receiver *receiver);

/// Whether the calls of other libraries in this process come here; they do not where something else defines `recv` first.
bool receives_for_libraries (void);

/// The place of the first byte of at most `limit` in `bytes`, tabs left out; `count` where there is none.
static inline size_t
first_at_most (const unsigned char *bytes, size_t count, unsigned char limit)
{
  size_t place = 0;
#if defined(__SSE2__)
  for (; place + 16 <= count; place += 16)
    {
      __m128i part = _mm_loadu_si128 ((const __m128i *) (const void *) (bytes + place));
      __m128i low = _mm_cmpeq_epi8 (_mm_min_epu8 (part, _mm_set1_epi8 ((char) limit)), part);
      int found = _mm_movemask_epi8 (_mm_andnot_si128 (_mm_cmpeq_epi8 (part, _mm_set1_epi8 ('\t')), low));
      if (0 != found)
        return place + (size_t) __builtin_ctz ((unsigned int) found);
    }
#endif
  while (place < count && (bytes[place] > limit || '\t' == bytes[place]))
    place++;
  return place;
}

/// How many bytes from the first on may stand in a token, such as a field name (RFC 9110, section 5.6.2).
static inline size_t
token_length (const unsigned char *bytes, size_t count)
{
  // A bit for each of the characters up to 127: letters, digits and !#$%&'*+-.^_`|~
  static const unsigned int allowed[4] = { 0, 0x03FF6CFA, 0xC7FFFFFE, 0x57FFFFFF };
  size_t length = 0;
  while (length < count && bytes[length] < 128 && (allowed[bytes[length] >> 5] >> (bytes[length] & 31) & 1))
    length++;
  return length;
}
