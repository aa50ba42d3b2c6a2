// SPDX-License-Identifier: Apache-2.0
// libsystemd as our Swift code sees it, and the two libc headers that Swift's Glibc module leaves out.
#ifndef CSYSTEMD_H
#define CSYSTEMD_H
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/statfs.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-journal.h>
#endif
