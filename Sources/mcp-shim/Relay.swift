// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Carries bytes between what cannot be handed over and a socket pair, whose far end the supervisor gets instead.
///
/// We keep the far end too: a supervisor that restarts gets it again, with what was not read yet still in it.
struct Relay: ~Copyable {
    private let near: Descriptor
    private let far: Descriptor
    private var input: Flow?
    private var output: Flow?

    init(input: Bool, output: Bool) throws(Failure) {
        var pair: [Int32] = [-1, -1]
        guard cposix_unix_stream_pair(&pair) == 0, let near = Descriptor(owning: pair[0]),
            let far = Descriptor(owning: pair[1])
        else { throw Failure("cannot make a socket pair", errno: cposix_errno()) }
        self.near = near
        self.far = far
        self.input = input ? Flow() : nil
        self.output = output ? Flow() : nil
    }

    var inputForSupervisor: Int32 { input == nil ? STDIN_FILENO : far.raw }
    var outputForSupervisor: Int32 { output == nil ? STDOUT_FILENO : far.raw }

    /// Carries bytes both ways until there is something to read at `control`.
    /// - Returns: false when nobody reads our stdout any more.
    mutating func carry(until control: Int32) -> Bool {
        while true {
            var entries = [pollfd(fd: control, events: Int16(POLLIN), revents: 0), inputEntry, nearEntry, outputEntry]
            guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            if entries[1].revents != 0 { input?.fill { read(STDIN_FILENO, $0, $1) } }
            if entries[2].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { fillOutput() }
            flushInput()
            guard entries[3].revents & Int16(POLLHUP | POLLERR | POLLNVAL) == 0 else { return false }
            if entries[3].revents & Int16(POLLOUT) != 0, !flushOutput() { return false }
            if entries[0].revents != 0 { return true }
        }
    }

    /// Writes everything that the supervisor has sent by now, however long stdout takes.
    mutating func finish() {
        guard output != nil else { return }
        repeat {
            while output?.isEmpty == false { guard flushOutput() else { return } }
            fillOutput()
        } while output?.isEmpty == false
    }

    private var inputEntry: pollfd {
        pollfd(fd: input?.wantsBytes == true ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0)
    }

    private var nearEntry: pollfd {
        var events: Int32 = 0
        if output?.wantsBytes == true { events |= POLLIN }
        if input?.isEmpty == false { events |= POLLOUT }
        return pollfd(fd: events == 0 ? -1 : near.raw, events: Int16(events), revents: 0)
    }

    /// Without events it still tells of a terminal that was hung up (poll(2)).
    private var outputEntry: pollfd {
        guard let output else { return pollfd(fd: -1, events: 0, revents: 0) }
        return pollfd(fd: STDOUT_FILENO, events: output.isEmpty ? 0 : Int16(POLLOUT), revents: 0)
    }

    private mutating func fillOutput() {
        guard output?.wantsBytes == true else { return }
        let socket = near.raw
        output?.fill { recv(socket, $0, $1, Int32(MSG_DONTWAIT)) }
    }

    /// Passes the end of stdin on as a half-closed socket, so that answers still find their way.
    private mutating func flushInput() {
        guard var flow = input else { return }
        let socket = near.raw
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        if !flow.isEmpty, !flow.flush({ send(socket, $0, $1, flags) }) { flow.abandon() }
        if flow.isEmpty, flow.isEnded { shutdown(socket, Int32(SHUT_WR)) }
        input = flow
    }

    /// Stdout blocks, as it did when we got it: a terminal that was stopped with less room than we have bytes holds us
    /// until it goes on, as it would hold the command.
    private mutating func flushOutput() -> Bool {
        output?.flush { write(STDOUT_FILENO, $0, $1) } ?? true
    }
}
