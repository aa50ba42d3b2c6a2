// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A document in memory that others may hold, too (memfd_create(2)). A reader sees the last version that was written to
/// its end, also when the writer was killed over the next one.
public final class MemoryFile {
    private let file: Descriptor
    /// Where the current version lies.
    private var current: Range<Int>
    private static let headerSize = 16

    public init(name: String) throws(PosixError) {
        let raw = unsafe memfd_create(name, UInt32(MFD_CLOEXEC))
        guard raw >= 0 else { throw .last("make", "a file in memory") }
        file = Descriptor(owning: raw)
        current = MemoryFile.headerSize..<MemoryFile.headerSize
    }

    /// One that somebody else has written.
    public init(adopting file: consuming Descriptor) {
        self.file = file
        current = MemoryFile.headerSize..<MemoryFile.headerSize
        let header = bytes(0..<MemoryFile.headerSize)
        guard header.count == MemoryFile.headerSize else { return }
        let start = Int(clamping: MemoryFile.number(header[..<8]))
        let count = Int(clamping: MemoryFile.number(header[8...]))
        guard start >= MemoryFile.headerSize, start < 1 << 40, count >= 0, count < 1 << 30 else { return }
        current = start..<start + count
    }

    public var raw: Int32 { file.raw }

    /// The last version.
    public var document: [UInt8] { bytes(current) }

    /// Writes beside the current version, and then the few bytes that say which one counts.
    public func write(_ document: [UInt8]) throws(PosixError) {
        let fitsBefore = MemoryFile.headerSize + document.count <= current.lowerBound
        let start = fitsBefore ? MemoryFile.headerSize : current.upperBound
        let header = MemoryFile.bytes(of: UInt64(start)) + MemoryFile.bytes(of: UInt64(document.count))
        guard Files.write(document[...], at: start, to: raw), Files.write(header[...], at: 0, to: raw) else {
            throw .last("write", "a file in memory")
        }
        current = start..<start + document.count
    }

    private func bytes(_ range: Range<Int>) -> [UInt8] {
        let count = range.count
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            done = 0
            while done < count {
                let got = unsafe pread(
                    raw, buffer.baseAddress.map { unsafe $0 + done }, count - done, off_t(range.lowerBound + done))
                guard got > 0 else { break }
                done += got
            }
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    private static func bytes(of number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}
