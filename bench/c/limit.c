// SPDX-License-Identifier: Apache-2.0
// What the shape itself costs: a shim and a daemon that share one stdio backend between all shims by rewriting ids,
// and do nothing else. No error recovery, no handshake of its own, no limits.
//
//   limit shim relay SOCKET                     copies its stdin and stdout over the socket ("limit" in the tables)
//   limit shim hand SOCKET                      hands its stdin and stdout over with SCM_RIGHTS, sleeps ("hand")
//   limit daemon relay|hand SOCKET COMMAND…     the daemon for that kind of shim
#define _GNU_SOURCE
#include "json.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { descriptors = 8192, id_capacity = 48 };

typedef struct {
    int input, output, control;
    char *buffer;
    size_t used, capacity;
} Stream;

// A request under way: whose it is, and the id that it came with.
typedef struct {
    Stream *owner;
    char id[id_capacity];
    size_t id_length;
} Slot;

static int hands_over;
static Stream *streams[descriptors];
static Stream backend;
static int backend_input;
static Slot *slots;
static int slot_count, *free_slots, free_count;

static int write_all(int descriptor, const char *bytes, size_t size) {
    while (size) {
        ssize_t written = write(descriptor, bytes, size);
        if (written <= 0) return -1;
        bytes += written;
        size -= written;
    }
    return 0;
}

// --- The shims -----------------------------------------------------------------------------------------------------

static int relay(int socket) {
    static char buffer[65536];
    struct pollfd wait[2] = {{0, POLLIN, 0}, {socket, POLLIN, 0}};
    for (;;) {
        if (poll(wait, 2, -1) < 0) return 1;
        for (int i = 0; i < 2; i++) {
            if (!wait[i].revents) continue;
            ssize_t got = read(wait[i].fd, buffer, sizeof buffer);
            if (got > 0) {
                if (write_all(i ? 1 : socket, buffer, got)) return 0;
            } else if (i) {
                return 0;
            } else {
                shutdown(socket, SHUT_WR);
                wait[0].fd = -1;
            }
        }
    }
}

static int hand_over(int socket) {
    char byte = 'a', control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec payload = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), (int[]){0, 1}, 2 * sizeof(int));
    if (sendmsg(socket, &message, 0) < 0) return 1;
    close(0);
    close(1);
    return read(socket, &byte, 1) < 0;
}

// --- The daemon ----------------------------------------------------------------------------------------------------

// The line with another id in place of its own, as one write.
static void forward(const char *line, size_t size, const char *id, size_t id_length, const char *new_id,
                    size_t new_length, int to) {
    static char *out;
    static size_t capacity;
    if (size + new_length + 2 > capacity) out = realloc(out, capacity = (size + new_length) * 2 + 64);
    size_t head = id - line, tail = size - head - id_length;
    memcpy(out, line, head);
    memcpy(out + head, new_id, new_length);
    memcpy(out + head + new_length, id + id_length, tail);
    out[head + new_length + tail] = '\n';
    write_all(to, out, head + new_length + tail + 1);
}

static int take_slot(void) {
    if (!free_count) {
        int more = slot_count ? slot_count * 2 : 1024;
        slots = realloc(slots, more * sizeof *slots);
        free_slots = realloc(free_slots, more * sizeof *free_slots);
        for (int i = more - 1; i >= slot_count; i--) free_slots[free_count++] = i;
        slot_count = more;
    }
    return free_slots[--free_count];
}

static void from_session(Stream *session, const char *line, size_t size) {
    size_t id_length = 0;
    const char *id = json_get(line, size, "id", &id_length);
    if (!id) {
        forward(line, size, line, 0, "", 0, backend_input);
        return;
    }
    int number = take_slot();
    Slot *slot = &slots[number];
    slot->owner = session;
    slot->id_length = id_length < id_capacity ? id_length : id_capacity - 1;
    memcpy(slot->id, id, slot->id_length);
    char new_id[16];
    forward(line, size, id, id_length, new_id, sprintf(new_id, "%d", number), backend_input);
}

