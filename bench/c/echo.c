// SPDX-License-Identifier: Apache-2.0
// The fastest MCP server we could make: one tool, `echo`, over stdio, one write per answer. What stands in front of
// it is what a benchmark then measures.
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char tools[] =
    "{\"tools\":[{\"name\":\"echo\",\"description\":\"Returns its text.\",\"inputSchema\":{\"type\":\"object\","
    "\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]}}]}";

static void write_all(const char *bytes, size_t size) {
    while (size) {
        ssize_t written = write(1, bytes, size);
        if (written <= 0) exit(0);
        bytes += written;
        size -= written;
    }
}

// `kind` is "result" or "error".
static void answer(const char *id, size_t id_length, const char *kind, const char *body, size_t size) {
    static char *out;
    static size_t capacity;
    if (id_length + size + 64 > capacity) out = realloc(out, capacity = (id_length + size + 64) * 2);
    size_t used = sprintf(out, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"%s\":", (int)id_length, id, kind);
    memcpy(out + used, body, size);
    used += size;
    out[used++] = '}';
    out[used++] = '\n';
    write_all(out, used);
}

static void call_tool(const char *line, size_t size, const char *id, size_t id_length) {
    static const char bad[] = "{\"code\":-32602,\"message\":\"bad arguments\"}";
    static char *result;
    static size_t capacity;
    size_t params_length = 0, arguments_length = 0, text_length = 0;
    const char *params = json_get(line, size, "params", &params_length);
    const char *arguments = params ? json_get(params, params_length, "arguments", &arguments_length) : NULL;
    const char *text = arguments ? json_get(arguments, arguments_length, "text", &text_length) : NULL;
    if (!text) {
        answer(id, id_length, "error", bad, sizeof bad - 1);
        return;
    }
    if (text_length + 64 > capacity) result = realloc(result, capacity = (text_length + 64) * 2);
    size_t used = sprintf(result, "{\"content\":[{\"type\":\"text\",\"text\":");
    memcpy(result + used, text, text_length);
    used += text_length;
    used += sprintf(result + used, "}],\"isError\":false}");
    answer(id, id_length, "result", result, used);
}

static void initialize(const char *line, size_t size, const char *id, size_t id_length) {
    size_t params_length = 0, version_length = 0;
    char result[512];
    const char *params = json_get(line, size, "params", &params_length);
    const char *version = params ? json_get(params, params_length, "protocolVersion", &version_length) : NULL;
    if (!version || version_length > 32) {
        version = "\"2025-06-18\"";
        version_length = 12;
    }
    int used = sprintf(result,
                       "{\"protocolVersion\":%.*s,\"capabilities\":{\"tools\":{}},"
                       "\"serverInfo\":{\"name\":\"echo\",\"version\":\"1\"}}",
                       (int)version_length, version);
    answer(id, id_length, "result", result, used);
}

static void handle(const char *line, size_t size) {
    static const char unknown[] = "{\"code\":-32601,\"message\":\"Method not found\"}";
    size_t id_length = 0, method_length = 0;
    const char *id = json_get(line, size, "id", &id_length), *method = json_get(line, size, "method", &method_length);
    if (!id || !method) return;
#define IS(name) (method_length == sizeof name + 1 && !memcmp(method, "\"" name "\"", method_length))
    if (IS("tools/call")) call_tool(line, size, id, id_length);
    else if (IS("initialize")) initialize(line, size, id, id_length);
    else if (IS("tools/list")) answer(id, id_length, "result", tools, sizeof tools - 1);
    else if (IS("ping")) answer(id, id_length, "result", "{}", 2);
    else answer(id, id_length, "error", unknown, sizeof unknown - 1);
}

int main(void) {
    size_t capacity = 1 << 16, used = 0;
    char *buffer = malloc(capacity);
    for (;;) {
        if (used == capacity) buffer = realloc(buffer, capacity *= 2);
        ssize_t got = read(0, buffer + used, capacity - used);
        if (got <= 0) return 0;
        char *start = buffer, *newline;
        size_t scanned = used;
        used += got;
        while ((newline = memchr(start + scanned, '\n', buffer + used - start - scanned))) {
            handle(start, newline - start);
            start = newline + 1;
            scanned = 0;
        }
        used = buffer + used - start;
        memmove(buffer, start, used);
    }
}
