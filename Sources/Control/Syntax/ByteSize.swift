// SPDX-License-Identifier: Apache-2.0

/// Sizes as systemd writes them (systemd.resource-control(5)): `512M`, `1.5G`, `infinity`, bytes without a suffix.
public enum ByteSize {
    private static let suffixes: [Character: Int64] = [
        "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50,
    ]

    /// The number of bytes; ``Limits/infinity`` for `infinity`; `nil` when the text is not a size.
    public static func parse(_ text: String) -> Int64? {
        if text == "infinity" { return Limits.infinity }
        guard let last = text.last else { return nil }
        let scale = suffixes[last]
        let digits = scale == nil ? Substring(text) : text.dropLast()
        if let whole = Int64(digits) {
            let (bytes, overflow) = whole.multipliedReportingOverflow(by: scale ?? 1)
            return overflow || whole < 0 ? nil : bytes
        }
        guard let scale, let number = Double(digits), number >= 0, number < 1e6, digits.allSatisfy(isDecimal) else {
            return nil
        }
        return Int64(exactly: (number * Double(scale)).rounded(.down))
    }

    private static func isDecimal(_ character: Character) -> Bool { character.isNumber || character == "." }

    /// A size for humans: `254.1M`, `infinity`.
    public static func text(_ bytes: Int64) -> String {
        if bytes == Limits.infinity { return "infinity" }
        var value = Double(bytes)
        for suffix in ["B", "K", "M", "G"] {
            // What would be rounded up to 1024.0 is one of the next.
            if value < (suffix == "B" ? 1024 : 1023.95) {
                return suffix == "B" ? "\(bytes)B" : oneDecimal(value) + suffix
            }
            value /= 1024
        }
        return oneDecimal(value) + "T"
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
