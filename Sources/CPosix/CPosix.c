// SPDX-License-Identifier: Apache-2.0
#include "CPosix.h"

#include <sys/ioctl.h>

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

// PIDFD_GET_INFO of linux/pidfd.h, spelled out: headers before Linux 6.13 lack it.
struct pidfd_exit_info {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t ids[11];
    int32_t exit_code;
};
#define PIDFD_EXIT_KNOWN (UINT64_C(1) << 3)

int cposix_pidfd_exit(int pidfd, int *status) {
    struct pidfd_exit_info info = {.mask = PIDFD_EXIT_KNOWN};
    if (ioctl(pidfd, _IOWR(0xFF, 11, struct pidfd_exit_info), &info) < 0) return -1;
    if (!(info.mask & PIDFD_EXIT_KNOWN)) return 0;
    *status = info.exit_code;
    return 1;
}
