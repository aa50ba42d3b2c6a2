// SPDX-License-Identifier: Apache-2.0
// Written once, with the compiler's vectors of eight floats, and compiled for each kernel: eight floats are one register
// with AVX2, and two with SSE2 and NEON.
#include "CEmbedding.h"

#include <math.h>
#include <string.h>

typedef float floats __attribute__((vector_size(32)));
typedef int32_t ints __attribute__((vector_size(32)));
typedef int8_t bytes __attribute__((vector_size(8)));

// Compiled into each kernel with that kernel's instructions.
#define INLINE static inline __attribute__((always_inline))

INLINE void load(const float *from, floats *to) { memcpy(to, from, sizeof *to); }
INLINE void store(const floats *from, float *to) { memcpy(to, from, sizeof *from); }

INLINE float sum(const floats *v) {
    const floats a = *v;
    return ((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7]));
}

// Eight signed bytes as floats.
INLINE void widen(const int8_t *from, floats *to) {
    bytes narrow;
    memcpy(&narrow, from, sizeof narrow);
    *to = __builtin_convertvector(narrow, floats);
}

// A row of weights as floats, each group times its scale.
INLINE void widen_groups(const int8_t *row, const float *scales, int inputs, float *to) {
    for (int i = 0; i < inputs; i += 8) {
        floats v;
        widen(row + i, &v);
        v *= scales[i / CEMBEDDING_GROUP];
        store(&v, to + i);
    }
}

// Two rows with four vectors: eight sums that stay in registers.
INLINE void dot_2x4(const float *w, int inputs, const float *x, ptrdiff_t stride, float out[8]) {
    floats s[8] = {{0}};
    for (int i = 0; i < inputs; i += 8) {
        floats a, b, v;
        load(w + i, &a);
        load(w + inputs + i, &b);
#pragma clang loop unroll(full)
        for (int t = 0; t < 4; t++) {
            load(x + t * stride + i, &v);
            s[2 * t] = s[2 * t] + v * a;
            s[2 * t + 1] = s[2 * t + 1] + v * b;
        }
    }
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++) out[k] = sum(&s[k]);
}

INLINE void dot_2x1(const float *w, int inputs, const float *x, float out[2]) {
    floats s0 = {0}, s1 = {0};
    for (int i = 0; i < inputs; i += 8) {
        floats a, b, v;
        load(w + i, &a);
        load(w + inputs + i, &b);
        load(x + i, &v);
        s0 = s0 + v * a;
        s1 = s1 + v * b;
    }
    out[0] = sum(&s0);
    out[1] = sum(&s1);
}

INLINE void dense(
    const struct cembedding_dense *layer, const float *x, ptrdiff_t x_stride, int tokens, float *y,
    ptrdiff_t y_stride) {
    const int inputs = layer->inputs, groups = inputs / CEMBEDDING_GROUP;
    float w[2 * CEMBEDDING_WIDEST], out[8];
    for (int o = 0; o < layer->outputs; o += 2) {
        for (int r = 0; r < 2; r++) {
            widen_groups(
                layer->weights + (size_t)(o + r) * inputs, layer->scales + (size_t)(o + r) * groups, inputs,
                w + r * inputs);
        }
        int t = 0;
        for (; t + 4 <= tokens; t += 4) {
            dot_2x4(w, inputs, x + t * x_stride, x_stride, out);
            for (int k = 0; k < 8; k++) y[(t + k / 2) * y_stride + o + k % 2] = out[k] + layer->bias[o + k % 2];
        }
        for (; t < tokens; t++) {
            dot_2x1(w, inputs, x + t * x_stride, out);
            for (int k = 0; k < 2; k++) y[t * y_stride + o + k] = out[k] + layer->bias[o + k];
        }
    }
}

