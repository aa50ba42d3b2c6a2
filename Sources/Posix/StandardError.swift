// SPDX-License-Identifier: Apache-2.0

import CPosix

/// What a person in front of the program reads.
public enum StandardError {
    /// Writes a text, whole lines at a time. A terminal that is gone is not an error.
    public static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe CPosix.write(2, $0.baseAddress, $0.count) }
    }
}
