// SPDX-License-Identifier: Apache-2.0
// libc as our Swift code sees it. Everything below the includes exists because Swift cannot import the original:
// variadic functions, macros, and CMSG arithmetic.
#ifndef CPOSIX_H
#define CPOSIX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern char *_Nullable *_Nonnull environ;

static inline int cposix_errno(void) { return errno; }
static inline void cposix_set_errno(int value) { errno = value; }
static inline char *_Nullable *_Nonnull cposix_environ(void) { return environ; }

/* open(2) and openat(2) are variadic. */
static inline int cposix_open(const char *_Nonnull path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int cposix_openat(int dir, const char *_Nonnull path, int flags, mode_t mode) {
    return openat(dir, path, flags, mode);
}

/* fcntl(2) is variadic. */
static inline int cposix_fcntl_get(int fd, int command) { return fcntl(fd, command); }
static inline int cposix_fcntl_set(int fd, int command, int argument) { return fcntl(fd, command, argument); }

/* ioctl(2) is variadic. How many bytes a pipe takes whole because it is empty (pipe(7), F_GETPIPE_SZ and FIONREAD, which
   the writing end answers too); 0 when it is not, or is no pipe. */
static inline int cposix_pipe_room(int fd) {
    int unread;
    int size = fcntl(fd, F_GETPIPE_SZ);
    return size > 0 && ioctl(fd, FIONREAD, &unread) == 0 && unread == 0 ? size : 0;
}
/* The same of a stream socket: a part of its send buffer, which also counts what the kernel needs for itself
   (unix(7), socket(7)). */
static inline int cposix_socket_room(int fd) {
    int unread, size;
    socklen_t length = sizeof size;
    if (ioctl(fd, TIOCOUTQ, &unread) != 0 || unread != 0) return 0;
    return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0 ? size / 4 : 0;
}

/* prctl(2) is variadic. */
static inline int cposix_set_child_subreaper(int on) { return prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0); }
static inline int cposix_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/* syscall(2) is variadic; glibc 2.36 is the first with wrappers for the pidfd calls. */
static inline int cposix_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int cposix_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0);
}
static inline int cposix_close_range(unsigned first, unsigned last) {
    return (int)syscall(SYS_close_range, first, last, 0);
}

/* How the process of a pidfd ended, for those who are not its parent. 1: `status` is its wait status; 0: its parent has
   not waited for it yet; -1: the kernel does not tell (before Linux 6.15). */
int cposix_pidfd_exit(int pidfd, int *_Nonnull status);

/* sigaction's handler is in a union. */
static inline int cposix_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, (void *)0, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* ioctl(2) is variadic. */
static inline int cposix_window_size(int fd, struct winsize *_Nonnull size) { return ioctl(fd, TIOCGWINSZ, size); }

/* The wait status macros. */
static inline int cposix_exited(int status) { return WIFEXITED(status); }
static inline int cposix_exit_status(int status) { return WEXITSTATUS(status); }
static inline int cposix_signaled(int status) { return WIFSIGNALED(status); }
static inline int cposix_term_signal(int status) { return WTERMSIG(status); }

/* S_ISREG and friends. */
static inline int cposix_is_directory(mode_t mode) { return S_ISDIR(mode); }
static inline int cposix_is_regular(mode_t mode) { return S_ISREG(mode); }
static inline int cposix_is_fifo(mode_t mode) { return S_ISFIFO(mode); }
static inline int cposix_is_socket(mode_t mode) { return S_ISSOCK(mode); }

