// SPDX-License-Identifier: Apache-2.0
#include "CPosix.h"

// Embedded Swift has no CommandLine, and its @main drops what the C entry point gets. glibc hands the same values to
// constructors (its csu code has done so since 2.0), so they are kept here.
static int argument_count;
static char **argument_values;

__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

int cposix_argument_count(void) { return argument_count; }
char *_Nullable *_Nullable cposix_argument_values(void) { return argument_values; }
