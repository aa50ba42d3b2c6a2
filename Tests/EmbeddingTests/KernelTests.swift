// SPDX-License-Identifier: Apache-2.0

import CEmbedding
import Foundation
import Testing

/// Each kernel against the formula in double precision.
@Suite struct KernelTests {
    static let kernels = Set([CEMBEDDING_BASELINE.rawValue, cembedding_best_kernel().rawValue]).sorted()

    private func numbers(_ count: Int, _ size: Double, seed: Int = 1) -> [Float] {
        (0..<count).map { Float(sin(Double($0 * 7919 + seed)) * size) }
    }

    @Test(arguments: kernels, [1, 3, 4, 9])
    func denseLayer(kernel: UInt32, tokens: Int) {
        let (inputs, outputs) = (96, 6)
        let weights = (0..<inputs * outputs).map { Int8(truncatingIfNeeded: $0 * 37) }
        let scales = numbers(inputs / 32 * outputs, 0.01)
        let bias = numbers(outputs, 1, seed: 2)
        let x = numbers(tokens * inputs, 1, seed: 3)
        var y = [Float](repeating: 0, count: tokens * outputs)
        unsafe weights.withUnsafeBufferPointer { weights in
            unsafe scales.withUnsafeBufferPointer { scales in
                unsafe bias.withUnsafeBufferPointer { bias in
                    guard let weights = weights.baseAddress, let scales = scales.baseAddress,
                        let bias = bias.baseAddress
                    else { return }
                    var layer = unsafe cembedding_dense(
                        weights: weights, scales: scales, bias: bias, inputs: Int32(inputs), outputs: Int32(outputs))
                    unsafe cembedding_dense_apply(
                        cembedding_kernel(kernel), &layer, x, inputs, Int32(tokens), &y, outputs)
                }
            }
        }
        for token in 0..<tokens {
            for output in 0..<outputs {
                var expected = Double(bias[output])
                for input in 0..<inputs {
                    let weight = Double(weights[output * inputs + input])
                    let scale = Double(scales[output * inputs / 32 + input / 32])
                    expected += weight * scale * Double(x[token * inputs + input])
                }
                #expect(abs(Double(y[token * outputs + output]) - expected) < 1e-4)
            }
        }
    }

    @Test(arguments: kernels) func gelu(kernel: UInt32) {
        let x = (-800..<800).map { Float($0) / 64 } + [0, -0.0, 1e-30, -1e-30, 100, -100, 1e30, -1e30]
        var y = x
        unsafe cembedding_gelu(cembedding_kernel(kernel), &y, Int32(y.count))
        for (x, y) in zip(x, y) {
            let expected = Double(x) / 2 * (1 + erf(Double(x) / 2.0.squareRoot()))
            #expect(abs(Double(y) - expected) <= 2e-7 * max(1, abs(expected)) * 4, "\(x)")
        }
    }

    @Test(arguments: kernels, [1, 2, 7, 8, 256])
    func attention(kernel: UInt32, tokens: Int) {
        let (heads, head) = (2, 16)
        let part = heads * head
        // Some are far from zero, where careless exponentials overflow.
        let before = numbers(tokens * 3 * part, tokens == 7 ? 60 : 1)
        var wide = before
        unsafe cembedding_attention(cembedding_kernel(kernel), &wide, Int32(tokens), Int32(heads), Int32(head))
        func value(_ token: Int, _ kind: Int, _ h: Int, _ d: Int) -> Double {
            Double(before[token * 3 * part + kind * part + h * head + d])
        }
        for h in 0..<heads {
            for i in Set([0, tokens / 2, tokens - 1]) {
                let scores = (0..<tokens).map { j in
                    (0..<head).map { value(i, 0, h, $0) * value(j, 1, h, $0) }.reduce(0, +) / Double(head).squareRoot()
                }
                let most = scores.max() ?? 0
                let weights = scores.map { exp($0 - most) }
                let total = weights.reduce(0, +)
                for d in 0..<head {
                    let expected = (0..<tokens).map { weights[$0] / total * value($0, 2, h, d) }.reduce(0, +)
                    let found = Double(wide[i * 3 * part + h * head + d])
                    #expect(abs(found - expected) < (tokens == 7 ? 2e-3 : 1e-5))
                }
            }
        }
    }

    @Test(arguments: kernels) func addAndNormalize(kernel: UInt32) {
        let (tokens, width) = (3, 32)
        let (x, add) = (numbers(tokens * width, 3), numbers(tokens * width, 1, seed: 5))
        let (gain, bias) = (numbers(width, 1, seed: 7), numbers(width, 1, seed: 9))
        var y = x
        unsafe cembedding_add_and_normalize(
            cembedding_kernel(kernel), &y, add, Int32(tokens), Int32(width), gain, bias)
        for token in 0..<tokens {
            let sums = (0..<width).map { Double(x[token * width + $0]) + Double(add[token * width + $0]) }
            let mean = sums.reduce(0, +) / Double(width)
            let deviation = (sums.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(width)).squareRoot()
            for (index, sum) in sums.enumerated() {
                let expected = (sum - mean) / deviation * Double(gain[index]) + Double(bias[index])
                #expect(abs(Double(y[token * width + index]) - expected) < 1e-5)
            }
        }
    }
}
