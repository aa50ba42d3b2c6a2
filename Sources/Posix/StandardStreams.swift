// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Descriptor 0, for a program that has nothing to do but wait for it.
public enum StandardInput {
    /// What there is, up to 64 KiB, once there is any; nothing at the end, `nil` when it cannot be read.
    public static func read() -> [UInt8]? {
        let capacity = 1 << 16
        while true {
            var failure: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
                let count = unsafe CPosix.read(0, buffer.baseAddress, capacity)
                if count < 0 { failure = cposix_errno() }
                filled = max(0, count)
            }
            if failure == 0 { return bytes }
            if failure != EINTR { return nil }
        }
    }
}

/// Descriptor 1, likewise.
public enum StandardOutput {
    /// Whether all of it could be written.
    public static func write(_ bytes: [UInt8]) -> Bool { Files.append(bytes, to: 1) }
}
