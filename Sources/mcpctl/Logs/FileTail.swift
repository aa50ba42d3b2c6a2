// SPDX-License-Identifier: Apache-2.0
import Posix

/// The end of a log file, and what is added to it.
struct FileTail: ~Copyable {
    private static let chunk = 64 * 1024
    private static let pollMilliseconds = 200

    private let path: String
    private var file: GrowingFile
    private var offset: Int64

    init(path: String) throws(CommandFailure) {
        self.path = path
        file = try Self.open(path)
        offset = file.length
    }

    private static func open(_ path: String) throws(CommandFailure) -> GrowingFile {
        do {
            return try GrowingFile(path: path)
        } catch {
            throw CommandFailure("\(error); the backend has not been started here, or its log belongs to another user")
        }
    }

    /// Prints the last lines there are now.
    mutating func showLast(_ lines: Int) throws {
        offset = try start(ofLast: lines)
        try copyNew()
    }

    /// Where the last `lines` lines begin, found from the end backwards.
    private borrowing func start(ofLast lines: Int) throws -> Int64 {
        var position = file.length
        guard lines > 0 else { return position }
        // The newline that ends the last line begins no other.
        var missing = try lines + (endsWithNewline() ? 1 : 0)
        while position > 0 {
            let begin = max(0, position - Int64(Self.chunk))
            let bytes = try file.read(at: begin, count: Int(position - begin))
            for index in bytes.indices.reversed() where bytes[index] == UInt8(ascii: "\n") {
                missing -= 1
                if missing == 0 { return begin + Int64(index) + 1 }
            }
            position = begin
        }
        return 0
    }

    private borrowing func endsWithNewline() throws -> Bool {
        let length = file.length
        return try length > 0 && file.read(at: length - 1, count: 1) == [UInt8(ascii: "\n")]
    }

    private mutating func copyNew() throws {
        while true {
            let bytes = try file.read(at: offset, count: Self.chunk)
            if bytes.isEmpty { return }
            offset += Int64(bytes.count)
            try StandardStream.output.write(bytes)
        }
    }

    /// Prints what is added, until the process is ended. A file that was cut or replaced is read from its start.
    mutating func follow() throws {
        while true {
            try copyNew()
            if file.wasReplaced {
                file = try Self.open(path)
                offset = 0
            } else if file.length < offset {
                offset = 0
            } else {
                Clock.wait(milliseconds: Self.pollMilliseconds)
            }
        }
    }
}
