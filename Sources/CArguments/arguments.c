#include "arguments.h"

#include <string.h>

static int count;
static char **arguments;

// glibc calls constructors with the arguments of main. Swift's CommandLine does not get them from main: it reads /proc, or searches the
// memory before the environment, and finds none where /proc is missing or a library that was loaded earlier has changed the environment.
__attribute__((constructor)) static void remember(int argc, char **argv)
{
    count = argc;
    arguments = argv;
}

int postbox_argument_count(void)
{
    return count;
}

const char *postbox_argument(int index)
{
    return arguments[index];
}

void postbox_replace_argument(int index, const char *text)
{
    // The kernel shows the memory of main's arguments as the process's command line.
    size_t room = strlen(arguments[index]);
    strncpy(arguments[index], text, room);
}