static void from_backend(const char *line, size_t size) {
    size_t id_length = 0;
    const char *id = json_get(line, size, "id", &id_length);
    int number = id ? atoi(id) : -1;
    if (number < 0 || number >= slot_count || !slots[number].owner) return;
    Slot *slot = &slots[number];
    forward(line, size, id, id_length, slot->id, slot->id_length, slot->owner->output);
    slot->owner = NULL;
    free_slots[free_count++] = number;
}

// Reads once and handles every complete line; -1 at the stream's end.
static int feed(Stream *stream) {
    if (stream->used == stream->capacity)
        stream->buffer = realloc(stream->buffer, stream->capacity = stream->capacity ? stream->capacity * 2 : 4096);
    ssize_t got = read(stream->input, stream->buffer + stream->used, stream->capacity - stream->used);
    if (got <= 0) return -1;
    size_t scanned = stream->used;
    stream->used += got;
    char *start = stream->buffer, *end = stream->buffer + stream->used, *newline;
    while ((newline = memchr(start + scanned, '\n', end - start - scanned))) {
        if (stream == &backend) from_backend(start, newline - start);
        else from_session(stream, start, newline - start);
        start = newline + 1;
        scanned = 0;
    }
    stream->used = end - start;
    memmove(stream->buffer, start, stream->used);
    return 0;
}

static int start_backend(char **command) {
    int in[2], out[2];
    if (pipe(in) || pipe(out)) return -1;
    if (!fork()) {
        // As mcp-supervisor does: the kernel schedules sessions as groups, and who is in which decides where it wakes.
        setsid();
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int i = 0; i < 2; i++) close(in[i]), close(out[i]);
        execvp(command[0], command);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    backend_input = in[1];
    backend.input = out[0];
    streams[backend.input] = &backend;
    return backend.input;
}

static int accept_session(int listener) {
    int control = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (control < 0 || control >= descriptors) return -1;
    int pair[2] = {control, control};
    if (hands_over) {
        char byte, space[CMSG_SPACE(sizeof pair)];
        struct iovec payload = {&byte, 1};
        struct msghdr message = {
            .msg_iov = &payload, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
        if (recvmsg(control, &message, MSG_CMSG_CLOEXEC) <= 0 || !CMSG_FIRSTHDR(&message)) {
            close(control);
            return -1;
        }
        memcpy(pair, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof pair);
    }
    Stream *session = calloc(1, sizeof *session);
    *session = (Stream){.input = pair[0], .output = pair[1], .control = control};
    streams[session->input] = session;
    return session->input;
}

static void end_session(Stream *session) {
    for (int i = 0; i < slot_count; i++)
        if (slots[i].owner == session) slots[i].owner = NULL;
    streams[session->input] = NULL;
    close(session->control);
    if (hands_over) close(session->input), close(session->output);
    free(session->buffer);
    free(session);
}

static int serve(int listener, char **command) {
    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[64];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    if ((event.data.fd = start_backend(command)) < 0) return 1;
    epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event);
    for (;;) {
        int count = epoll_wait(poller, ready, 64, -1);
        for (int i = 0; i < count; i++) {
            int descriptor = ready[i].data.fd;
            if (descriptor == listener) {
                event.data.fd = accept_session(listener);
                if (event.data.fd >= 0) epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (streams[descriptor] && feed(streams[descriptor])) {
                if (streams[descriptor] == &backend) return 0;
                end_session(streams[descriptor]);
            }
        }
    }
}

int main(int count, char **arguments) {
    if (count < 4) return fputs("usage: limit shim|daemon relay|hand SOCKET [COMMAND...]\n", stderr), 2;
    signal(SIGPIPE, SIG_IGN);
    hands_over = !strcmp(arguments[2], "hand");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, arguments[3], sizeof address.sun_path - 1);
    int unix_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!strcmp(arguments[1], "shim")) {
        if (connect(unix_socket, (void *)&address, sizeof address)) return perror("limit: connect"), 1;
        return hands_over ? hand_over(unix_socket) : relay(unix_socket);
    }
    if (count < 5 || bind(unix_socket, (void *)&address, sizeof address) || listen(unix_socket, 1024))
        return perror("limit: bind"), 1;
    return serve(unix_socket, arguments + 4);
}
