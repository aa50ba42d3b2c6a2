// SPDX-License-Identifier: Apache-2.0
// Many MCP clients at once, each in a closed loop: a thread and a spawned command for each session. Every answer must
// carry the token of its own session and call, so that an answer to somebody else is counted as wrong.
//
//   load [-n SESSIONS] [-c CALLS] [-w WARM-UP] [-j STARTS-AT-ONCE] [-b PAYLOAD-BYTES] [-g GROUPS] [-i] -- COMMAND…
//
// `{group}` in an argument of the command becomes the session's number modulo GROUPS. -i: only initialize, no list.
// Prints "ready {…}", waits for a line on stdin (memory can be looked at meanwhile), runs, prints "done {…}", waits.
#define _GNU_SOURCE
#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int session_count = 1, call_count = 100, warm_up = 10, at_once = 2, payload = 32, groups = 1, only_initialize;
static char **command;

typedef struct {
    int number, input, output, wrong, dead, next_id;
    pid_t pid;
    char *buffer;
    size_t used, capacity, line;
    long long initialized, listed, *latencies;
    char error[160];
} Session;

static Session *sessions;
static pthread_barrier_t barrier;
static sem_t gate;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(Session *session, const char *what, const char *line) {
    if (*session->error) return;
    snprintf(session->error, sizeof session->error, "%s: %.100s", what, line);
    for (char *c = session->error; *c; c++)
        if (*c == '"' || *c == '\\' || *c < 32) *c = '\'';
}

static int write_all(int descriptor, const char *bytes, size_t size) {
    while (size) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return -1;
        bytes += written;
        size -= written;
    }
    return 0;
}

// The next line, valid until the next call; its length in *size. NULL at the end.
static char *next_line(Session *session, size_t *size) {
    memmove(session->buffer, session->buffer + session->line, session->used - session->line);
    session->used -= session->line;
    session->line = 0;
    for (size_t scanned = 0;;) {
        char *newline = memchr(session->buffer + scanned, '\n', session->used - scanned);
        if (newline) {
            *newline = 0;
            *size = newline - session->buffer;
            session->line = *size + 1;
            return session->buffer;
        }
        scanned = session->used;
        if (session->used == session->capacity)
            session->buffer = realloc(session->buffer, session->capacity *= 2);
        ssize_t got = read(session->output, session->buffer + session->used, session->capacity - session->used);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return NULL;
        session->used += got;
    }
}

// Sends and waits for the answer to `id`; requests of the server are refused.
static char *ask(Session *session, const char *message, size_t size, int id, size_t *answer_size) {
    if (write_all(session->input, message, size)) return NULL;
    for (char *line; (line = next_line(session, answer_size));) {
        size_t id_length = 0, method_length = 0;
        const char *theirs = json_get(line, *answer_size, "id", &id_length);
        if (theirs && json_get(line, *answer_size, "method", &method_length)) {
            char refusal[256];
            int used = snprintf(refusal, sizeof refusal,
                                "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"error\":{\"code\":-32601,\"message\":\"no\"}}\n",
                                (int)id_length, theirs);
            write_all(session->input, refusal, used);
        } else if (theirs && atoi(theirs) == id) {
            return line;
        }
    }
    return NULL;
}

static char *in_group(const char *argument, int group) {
    const char *place = strstr(argument, "{group}");
    char *out;
    if (!place) return (char *)argument;
    if (asprintf(&out, "%.*s%d%s", (int)(place - argument), argument, group, place + 7) < 0) abort();
    return out;
}

static int spawn(Session *session) {
    int in[2], out[2], count = 0;
    while (command[count]) count++;
    char **line = calloc(count + 1, sizeof *line);
    for (int i = 0; i < count; i++) line[i] = in_group(command[i], session->number % groups);
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) return errno;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, getenv("LOAD_STDERR") ?: "/dev/null",
                                     O_WRONLY | O_CREAT | O_APPEND, 0644);
    int error = posix_spawnp(&session->pid, line[0], &actions, NULL, line, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    session->input = in[1];
    session->output = out[0];
    return error;
}

