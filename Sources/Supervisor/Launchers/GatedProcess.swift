// SPDX-License-Identifier: Apache-2.0

import Posix

/// A backend's process before its first instruction: mcp-gate, waiting for a byte.
///
/// Until the byte is sent nothing of the server has run, so the process can be put into its scope first; and if the
/// supervisor goes away, the gate reads an end of file and exits.
struct GatedProcess: ~Copyable {
    let pid: Int32
    private let go: Descriptor
    private let status: Descriptor
    private let input: Descriptor
    private let output: Descriptor

    /// Starts the gate.
    ///
    /// - Parameters:
    ///   - errors: the descriptor for its stderr. Borrowed.
    ///   - options: options of mcp-gate.
    init(gate: String, order: LaunchOrder, errors: Int32, options: [String]) throws(PosixError) {
        let input = try makePipe()
        let output = try makePipe()
        let go = try makePipe()
        let status = try makePipe()
        let childInput = try input.reading.duplicate()
        let childOutput = try output.writing.duplicate()
        let childGo = try go.reading.duplicate()
        let childStatus = try status.writing.duplicate()
        let arguments =
            ["mcp-gate", "3", "4", "--umask", String(order.umask, radix: 8)] + options + ["--"] + order.command
        let spawn = SpawnOrder(
            path: gate, arguments: arguments, environment: order.environment,
            descriptors: [childInput.raw, childOutput.raw, errors, childGo.raw, childStatus.raw],
            directory: order.directory)
        let ownInput = try input.writing.duplicate()
        let ownOutput = try output.reading.duplicate()
        let ownGo = try go.writing.duplicate()
        let ownStatus = try status.reading.duplicate()
        let child = try spawn.start()
        pid = child
        self.input = ownInput
        self.output = ownOutput
        self.go = ownGo
        self.status = ownStatus
    }

    /// Lets the gate run the server's program.
    borrowing func release() throws(PosixError) { try go.send(byte: 1) }

    /// Readable when the program runs, or could not be run.
    var outcome: Int32 { status.raw }

    /// The errno of a failed execve(2); `nil` when the program runs, or when the gate died before. Waits; so only
    /// once ``outcome`` is readable.
    borrowing func failure() -> Int32? { status.receiveNumber() }

    /// The backend's stdin and stdout, borrowed.
    var inputNumber: Int32 { input.raw }
    var outputNumber: Int32 { output.raw }

    /// The backend's stdin and stdout, for whoever takes them.
    consuming func pipes() -> (input: Int32, output: Int32) {
        (input.release(), output.release())
    }
}
