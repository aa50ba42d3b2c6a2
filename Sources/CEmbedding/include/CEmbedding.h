// SPDX-License-Identifier: Apache-2.0
// The arithmetic of a small transformer: what must be fast. Nothing here allocates, and nothing checks a bound: the
// caller, Embedding's Engine, does.
#ifndef CEMBEDDING_H
#define CEMBEDDING_H

#include <stddef.h>
#include <stdint.h>

/// Weights that lie side by side in a row share a scale in groups of so many.
#define CEMBEDDING_GROUP 32
/// The most inputs that a dense layer may have.
#define CEMBEDDING_WIDEST 1536
/// The most tokens that a text may have.
#define CEMBEDDING_LONGEST 256

/// How the arithmetic is done. All give the same result but for rounding.
enum cembedding_kernel {
    /// For any processor of the architecture: SSE2 on x86-64, NEON on aarch64.
    CEMBEDDING_BASELINE,
    /// For an x86-64 that has AVX2 and FMA.
    CEMBEDDING_AVX2,
};

/// The fastest kernel that this processor can run.
enum cembedding_kernel cembedding_best_kernel(void);

/// Rows of signed bytes, times a scale for each group, plus a bias for each row.
struct cembedding_dense {
    const int8_t *_Nonnull weights;
    const float *_Nonnull scales;
    const float *_Nonnull bias;
    /// Columns, a multiple of the group's size; rows, an even number.
    int32_t inputs, outputs;
};

/// y = W x + b for each of `tokens` vectors; strides in floats.
void cembedding_dense_apply(
    enum cembedding_kernel kernel, const struct cembedding_dense *_Nonnull layer, const float *_Nonnull x,
    ptrdiff_t x_stride, int32_t tokens, float *_Nonnull y, ptrdiff_t y_stride);

/// x = x/2 (1 + erf(x/√2)), `count` a multiple of eight.
void cembedding_gelu(enum cembedding_kernel kernel, float *_Nonnull x, int32_t count);

/// Self-attention. Each token's query, key and value lie side by side in `wide`, each of heads × head floats (a
/// multiple of eight); the result takes the query's place.
void cembedding_attention(
    enum cembedding_kernel kernel, float *_Nonnull wide, int32_t tokens, int32_t heads, int32_t head);

/// x = layer norm of (x + add), for each of `tokens` vectors of `width` floats, one after the other.
void cembedding_add_and_normalize(
    enum cembedding_kernel kernel, float *_Nonnull x, const float *_Nonnull add, int32_t tokens, int32_t width,
    const float *_Nonnull gain, const float *_Nonnull bias);

/// The start of a token's vector: a row of signed bytes times its scale.
void cembedding_widen_row(const int8_t *_Nonnull row, float scale, int32_t width, float *_Nonnull x);

/// The mean of `tokens` vectors, brought to length 1.
void cembedding_pool(const float *_Nonnull x, int32_t tokens, int32_t width, float *_Nonnull mean);

/// A sum that changes when a byte does, `count` a multiple of eight: FNV-1a over words, in four lanes.
uint64_t cembedding_checksum(const void *_Nonnull bytes, size_t count);

#endif
