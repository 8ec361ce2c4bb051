#pragma once

/// How many arguments this process was started with, its own name among them; 0 where they are unknown.
int postbox_argument_count(void);

/// The argument at an index from 0 up to the count; it lives as long as the process.
const char *postbox_argument(int index);