// e^x for x <= 0: 2^n e^r with |r| <= ln 2 / 2, e^r by its series to the sixth power (error below 2e-7).
INLINE void exp_negative(const floats *x, floats *out) {
    // Below this the result is no normal number.
    const floats least = (floats){0} - 87.0f;
    const ints low = *x < least;
    const floats v = (floats)(((ints)*x & ~low) | ((ints)least & low));
    const ints n = __builtin_convertvector(v * 1.44269504f - 0.5f, ints);
    const floats r = v - __builtin_convertvector(n, floats) * 0.693147181f;
    floats p = r * (1.0f / 720) + (1.0f / 120);
    p = p * r + (1.0f / 24);
    p = p * r + (1.0f / 6);
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    *out = p * (floats)((n + 127) << 23);
}

// erf by formula 7.1.26 of Abramowitz and Stegun, Handbook of Mathematical Functions (error below 1.5e-7).
INLINE void gelu(float *x, int count) {
    for (int i = 0; i < count; i += 8) {
        floats v, e;
        load(x + i, &v);
        const ints sign = (ints)v & INT32_MIN;
        const floats z = (floats)((ints)(v * 0.707106781f) & INT32_MAX);
        const floats t = 1.0f / (1.0f + 0.3275911f * z), square = -z * z;
        exp_negative(&square, &e);
        floats p = t * 1.061405429f - 1.453152027f;
        p = p * t + 1.421413741f;
        p = p * t - 0.284496736f;
        p = p * t + 0.254829592f;
        const floats erf = 1.0f - p * t * e;
        v = 0.5f * v * (1.0f + (floats)((ints)erf ^ sign));
        store(&v, x + i);
    }
}

// The weights that a token's query gives each key, which add up to 1.
INLINE void attend(const float *query, const float *keys, ptrdiff_t stride, int tokens, int head, float *weights) {
    const float scale = 1.0f / sqrtf((float)head);
    float most = -INFINITY, total = 0;
    for (int j = 0; j < tokens; j++) {
        floats s = {0}, q, k;
        for (int d = 0; d < head; d += 8) {
            load(query + d, &q);
            load(keys + j * stride + d, &k);
            s = s + q * k;
        }
        weights[j] = sum(&s) * scale;
        most = fmaxf(most, weights[j]);
    }
    for (int j = 0; j < tokens; j += 8) {
        // The array has room for whole vectors; what lies behind the last token is not added.
        floats v;
        load(weights + j, &v);
        v -= most;
        exp_negative(&v, &v);
        store(&v, weights + j);
    }
    for (int j = 0; j < tokens; j++) total += weights[j];
    for (int j = 0; j < tokens; j++) weights[j] /= total;
}

INLINE void attention(float *wide, int tokens, int heads, int head) {
    const ptrdiff_t part = (ptrdiff_t)heads * head, stride = 3 * part;
    float weights[CEMBEDDING_LONGEST + 8] = {0};
    for (int h = 0; h < heads; h++) {
        for (int i = 0; i < tokens; i++) {
            float *query = wide + i * stride + h * head;
            attend(query, wide + part + h * head, stride, tokens, head, weights);
            for (int d = 0; d < head; d += 8) {
                floats s = {0}, v;
                for (int j = 0; j < tokens; j++) {
                    load(wide + 2 * part + j * stride + h * head + d, &v);
                    s = s + v * weights[j];
                }
                store(&s, query + d);
            }
        }
    }
}

INLINE void add_and_normalize(
    float *x, const float *add, int tokens, int width, const float *gain, const float *bias) {
    for (int t = 0; t < tokens; t++, x += width, add += width) {
        floats v, a, total = {0}, squares = {0};
        for (int i = 0; i < width; i += 8) {
            load(x + i, &v);
            load(add + i, &a);
            v += a;
            total += v;
            store(&v, x + i);
        }
        const float mean = sum(&total) / (float)width;
        for (int i = 0; i < width; i += 8) {
            load(x + i, &v);
            v -= mean;
            squares = squares + v * v;
        }
        const float scale = 1.0f / sqrtf(sum(&squares) / (float)width + 1e-12f);
        for (int i = 0; i < width; i++) x[i] = (x[i] - mean) * scale * gain[i] + bias[i];
    }
}

