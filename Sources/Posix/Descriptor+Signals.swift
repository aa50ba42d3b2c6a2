// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Pipes that carry one small fact between two processes.
extension Descriptor {
    /// Writes one byte.
    public borrowing func send(byte: UInt8) throws(PosixError) {
        var byte = byte
        while unsafe write(raw, &byte, 1) != 1 {
            guard cposix_errno() == EINTR else { throw .last("write to", "descriptor \(raw)") }
        }
    }

    /// Reads a number of 4 bytes in the machine's order; `nil` at the end of the file, or when fewer came.
    public borrowing func receiveNumber() -> Int32? {
        var number: Int32 = 0
        while true {
            let count = unsafe withUnsafeMutableBytes(of: &number) { unsafe read(raw, $0.baseAddress, 4) }
            if count == 4 { return number }
            if count < 0, cposix_errno() == EINTR { continue }
            return nil
        }
    }
}
