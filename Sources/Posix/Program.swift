// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Another program, found in `PATH` and given our environment.
public struct Program: Sendable {
    public var name: String
    public var arguments: [String]

    /// - Parameter arguments: without the name, which becomes the first.
    public init(_ name: String, _ arguments: [String]) {
        self.name = name
        self.arguments = arguments
    }

    /// Becomes this program. Returns only by throwing.
    public func replaceThisProcess() throws(PosixError) -> Never {
        let code = unsafe withArguments { argv in
            unsafe execvp(name, argv)
            return cposix_errno()
        }
        throw PosixError("run", name, code: code)
    }

    /// Runs it to its end and gives back what it wrote to stdout and stderr together, at most `limit` bytes of it.
    public func output(limit: Int = 64 * 1024) throws(PosixError) -> String {
        var ends: (reading: Int32, writing: Int32) = (-1, -1)
        let made = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            unsafe pipe2(bytes.assumingMemoryBound(to: Int32.self).baseAddress, O_CLOEXEC)
        }
        guard made == 0 else { throw .last("make", "a pipe") }
        let reading = Descriptor(owning: ends.reading)
        let child = try start(writingTo: Descriptor(owning: ends.writing))
        let bytes = collect(reading.raw, limit: limit)
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, cposix_errno() == EINTR {}
        return String(decoding: bytes, as: UTF8.self)
    }

    private func start(writingTo output: consuming Descriptor) throws(PosixError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.raw, 2)
        var pid: pid_t = 0
        let code = unsafe withArguments { argv in
            unsafe posix_spawnp(&pid, name, &actions, nil, argv, cposix_environ())
        }
        guard code == 0 else { throw PosixError("run", name, code: code) }
        return pid
    }

    private func collect(_ descriptor: Int32, limit: Int) -> [UInt8] {
        var collected: [UInt8] = []
        while true {
            var failure: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16 * 1024) { buffer, filled in
                let count = unsafe CPosix.read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0 { failure = cposix_errno() }
                filled = max(0, count)
            }
            if failure == EINTR { continue }
            if bytes.isEmpty { return collected }
            collected += bytes.prefix(max(0, limit - collected.count))
        }
    }

    private func withArguments(
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        var pointers = unsafe ([name] + arguments).map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        defer {
            for index in unsafe pointers.indices { unsafe free(pointers[index]) }
        }
        return unsafe pointers.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return EINVAL }
            return unsafe body(start)
        }
    }
}
