// SPDX-License-Identifier: Apache-2.0
// One layer of a transformer through every function of CEmbedding, from numbers made up here: prints each number of the
// result. Built for two processors it must print the same but for rounding.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "CEmbedding.h"

enum { TOKENS = 21, HEADS = 4, HEAD = 32, WIDTH = HEADS * HEAD, INNER = 4 * WIDTH };

static uint32_t state = 1;

static uint32_t next(void) {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static float *numbers(size_t count, float size) {
    float *all = malloc(count * sizeof *all);
    for (size_t i = 0; i < count; i++) all[i] = ((float)next() / (1 << 24) - 0.5f) * size;
    return all;
}

static void dense(const float *x, int inputs, int outputs, float *y) {
    int8_t *weights = malloc((size_t)inputs * outputs);
    for (int i = 0; i < inputs * outputs; i++) weights[i] = (int8_t)next();
    const struct cembedding_dense layer = {
        weights, numbers((size_t)outputs * inputs / CEMBEDDING_GROUP, 0.002f), numbers(outputs, 1), inputs, outputs};
    cembedding_dense_apply(cembedding_best_kernel(), &layer, x, inputs, TOKENS, y, outputs);
}

static void show(const char *name, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) printf("%s %.9g\n", name, x[i]);
}

int main(void) {
    const enum cembedding_kernel kernel = cembedding_best_kernel();
    float *x = numbers(TOKENS * WIDTH, 2), *add = malloc(sizeof(float) * TOKENS * WIDTH);
    float *wide = malloc(sizeof(float) * TOKENS * INNER), mean[WIDTH];
    int8_t row[WIDTH];
    for (int i = 0; i < WIDTH; i++) row[i] = (int8_t)next();
    cembedding_widen_row(row, 0.01f, WIDTH, x);
    dense(x, WIDTH, 3 * WIDTH, wide);
    show("dense", wide, TOKENS * 3 * WIDTH);
    cembedding_attention(kernel, wide, TOKENS, HEADS, HEAD);
    show("attention", wide, TOKENS * 3 * WIDTH);
    for (int t = 0; t < TOKENS; t++) {
        for (int i = 0; i < WIDTH; i++) add[t * WIDTH + i] = wide[t * 3 * WIDTH + i];
    }
    cembedding_add_and_normalize(kernel, x, add, TOKENS, WIDTH, numbers(WIDTH, 2), numbers(WIDTH, 1));
    show("normal", x, TOKENS * WIDTH);
    dense(x, WIDTH, INNER, wide);
    cembedding_gelu(kernel, wide, TOKENS * INNER);
    show("gelu", wide, TOKENS * INNER);
    cembedding_pool(x, TOKENS, WIDTH, mean);
    show("mean", mean, WIDTH);
    printf("checksum %llu\n", (unsigned long long)cembedding_checksum(row, WIDTH));
    return 0;
}
