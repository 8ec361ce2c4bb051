// Memory that is freed is cleared, so that no block, free or used again, has anything of a message that was erased.
//
// The linker binds the calls of all libraries to the functions of these names in the program. To clear blocks once something has been erased
// would come too late: those that are free by then are in lists of the allocator that only the thread which freed them may touch, and those
// that are used again keep former bytes where nothing has been written.

#define _GNU_SOURCE
#include "CMalloc.h"
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// Sanitizers have functions of these names themselves.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

static void (*next_free) (void *);

/// Finds the function that frees, which is not the C library's where another allocator is preloaded. It runs on the first call, which comes
/// before any constructor and any second thread.
static void
find_next_free (void)
{
  static bool is_looking;
  // A block that the search itself frees stays.
  if (is_looking)
    return;
  is_looking = true;
  next_free = (void (*) (void *)) dlsym (RTLD_NEXT, "free");
}

void
free (void *block)
{
  if (NULL == block)
    return;
  memset (block, 0, malloc_usable_size (block));
  if (__builtin_expect (NULL == next_free, 0))
    find_next_free ();
  if (NULL != next_free)
    next_free (block);
}

/// Moves a block that has to grow, or would keep half of its bytes without use. The allocator's own function would free the former block
/// with all that is in it.
void *
realloc (void *block, size_t size)
{
  size_t usable;
  void *moved;
  if (NULL == block)
    return malloc (size);
  if (0 == size)
    {
      free (block);
      return NULL;
    }
  usable = malloc_usable_size (block);
  if (size <= usable && size >= usable / 2)
    {
      memset ((char *) block + size, 0, usable - size);
      return block;
    }
  moved = malloc (size);
  if (NULL == moved)
    return NULL;
  memcpy (moved, block, size < usable ? size : usable);
  free (block);
  return moved;
}

#endif
