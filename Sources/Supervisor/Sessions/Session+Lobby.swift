// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Posix

/// Waiting for the repository that the client is asked for.
extension Session {
    /// Waits for a place.
    func wait(in lobby: Lobby) { self.lobby = lobby }

    /// Says again what the client said while it waited for its place at a predecessor. What is owed is answered; what was
    /// answered then is not asked again, but for what the client is known by.
    ///
    /// - Returns: what is owed besides.
    func replay(_ lines: [[UInt8]], owed: [RawToken]) -> [RawToken] {
        looks = 0
        var owed = owed
        for line in lines {
            let ids = requestIDs(in: line)
            let isOwed = ids.contains(where: owed.contains)
            for id in ids { if let place = owed.firstIndex(of: id) { owed.remove(at: place) } }
            if isOwed || ids.isEmpty || isHandshake(line) { sayAgain(line, isOwed: isOwed) }
        }
        perform(lobby?.askAgain() ?? [])
        return owed
    }

    private func isHandshake(_ line: [UInt8]) -> Bool {
        (try? Envelope(scanning: line.span))?.knownMethod == .initialize
    }

    private func sayAgain(_ line: [UInt8], isOwed: Bool) {
        guard lobby != nil else {
            // It has found its repository without being told.
            return isHandshake(line) && !isOwed ? learnClient(line.span) : receive(line.span)
        }
        let steps = pass(line, isOwed: isOwed)
        perform(
            steps.filter { step in
                guard case .send(let answer) = step else { return true }
                return isOwed && !answeredIDs(in: answer).isEmpty
            })
    }

    /// Gives the lobby a line, and the books what it means to a successor.
    private func pass(_ line: [UInt8], isOwed: Bool) -> [Lobby.Step] {
        if isOwed { for id in requestIDs(in: line) { books?.opened(id) } }
        let before = lobby?.waiting.flatMap(\.ids) ?? []
        let steps = lobby?.receive(line) ?? []
        guard let lobby else { return steps }
        if lobby.remembers(line) { books?.keep(lobby: line) }
        var answered: [RawToken] = []
        for case .send(let answer) in steps { answered += answeredIDs(in: answer) }
        for id in before where !lobby.isHeld(id) && !answered.contains(id) { books?.dropped(id) }
        return steps
    }

    func receiveInLobby(_ line: Span<UInt8>) {
        var bytes: [UInt8] = []
        for index in line.indices { bytes.append(line[index]) }
        looks = 0
        perform(pass(bytes, isOwed: true))
    }

    func perform(_ steps: [Lobby.Step]) {
        for step in steps {
            switch step {
            case .send(let line):
                output?.send(line[...])
                for id in answeredIDs(in: line) { answered(id) }
            case .bind(let directory): leaveLobby(for: directory)
            }
        }
        expectRoots()
    }

    /// A client that was asked for its roots and never answers would wait for ever, and with it whoever looks at it.
    private func expectRoots() {
        guard lobby?.isAsking == true else {
            rootsClock = nil
            return
        }
        guard rootsClock == nil else { return }
        rootsClock = registry.timer(milliseconds: registry.configuration.clientLimits.rootsTimeout) {
            [unowned self] in
            rootsClock = nil
            registry.log.warning("session \(id): its client was asked for its roots and does not answer")
            perform(lobby?.timedOut() ?? [])
        }
    }

    private func leaveLobby(for directory: String) {
        let held = lobby?.held ?? []
        let choice = Repository.choose(
            named: directory, projectDirectory: nil, workingDirectory: facts.workingDirectory, home: OwnProcess.home)
        do throws(ControlError) {
            guard case .found(let root) = choice else {
                throw .refused(reason: "the client's root \(directory) is not a directory here")
            }
            try join(repository: root, resume: nil, place: root)
        } catch {
            return perform(lobby?.refuse("\(error)") ?? [])
        }
        lobby = nil
        connection?.sessionChanged(id, resume: resumeText)
        if let handshake = held.first { learnClient(handshake.span) }
        books?.expectAgain()
        for line in held.dropFirst() { receive(line.span) }
        books?.forgetLobby()
    }
}
