#pragma once

/// Whether an open file is the root of a mount: 1 if it is, 0 if not, -1 where neither statx(2) nor /proc tells.
int postbox_is_mount_root(int descriptor);