static void initialize(Session *session) {
    static const char initialized[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";
    char message[512];
    size_t size, length;
    long long start = now();
    int error = spawn(session), id = ++session->next_id;
    if (error) {
        session->dead = 1;
        return fail(session, "spawn", strerror(error));
    }
    int used = snprintf(message, sizeof message,
                        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                        "\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"load\",\"version\":\"1\"}}}\n",
                        id);
    char *line = ask(session, message, used, id, &size);
    session->initialized = now() - start;
    if (!line || !json_get(line, size, "result", &length)) {
        session->dead = 1;
        return fail(session, "initialize", line ? line : "no answer");
    }
    write_all(session->input, initialized, sizeof initialized - 1);
    if (only_initialize) return;
    start = now();
    id = ++session->next_id;
    used = snprintf(message, sizeof message, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/list\"}\n", id);
    line = ask(session, message, used, id, &size);
    session->listed = now() - start;
    if (!line || !strstr(line, "\"echo\"")) {
        session->dead = 1;
        fail(session, "tools/list", line ? line : "no answer");
    }
}

static long long call(Session *session, char *message, const char *padding, int number) {
    char token[32];
    size_t size, length;
    int token_length = sprintf(token, "s%dc%d.", session->number, number), id = ++session->next_id;
    int rest = payload > token_length ? payload - token_length : 0;
    int used = sprintf(message,
                       "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\","
                       "\"arguments\":{\"text\":\"%s%.*s\"}}}\n",
                       id, token, rest, padding);
    long long start = now();
    char *line = ask(session, message, used, id, &size);
    long long took = now() - start;
    if (!line) {
        session->dead = 1;
        session->wrong++;
        fail(session, "tools/call", "no answer");
    } else if (!strstr(line, token) || !json_get(line, size, "result", &length) || strstr(line, "\"isError\":true")) {
        session->wrong++;
        fail(session, "wrong answer", line);
    }
    return took;
}

static void *run(void *argument) {
    Session *session = argument;
    char *message = malloc(payload + 256), *padding = malloc(payload + 1);
    memset(padding, 'x', payload);
    padding[payload] = 0;
    session->buffer = malloc(session->capacity = 1 << 14);
    session->latencies = calloc(call_count + 1, sizeof *session->latencies);
    sem_wait(&gate);
    initialize(session);
    sem_post(&gate);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    for (int i = -warm_up; i < call_count; i++) {
        if (i == 0) pthread_barrier_wait(&barrier);
        if (session->dead) continue;
        long long took = call(session, message, padding, i + warm_up);
        if (i >= 0) session->latencies[i] = took;
    }
    if (call_count == 0) pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static int ascending(const void *a, const void *b) {
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

// In microseconds.
static double percentile(const long long *sorted, int count, double part) {
    int index = part * count;
    return count ? sorted[index < count ? index : count - 1] / 1e3 : 0;
}

static const char *first_error(void) {
    for (int i = 0; i < session_count; i++)
        if (*sessions[i].error) return sessions[i].error;
    return "";
}

static void report_start(long long took) {
    long long *starts = calloc(session_count, sizeof *starts), *lists = calloc(session_count, sizeof *lists);
    int count = 0;
    for (int i = 0; i < session_count; i++) {
        if (sessions[i].dead) continue;
        lists[count] = sessions[i].listed;
        starts[count++] = sessions[i].initialized;
    }
    qsort(starts, count, sizeof *starts, ascending);
    qsort(lists, count, sizeof *lists, ascending);
    printf("ready {\"dead\":%d,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"list_p50_ms\":%.3f,\"all_ms\":%.1f,\"error\":\"%s\"}\n",
           session_count - count, percentile(starts, count, .5) / 1e3, percentile(starts, count, .99) / 1e3,
           percentile(lists, count, .5) / 1e3, took / 1e6, first_error());
}

static void report_calls(long long took) {
    long long *all = calloc((size_t)session_count * call_count + 1, sizeof *all);
    int count = 0, wrong = 0, dead = 0;
    for (int i = 0; i < session_count; i++) {
        wrong += sessions[i].wrong;
        dead += sessions[i].dead;
        for (int k = 0; k < call_count && !sessions[i].dead; k++) all[count++] = sessions[i].latencies[k];
    }
    qsort(all, count, sizeof *all, ascending);
    printf("done {\"calls\":%d,\"wrong\":%d,\"dead\":%d,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,"
           "\"per_s\":%.1f,\"error\":\"%s\"}\n",
           count, wrong, dead, percentile(all, count, .5), percentile(all, count, .99), percentile(all, count, 1),
           count / (took / 1e9), first_error());
}

static void read_arguments(int count, char **arguments) {
    int option;
    while ((option = getopt(count, arguments, "+n:c:w:j:b:g:i")) != -1) {
        int value = optarg ? atoi(optarg) : 1;
        switch (option) {
        case 'n': session_count = value; break;
        case 'c': call_count = value; break;
        case 'w': warm_up = value; break;
        case 'j': at_once = value; break;
        case 'b': payload = value; break;
        case 'g': groups = value; break;
        case 'i': only_initialize = 1; break;
        default: exit(2);
        }
    }
    command = arguments + optind;
    if (!*command) exit((fputs("load: a command is needed\n", stderr), 2));
}

static void end_all(void) {
    int left = session_count;
    for (int i = 0; i < session_count; i++) close(sessions[i].input);
    for (int tries = 0; left && tries < 400; tries++) {
        left = 0;
        for (int i = 0; i < session_count; i++) {
            if (sessions[i].pid && waitpid(sessions[i].pid, NULL, WNOHANG) == sessions[i].pid) sessions[i].pid = 0;
            left += sessions[i].pid != 0;
        }
        if (left) usleep(20000);
    }
    for (int i = 0; i < session_count; i++)
        if (sessions[i].pid) kill(sessions[i].pid, SIGKILL), waitpid(sessions[i].pid, NULL, 0);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    sessions = calloc(session_count, sizeof *sessions);
    pthread_barrier_init(&barrier, NULL, session_count + 1);
    sem_init(&gate, 0, at_once);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);

    char line[64];
    long long start = now();
    for (int i = 0; i < session_count; i++) {
        pthread_t thread;
        sessions[i].number = i;
        if (pthread_create(&thread, &attributes, run, &sessions[i])) return perror("load: thread"), 1;
    }
    pthread_barrier_wait(&barrier);
    report_start(now() - start);
    int alive = fgets(line, sizeof line, stdin) != NULL;
    if (alive) {
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        start = now();
        pthread_barrier_wait(&barrier);
        report_calls(now() - start);
        alive = fgets(line, sizeof line, stdin) != NULL;
    }
    end_all();
    return !alive;
}