// Each of the above for each kernel. On other processors than x86-64 there is one.
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma"), noinline))
enum cembedding_kernel cembedding_best_kernel(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? CEMBEDDING_AVX2 : CEMBEDDING_BASELINE;
}
#else
#define AVX2 __attribute__((noinline))

enum cembedding_kernel cembedding_best_kernel(void) { return CEMBEDDING_BASELINE; }
#endif

AVX2 static void dense_avx2(
    const struct cembedding_dense *layer, const float *x, ptrdiff_t x_stride, int tokens, float *y,
    ptrdiff_t y_stride) {
    dense(layer, x, x_stride, tokens, y, y_stride);
}

void cembedding_dense_apply(
    enum cembedding_kernel kernel, const struct cembedding_dense *layer, const float *x, ptrdiff_t x_stride,
    int32_t tokens, float *y, ptrdiff_t y_stride) {
    if (kernel == CEMBEDDING_AVX2) return dense_avx2(layer, x, x_stride, tokens, y, y_stride);
    dense(layer, x, x_stride, tokens, y, y_stride);
}

AVX2 static void gelu_avx2(float *x, int count) { gelu(x, count); }

void cembedding_gelu(enum cembedding_kernel kernel, float *x, int32_t count) {
    if (kernel == CEMBEDDING_AVX2) return gelu_avx2(x, count);
    gelu(x, count);
}

AVX2 static void attention_avx2(float *wide, int tokens, int heads, int head) { attention(wide, tokens, heads, head); }

void cembedding_attention(enum cembedding_kernel kernel, float *wide, int32_t tokens, int32_t heads, int32_t head) {
    if (kernel == CEMBEDDING_AVX2) return attention_avx2(wide, tokens, heads, head);
    attention(wide, tokens, heads, head);
}

AVX2 static void add_and_normalize_avx2(
    float *x, const float *add, int tokens, int width, const float *gain, const float *bias) {
    add_and_normalize(x, add, tokens, width, gain, bias);
}

void cembedding_add_and_normalize(
    enum cembedding_kernel kernel, float *x, const float *add, int32_t tokens, int32_t width, const float *gain,
    const float *bias) {
    if (kernel == CEMBEDDING_AVX2) return add_and_normalize_avx2(x, add, tokens, width, gain, bias);
    add_and_normalize(x, add, tokens, width, gain, bias);
}

void cembedding_widen_row(const int8_t *row, float scale, int32_t width, float *x) {
    for (int i = 0; i < width; i++) x[i] = (float)row[i] * scale;
}

void cembedding_pool(const float *x, int32_t tokens, int32_t width, float *mean) {
    float squares = 0;
    for (int i = 0; i < width; i++) {
        mean[i] = 0;
        for (int t = 0; t < tokens; t++) mean[i] += x[(ptrdiff_t)t * width + i];
        squares += mean[i] * mean[i];
    }
    // The length of the sum is the mean's times the number of tokens, which goes away with it.
    const float scale = squares > 0 ? 1.0f / sqrtf(squares) : 0;
    for (int i = 0; i < width; i++) mean[i] *= scale;
}

uint64_t cembedding_checksum(const void *bytes, size_t count) {
    const uint64_t prime = 1099511628211u;
    uint64_t lane[4] = {14695981039346656037u, 1, 2, 3};
    for (size_t i = 0; i < count / 8; i++) {
        uint64_t word;
        memcpy(&word, (const char *)bytes + 8 * i, sizeof word);
        lane[i % 4] = (lane[i % 4] ^ word) * prime;
        // The product's upper half comes to the lower, or a change of a word's last bits would be lost.
        lane[i % 4] ^= lane[i % 4] >> 32;
    }
    return (lane[0] * prime + lane[1]) * prime + (lane[2] * prime + lane[3]);
}
