#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
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

#if defined(__SSE2__)
/// A bit for each of 32 bytes: whether it is at most `limit`.
static inline uint32_t
low_among (const unsigned char *bytes, unsigned char limit)
{
  const __m128i most = _mm_set1_epi8 ((char) limit);
  __m128i first = _mm_loadu_si128 ((const __m128i *) (const void *) bytes);
  __m128i second = _mm_loadu_si128 ((const __m128i *) (const void *) (bytes + 16));
  __m128i least = _mm_min_epu8 (first, second);
  if (0 == _mm_movemask_epi8 (_mm_cmpeq_epi8 (_mm_min_epu8 (least, most), least)))
    return 0;
  return (uint32_t) _mm_movemask_epi8 (_mm_cmpeq_epi8 (_mm_min_epu8 (second, most), second)) << 16
         | (uint32_t) _mm_movemask_epi8 (_mm_cmpeq_epi8 (_mm_min_epu8 (first, most), first));
}
#endif

/// The place of the first byte of at most `limit`; `count` where there is none.
static inline size_t
first_low (const unsigned char *bytes, size_t count, unsigned char limit)
{
  size_t place = 0;
#if defined(__SSE2__)
  if (count >= 32)
    {
      uint32_t low;
      for (; place + 32 <= count; place += 32)
        if (0 != (low = low_among (bytes + place, limit)))
          return place + (size_t) __builtin_ctz (low);
      // The last part overlaps the one before it, whose bytes are shifted out.
      low = place == count ? 0 : low_among (bytes + count - 32, limit) >> (place + 32 - count);
      return 0 == low ? count : place + (size_t) __builtin_ctz (low);
    }
#endif
  while (place < count && bytes[place] > limit)
    place++;
  return place;
}

/// The same, with tabs left out where they are `allowed`.
static inline size_t
first_at_most (const unsigned char *bytes, size_t count, unsigned char limit, bool tabs_allowed)
{
  size_t place = first_low (bytes, count, limit);
  while (tabs_allowed && place < count && '\t' == bytes[place])
    {
      place++;
      place += first_low (bytes + place, count - place, limit);
    }
  return place;
}

/// What a byte may stand in: 1 for a token, such as a field name (RFC 9110, section 5.6.2), and 2 for a host name or an IPv4 address
/// (RFC 3986, section 3.2.2), but for the comma, which would be two fields in one.
static inline unsigned char
character_class (unsigned char byte)
{
#define LETTERS 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3
  static const unsigned char classes[256] = {
    ['!'] = 3, ['#'] = 1, ['$'] = 3, ['%'] = 3, ['&'] = 3, ['\''] = 3, ['('] = 2, [')'] = 2, ['*'] = 3, ['+'] = 3, ['-'] = 3, ['.'] = 3,
    [';'] = 2, ['='] = 2, ['^'] = 1, ['_'] = 3, ['`'] = 1, ['|'] = 1, ['~'] = 3,
    ['0'] = 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, ['A'] = LETTERS, ['a'] = LETTERS,
  };
#undef LETTERS
  return classes[byte];
}

/// How many bytes from the first on may stand in what `mask` says: 1 for a token, 2 for a host.
static inline size_t
length_of (const unsigned char *bytes, size_t count, unsigned char mask)
{
  size_t length = 0;
  while (length < count && 0 != (character_class (bytes[length]) & mask))
    length++;
  return length;
}

/// The place of the first colon, blank or control character; `count` where there is none.
static inline size_t
name_length (const unsigned char *bytes, size_t count)
{
  size_t place = 0;
#if defined(__SSE2__)
  for (; place + 16 <= count; place += 16)
    {
      __m128i part = _mm_loadu_si128 ((const __m128i *) (const void *) (bytes + place));
      __m128i low = _mm_cmpeq_epi8 (_mm_min_epu8 (part, _mm_set1_epi8 (0x20)), part);
      int found = _mm_movemask_epi8 (_mm_or_si128 (_mm_cmpeq_epi8 (part, _mm_set1_epi8 (':')), low));
      if (0 != found)
        return place + (size_t) __builtin_ctz ((unsigned int) found);
    }
#endif
  while (place < count && bytes[place] > 0x20 && ':' != bytes[place])
    place++;
  return place;
}

/// Whether `count` bytes are this name, in any case; it has letters, digits and hyphens only, and they no control characters.
static inline bool
equals_name (const unsigned char *bytes, const unsigned char *name, size_t count)
{
  uint64_t first, second, third, fourth;
  const uint64_t lower = 0x2020202020202020;
  if (count < 8)
    {
      while (0 != count && (bytes[count - 1] | 0x20) == name[count - 1])
        count--;
      return 0 == count;
    }
  for (size_t place = 0; place + 8 < count; place += 8)
    {
      memcpy (&first, bytes + place, 8);
      memcpy (&second, name + place, 8);
      if ((first | lower) != second)
        return false;
    }
  memcpy (&third, bytes + count - 8, 8);
  memcpy (&fourth, name + count - 8, 8);
  return (third | lower) == fourth;
}
