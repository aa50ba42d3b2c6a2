// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Posix

/// The flags of an open file description, as fcntl(2) tells them.
func statusFlags(of descriptor: Int32) -> Int32 { fcntl(descriptor, F_GETFL) }

func isNonBlocking(_ descriptor: Int32) -> Bool { statusFlags(of: descriptor) & O_NONBLOCK != 0 }

/// F_SETPIPE_SZ (fcntl(2)), which only _GNU_SOURCE has.
let setPipeSize: Int32 = 1031

/// Writes to a descriptor that has room.
func put(_ text: String, into descriptor: Int32) {
    let bytes = Array(text.utf8)
    let count = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    precondition(count == bytes.count)
}

/// Reads up to `count` bytes that are there.
func take(_ count: Int, from descriptor: Int32) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        filled = max(0, unsafe read(descriptor, buffer.baseAddress, count))
    }
}

/// A pair of connected stream sockets, for owners to take.
func socketPair() -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    precondition(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
    return (ends[0], ends[1])
}

extension ByteStream {
    /// What a read brings, as text.
    borrowing func text(_ count: Int = 1000) -> (ReadResult, String) {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = unsafe bytes.withUnsafeMutableBytes { unsafe read(into: $0) }
        guard case .bytes(let got) = result else { return (result, "") }
        return (result, String(decoding: bytes[..<got], as: UTF8.self))
    }

    borrowing func put(_ bytes: [UInt8]) -> WriteResult { unsafe bytes.withUnsafeBytes { unsafe write($0) } }
}
