// statx(2) is an extension, and the Glibc module that Swift imports is built without those.
#define _GNU_SOURCE
#include "mounts.h"

#include <fcntl.h>
#include <sys/stat.h>

int postbox_is_mount_root(int descriptor)
{
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH, 0, &status) != 0) return -1;
    if (!(status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)) return -1;
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}