/* Connects or binds to a path; ENAMETOOLONG when it does not fit sun_path (108 bytes, unix(7)). */
static inline int cposix_unix_address(struct sockaddr_un *_Nonnull address, const char *_Nonnull path) {
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) { errno = ENAMETOOLONG; return -1; }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return 0;
}
static inline int cposix_connect_unix(int fd, const char *_Nonnull path) {
    struct sockaddr_un address;
    if (cposix_unix_address(&address, path) < 0) return -1;
    return connect(fd, (struct sockaddr *)&address, sizeof address);
}
static inline int cposix_bind_unix(int fd, const char *_Nonnull path) {
    struct sockaddr_un address;
    if (cposix_unix_address(&address, path) < 0) return -1;
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

/* The address parameter of accept4(2) is a transparent union. */
static inline int cposix_accept(int fd, int flags) { return accept4(fd, (void *)0, (void *)0, flags); }

/* The uid and pid of the process that called connect(2) (SO_PEERCRED, unix(7)). */
static inline int cposix_peer_credentials(int fd, pid_t *_Nonnull pid, uid_t *_Nonnull uid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -1;
    *pid = credentials.pid;
    *uid = credentials.uid;
    return 0;
}

/* d_name is an array member. */
static inline const char *_Nonnull cposix_entry_name(const struct dirent *_Nonnull entry) { return entry->d_name; }

/* The same calls with arguments that may be null in Swift's eyes: the base address of an empty buffer is. */
static inline ssize_t cposix_readlink(const char *_Nonnull path, char *_Nullable buffer, size_t count) {
    return readlink(path, buffer, count);
}
static inline int cposix_spawn(pid_t *_Nonnull pid, const char *_Nonnull path,
                               const posix_spawn_file_actions_t *_Nonnull actions,
                               const posix_spawnattr_t *_Nonnull attributes, char *_Nullable const *_Nullable argv,
                               char *_Nullable const *_Nullable envp) {
    return posix_spawn(pid, path, actions, attributes, argv, envp);
}

/* CMSG_* are macros. At most 8 descriptors a message. */
#define CPOSIX_MAX_DESCRIPTORS 8
static inline ssize_t cposix_send_descriptors(int fd, const void *_Nonnull bytes, size_t count,
                                              const int *_Nullable descriptors, int descriptor_count) {
    struct iovec part = {(void *)bytes, count};
    char control[CMSG_SPACE(sizeof(int) * CPOSIX_MAX_DESCRIPTORS)] = {0};
    struct msghdr message = {0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor_count > CPOSIX_MAX_DESCRIPTORS) { errno = EINVAL; return -1; }
    if (descriptor_count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)descriptor_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)descriptor_count);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* Receives bytes and up to CPOSIX_MAX_DESCRIPTORS descriptors (close-on-exec). *truncated is set when the kernel
 * had to drop some (MSG_CTRUNC): the caller treats that as a broken message. */
static inline ssize_t cposix_receive_descriptors(int fd, void *_Nullable bytes, size_t count, int flags,
                                                 int *_Nullable descriptors, int *_Nonnull descriptor_count,
                                                 int *_Nonnull truncated) {
    struct iovec part = {bytes, count};
    char control[CMSG_SPACE(sizeof(int) * CPOSIX_MAX_DESCRIPTORS)];
    struct msghdr message = {0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    *descriptor_count = 0;
    *truncated = 0;
    ssize_t received = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int held = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < held && *descriptor_count < CPOSIX_MAX_DESCRIPTORS; i++) {
            memcpy(&descriptors[*descriptor_count], CMSG_DATA(header) + sizeof(int) * (size_t)i, sizeof(int));
            *descriptor_count += 1;
        }
    }
    *truncated = (message.msg_flags & MSG_CTRUNC) != 0;
    return received;
}

/* The arguments of main, for Embedded Swift, which has no CommandLine (see CPosix.c). */
int cposix_argument_count(void);
char *_Nullable *_Nullable cposix_argument_values(void);

/* A store that the compiler does not move before or after others: what lies in memory when the process is killed is what
 * the program had stored up to some point of its text. */
static inline void cposix_store(void *_Nonnull place, uint64_t value) {
    __atomic_store_n((uint64_t *)place, value, __ATOMIC_RELEASE);
}
static inline uint64_t cposix_load(const void *_Nonnull place) {
    return __atomic_load_n((const uint64_t *)place, __ATOMIC_ACQUIRE);
}

/* MAP_FAILED is a cast. */
static inline void *_Nullable cposix_map_shared(int fd, size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* SOCK_STREAM and its flags are an enum and do not mix in Swift. Both are close-on-exec and blocking. */
static inline int cposix_unix_stream_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static inline int cposix_unix_stream_pair(int *_Nonnull pair) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

/* connect(2) and send(2) give up with EAGAIN after so many seconds (SO_SNDTIMEO, socket(7)). */
static inline int cposix_set_send_timeout(int fd, int seconds) {
    struct timeval limit = {seconds, 0};
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* The handlers are macros with a cast. */
static inline void cposix_ignore_signal(int signal_number, struct sigaction *_Nonnull former) {
    struct sigaction ignore = {0};
    ignore.sa_handler = SIG_IGN;
    sigaction(signal_number, &ignore, former);
}
static inline void cposix_default_signal(int signal_number) { signal(signal_number, SIG_DFL); }
static inline void cposix_restore_signal(int signal_number, const struct sigaction *_Nonnull former) {
    sigaction(signal_number, former, NULL);
}

/* Gives unused heap back to the kernel; a process that only sleeps keeps nothing it once needed. */
static inline void cposix_trim_heap(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Marks every descriptor from `first` on close-on-exec (Linux 5.11). */
static inline int cposix_close_range_on_exec(unsigned first) {
    return (int)syscall(SYS_close_range, first, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */);
}

/* RLIMIT_NOFILE is an enum in C, and the functions take an unsigned or an enum depending on the language. */
static inline int cposix_get_descriptor_limit(struct rlimit *_Nonnull limit) { return getrlimit(RLIMIT_NOFILE, limit); }
static inline int cposix_set_descriptor_limit(const struct rlimit *_Nonnull limit) {
    return setrlimit(RLIMIT_NOFILE, limit);
}

#endif
