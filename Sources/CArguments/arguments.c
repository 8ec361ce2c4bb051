#include "arguments.h"

static int count;
static char **arguments;

// The C library calls constructors with what it is about to call main with. Swift has no other way to it: it reads /proc, or looks
// beside the environment, and finds nothing where /proc is missing or a library that was loaded earlier has changed the environment.
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
