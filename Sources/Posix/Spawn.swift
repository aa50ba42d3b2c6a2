// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A program to start, and what it gets.
public struct SpawnOrder: ~Copyable {
    public var path: String
    public var arguments: [String]
    /// `NAME=value`, all of it: nothing is inherited.
    public var environment: [[UInt8]]
    /// Descriptors for the child's 0, 1, 2 and on. Everything else is closed there.
    public var descriptors: [Int32]
    /// The directory to start in.
    public var directory: Int32

    public init(
        path: String, arguments: [String], environment: [[UInt8]], descriptors: [Int32], directory: Int32
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.descriptors = descriptors
        self.directory = directory
    }
}

extension SpawnOrder {
    /// Starts the program in a session and process group of its own, with default signal handling and nothing blocked.
    ///
    /// The file actions run in the child in this order: directory, descriptors, the rest closed. A descriptor below
    /// the number of descriptors given would be overwritten before it is copied, so the caller's are 10 and up
    /// (``Descriptor/duplicate()``).
    ///
    /// - Returns: the child's pid. It is ours to wait for, so the pid cannot be used again before we do.
    public borrowing func start() throws(PosixError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addfchdir_np(&actions, directory)
        for (number, descriptor) in descriptors.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, Int32(descriptors.count))
        var all = sigset_t()
        var none = sigset_t()
        unsafe sigfillset(&all)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        let flags = Int16(POSIX_SPAWN_SETSID) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK)
        unsafe posix_spawnattr_setflags(&attributes, flags)
        var pid: pid_t = 0
        let code = unsafe withCStrings(arguments.map { Array($0.utf8) }) { argv in
            unsafe withCStrings(environment) { envp in
                unsafe cposix_spawn(&pid, path, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw PosixError("start", path, code: code) }
        return pid
    }
}

/// Calls `body` with a NULL-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [[UInt8]], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
    var storage: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(storage.count)
        storage.append(contentsOf: string.map { CChar(bitPattern: $0) })
        storage.append(0)
    }
    return unsafe storage.withUnsafeMutableBufferPointer { buffer in
        var pointers = unsafe offsets.map { unsafe buffer.baseAddress?.advanced(by: $0) }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}
