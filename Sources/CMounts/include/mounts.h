#pragma once

/// Whether an open file is the root of a mount: 1 if it is, 0 if not, -1 where the kernel cannot tell (before Linux 5.8).
int postbox_is_mount_root(int descriptor);
