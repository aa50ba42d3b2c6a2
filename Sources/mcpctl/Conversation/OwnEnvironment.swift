// SPDX-License-Identifier: Apache-2.0
import Posix

/// Our environment as the wire wants it: what is UTF-8 as text, the rest as hexadecimal.
struct OwnEnvironment {
    private(set) var entries: [String] = []
    private(set) var raw: [String] = []

    init(_ environment: [[UInt8]] = OwnProcess.environment()) {
        for entry in environment {
            if let text = String(validating: entry, as: UTF8.self) {
                entries.append(text)
            } else {
                raw.append(entry.map(Self.hexadecimal).joined())
            }
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
