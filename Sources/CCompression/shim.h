#pragma once

#include <zlib.h>

/// Begins deflate data (RFC 1951). `deflateInit2` is a macro, which Swift does not import.
static inline int
deflate_begin (z_streamp stream, int level)
{
  // A negative size of the window asks for no wrapping; 8 is the usual memory, 256 KiB in all.
  return deflateInit2 (stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}
