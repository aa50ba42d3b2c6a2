// SPDX-License-Identifier: Apache-2.0

/// Notes how far a stream is written, so that a successor can go on at the very byte: the position in memory that
/// outlives us, and, of a line that is written in parts, the bytes in a file.
public final class WriteRecord {
    private let memory: SharedMemory
    private let place: Int
    private let path: String
    private var file: Int32?

    /// - Parameters:
    ///   - place: of three numbers: the position, doubled and odd inside a line; where the bytes in the file begin in the
    ///     stream, and where they end.
    ///   - path: of the file, which is made when it is needed.
    public init(_ memory: SharedMemory, at place: Int, path: String) {
        self.memory = memory
        self.place = place
        self.path = path
    }

    deinit { if let file { _ = Descriptor(owning: file) } }

    /// So much is written, or will be in a moment.
    public func note(_ position: UInt64, isMidLine: Bool) {
        memory.store(position << 1 | (isMidLine ? 1 : 0), at: place)
    }

    /// These bytes, which begin at a position, are to be written now or by whoever comes after us.
    public func keep(_ bytes: ArraySlice<UInt8>, at position: UInt64) {
        memory.store(0, at: place + 16)
        if file == nil { file = try? Files.openPrivate(path).release() }
        guard let file, Files.write(bytes, at: 0, to: file) else { return }
        memory.store(position, at: place + 8)
        memory.store(position + UInt64(bytes.count), at: place + 16)
    }

    /// The stream is over.
    public func close() { if file != nil { Files.remove(path) } }
}
