#pragma once

#include <zlib.h>

/// Begins one gzip member. `deflateInit2` is a macro, which Swift does not import.
static inline int
gzip_begin (z_streamp stream, int level)
{
  // 16 asks for gzip's wrapping instead of zlib's; 8 is the usual memory, 256 KiB in all.
  return deflateInit2 (stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}
