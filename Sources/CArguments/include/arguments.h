#pragma once

/// How many arguments this process was started with, its own name among them; 0 where they are unknown.
int postbox_argument_count(void);

/// The argument at an index from 0 up to the count; it lives as long as the process.
const char *postbox_argument(int index);

/// Puts another text in the place of an argument, for those who look at the command line of this process; bytes beyond the length of the
/// old one are left out. Call it before other threads read arguments.
void postbox_replace_argument(int index, const char *text);
