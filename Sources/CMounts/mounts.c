// statx(2) is an extension, and the Glibc module that Swift imports is built without those.
#define _GNU_SOURCE
#include "mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The id of the mount that an open file is on (proc_pid_fdinfo(5)); -1 where /proc does not say.
static int mount_id(int descriptor)
{
    char path[64], line[128];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    FILE *file = fopen(path, "re");
    if (!file) return -1;
    int id = -1;
    while (id < 0 && fgets(line, sizeof line, file)) {
        if (sscanf(line, "mnt_id: %d", &id) != 1) id = -1;
    }
    fclose(file);
    return id;
}

// The folder that an open file is in, opened; -1 where /proc does not say.
static int open_folder(int descriptor)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/') return -1;
    path[length] = 0;
    char *slash = strrchr(path, '/');
    slash[slash == path] = 0;
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

// A file that is mounted by itself is on another mount than its folder.
static int differs_from_folder(int descriptor)
{
    int folder = open_folder(descriptor);
    if (folder < 0) return -1;
    int own = mount_id(descriptor), around = mount_id(folder);
    close(folder);
    return own < 0 || around < 0 ? -1 : own != around;
}

int postbox_is_mount_root(int descriptor)
{
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH, 0, &status) == 0 && status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) {
        return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    }
    // Before Linux 5.8, and where a sandbox refuses statx.
    return differs_from_folder(descriptor);
}
