// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The agent's ends of the session, and which descriptors the supervisor gets for them.
///
/// Pipes and sockets are handed over as they are. The open file description of a terminal or a file is shared with
/// others, who would be surprised to find it non-blocking: those are relayed.
struct StandardStreams: ~Copyable {
    private var relay: Relay?
    private let inputFlags: Int32
    private let outputFlags: Int32

    init() throws(Failure) {
        inputFlags = cposix_fcntl_get(STDIN_FILENO, F_GETFL)
        outputFlags = cposix_fcntl_get(STDOUT_FILENO, F_GETFL)
        guard inputFlags >= 0 else { throw Failure("stdin is closed") }
        guard outputFlags >= 0 else { throw Failure("stdout is closed") }
        let relaysInput = !StandardStreams.canBeHandedOver(STDIN_FILENO)
        let relaysOutput = !StandardStreams.canBeHandedOver(STDOUT_FILENO)
        relay = relaysInput || relaysOutput ? try Relay(input: relaysInput, output: relaysOutput) : nil
    }

    /// Stdin and stdout for the supervisor.
    var descriptors: [Int32] {
        switch relay {
        case .some(let relay): [relay.inputForSupervisor, relay.outputForSupervisor]
        case .none: [STDIN_FILENO, STDOUT_FILENO]
        }
    }

    /// Sleeps until there is something to read at `control`, carrying bytes meanwhile where that has to be.
    /// - Returns: false when nobody reads our stdout any more.
    mutating func wait(for control: Int32) -> Bool {
        guard relay == nil else { return relay?.carry(until: control) ?? true }
        var entry = pollfd(fd: control, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, -1) < 0, cposix_errno() == EINTR {}
        return true
    }

    /// Writes what the supervisor has left behind, and leaves the descriptors as they were found.
    mutating func finish() {
        relay?.finish()
        restoreFlags()
    }

    /// A supervisor that had the descriptors for a moment may have made them non-blocking, and that is a fact about the
    /// pipe, not about its descriptor.
    func restoreFlags() {
        for (descriptor, flags) in [(STDIN_FILENO, inputFlags), (STDOUT_FILENO, outputFlags)]
        where cposix_fcntl_get(descriptor, F_GETFL) != flags {
            _ = cposix_fcntl_set(descriptor, F_SETFL, flags)
        }
    }

    private static func canBeHandedOver(_ descriptor: Int32) -> Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return false }
        return cposix_is_fifo(facts.st_mode) != 0 || cposix_is_socket(facts.st_mode) != 0
    }
}
