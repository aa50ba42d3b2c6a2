// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Posix

/// A `cat` that has started: it has echoed a byte.
final class Cat {
    let child: ChildProcess
    private let input: Descriptor
    private let output: Descriptor

    init(_ path: String = "/bin/cat", environment: [[UInt8]] = [], directory: String = "/") throws {
        let toChild = try makePipe()
        let fromChild = try makePipe()
        let childInput = try toChild.reading.duplicate()
        let childOutput = try fromChild.writing.duplicate()
        let place = try openDirectory(directory)
        let order = SpawnOrder(
            path: path, arguments: ["the cat", "-"], environment: environment,
            descriptors: [childInput.raw, childOutput.raw, childOutput.raw], directory: place.raw)
        child = try ChildProcess(pid: try order.start())
        input = try toChild.writing.duplicate()
        output = try fromChild.reading.duplicate()
        try input.send(byte: 0x21)
        _ = take(1, from: output.raw)
    }

    deinit {
        guard child.reap() == nil else { return }
        child.signal(SIGKILL)
        OwnProcess.waitFor(child.pid)
    }

    /// A set of signals from /proc/PID/status: `SigBlk`, `SigIgn` or `SigCgt`.
    func signals(_ name: String) -> UInt64? {
        let lines = Files.text("/proc/\(child.pid)/status")?.split(separator: "\n")
        let line = lines?.first { $0.hasPrefix(name + ":") }
        return line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
    }
}
