// SPDX-License-Identifier: Apache-2.0
// The smallest thing that finds a top-level member of a JSON object. No validation: both ends are ours.
#include <stddef.h>
#include <string.h>

// Past the value that begins at p.
static const char *json_skip(const char *p, const char *end) {
    int depth = 0;
    for (; p < end; p++) {
        if (*p == '"') {
            for (p++; p < end && *p != '"'; p++)
                if (*p == '\\') p++;
            if (!depth) return p + 1;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (!depth) return p;
            if (!--depth) return p + 1;
        } else if (!depth && *p == ',') {
            return p;
        }
    }
    return end;
}

// The raw text of the member `key` of the object in text[0..<size], its length in *length; NULL if there is none.
static const char *json_get(const char *text, size_t size, const char *key, size_t *length) {
    const char *end = text + size, *p = memchr(text, '{', size);
    size_t key_length = strlen(key);
    if (!p) return NULL;
    for (p++; p < end;) {
        while (p < end && (*p == ' ' || *p == ',' || *p == '\t')) p++;
        if (p >= end || *p != '"') return NULL;
        const char *name = p + 1;
        p = json_skip(p, end);
        size_t name_length = p - 1 - name;
        while (p < end && (*p == ' ' || *p == ':')) p++;
        const char *value = p;
        p = json_skip(p, end);
        if (name_length == key_length && !memcmp(name, key, key_length)) {
            const char *last = p;
            while (last > value && last[-1] == ' ') last--;
            *length = last - value;
            return value;
        }
        while (p < end && *p != ',' && *p != '}') p++;
        if (p < end && *p == '}') return NULL;
    }
    return NULL;
}
