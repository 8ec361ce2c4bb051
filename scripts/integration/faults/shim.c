// Makes the disk and the clock of one program fail on request, for tests: preloaded, with FAULTS naming the file that says how.
//
// The file holds words such as `sync=5`, where 5 is an errno; it may change at any time. What can fail are calls on files whose
// name has ".sqlite" in it: `write`, `sync` and `read`; with `.wal` or `.db` behind that, only on those. The errno 0 is a call that
// hangs. `clock=-3600` sets the wall clock an hour back.
//
// With POWER set, there is a `NAME.durable` beside each file: what would be on the disk if the power went now. A sync puts there what
// was written since the last one; a sync that fails loses that for good, as it does in Linux, unless it is written again.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { page = 4096, most_pages = 65536, most_files = 8 };

struct file
{
  char name[512];
  bool dirty[most_pages];
};

static struct file files[most_files];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// Whether the control file has the word, and its value.
static bool
setting (const char *word, long *value)
{
  const char *path = getenv ("FAULTS");
  char text[256] = " ";
  if (NULL == path)
    return false;
  long descriptor = syscall (SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  long size = syscall (SYS_read, descriptor, text + 1, sizeof (text) - 2);
  syscall (SYS_close, descriptor);
  if (size <= 0)
    return false;
  text[1 + size] = '\0';
  char pattern[32];
  snprintf (pattern, sizeof (pattern), " %s=", word);
  for (char *c = text; *c; c++)
    if ('\n' == *c)
      *c = ' ';
  const char *found = strstr (text, pattern);
  if (NULL == found)
    return false;
  *value = strtol (found + strlen (pattern), NULL, 10);
  return true;
}

static bool
name_of (int descriptor, char name[512])
{
  char link[64];
  snprintf (link, sizeof (link), "/proc/self/fd/%d", descriptor);
  long size = syscall (SYS_readlink, link, name, 511);
  if (size <= 0)
    return false;
  name[size] = '\0';
  return NULL != strstr (name, ".sqlite");
}

// Whether the call is to fail; sets errno.
static bool
fails (const char *call, int descriptor)
{
  char name[512], word[32];
  long value;
  int before = errno;
  if (! name_of (descriptor, name))
    return errno = before, false;
  const char *kind = NULL != strstr (name, "-wal") ? "wal" : NULL != strstr (name, "-shm") ? "shm" : "db";
  snprintf (word, sizeof (word), "%s.%s", call, kind);
  bool found;
  while ((found = setting (call, &value) || setting (word, &value)) && 0 == value)
    usleep (20000);
  errno = found ? (int) value : before;
  return found;
}

static struct file *
record (const char *name)
{
  for (int i = 0; i < most_files; i++)
    {
      if ('\0' == files[i].name[0])
        strcpy (files[i].name, name);
      if (0 == strcmp (files[i].name, name))
        return &files[i];
    }
  fprintf (stderr, "shim: too many files\n");
  abort ();
}

static bool
watches (int descriptor, char name[512])
{
  return NULL != getenv ("POWER") && name_of (descriptor, name) && NULL == strstr (name, "-shm");
}

static void
wrote (int descriptor, off_t offset, ssize_t size)
{
  char name[512];
  if (size <= 0 || ! watches (descriptor, name))
    return;
  pthread_mutex_lock (&mutex);
  struct file *file = record (name);
  for (off_t p = offset / page; p <= (offset + size - 1) / page; p++)
    {
      if (p >= most_pages)
        abort ();
      file->dirty[p] = true;
    }
  pthread_mutex_unlock (&mutex);
}

static void
synced (int descriptor, bool succeeded)
{
  char name[512], copy[520], bytes[page];
  int before = errno;
  if (! watches (descriptor, name))
    {
      errno = before;
      return;
    }
  pthread_mutex_lock (&mutex);
  struct file *file = record (name);
  if (succeeded)
    {
      snprintf (copy, sizeof (copy), "%s.durable", name);
      int target = (int) syscall (SYS_openat, AT_FDCWD, copy, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
      struct stat status;
      if (target < 0 || 0 != fstat (descriptor, &status))
        abort ();
      for (int p = 0; p < most_pages; p++)
        if (file->dirty[p])
          {
            long size = syscall (SYS_pread64, descriptor, bytes, page, (off_t) p * page);
            if (size > 0 && size != syscall (SYS_pwrite64, target, bytes, size, (off_t) p * page))
              abort ();
          }
      if (0 != syscall (SYS_ftruncate, target, status.st_size))
        abort ();
      syscall (SYS_close, target);
    }
  memset (file->dirty, 0, sizeof (file->dirty));
  pthread_mutex_unlock (&mutex);
  errno = before;
}

ssize_t
pwrite64 (int descriptor, const void *bytes, size_t size, off64_t offset)
{
  if (fails ("write", descriptor))
    return -1;
  ssize_t written = syscall (SYS_pwrite64, descriptor, bytes, size, offset);
  wrote (descriptor, offset, written);
  return written;
}

ssize_t
pwrite (int descriptor, const void *bytes, size_t size, off_t offset)
{
  return pwrite64 (descriptor, bytes, size, offset);
}

ssize_t
pread64 (int descriptor, void *bytes, size_t size, off64_t offset)
{
  return fails ("read", descriptor) ? -1 : syscall (SYS_pread64, descriptor, bytes, size, offset);
}

ssize_t
pread (int descriptor, void *bytes, size_t size, off_t offset)
{
  return pread64 (descriptor, bytes, size, offset);
}

int
ftruncate64 (int descriptor, off64_t size)
{
  return fails ("write", descriptor) ? -1 : (int) syscall (SYS_ftruncate, descriptor, size);
}

int
ftruncate (int descriptor, off_t size)
{
  return ftruncate64 (descriptor, size);
}

int
fdatasync (int descriptor)
{
  bool failed = fails ("sync", descriptor);
  int result = failed ? -1 : (int) syscall (SYS_fdatasync, descriptor);
  synced (descriptor, 0 == result);
  return result;
}

int
fsync (int descriptor)
{
  bool failed = fails ("sync", descriptor);
  int result = failed ? -1 : (int) syscall (SYS_fsync, descriptor);
  synced (descriptor, 0 == result);
  return result;
}

int
clock_gettime (clockid_t clock, struct timespec *time)
{
  static int (*real) (clockid_t, struct timespec *);
  long seconds;
  if (NULL == real)
    real = (int (*) (clockid_t, struct timespec *)) dlsym (RTLD_NEXT, "clock_gettime");
  int result = real (clock, time);
  if (CLOCK_REALTIME == clock && 0 == result && setting ("clock", &seconds))
    time->tv_sec += seconds;
  return result;
}

int
gettimeofday (struct timeval *restrict time, void *restrict zone)
{
  struct timespec now;
  (void) zone;
  clock_gettime (CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t
time (time_t *result)
{
  struct timespec now;
  clock_gettime (CLOCK_REALTIME, &now);
  if (NULL != result)
    *result = now.tv_sec;
  return now.tv_sec;
}
